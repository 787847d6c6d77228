using System.Collections.Immutable;
using System.Text.Json;

namespace Lakehouse.Hudi;

/// <summary>An instant that a restore has undone. Nobody may publish it again.</summary>
internal readonly record struct VoidedInstant(long Number, string Instant, string Action);

/// <summary>
/// What services have decided and every later number respects; each outcome carries it whole.
/// </summary>
/// <param name="Savepoints">Instants that are kept, in their order.</param>
/// <param name="Voided">Undone instants at or above the floor; those below it are taken off the timeline by the floor.</param>
/// <param name="RetainedFrom">The first instant whose files a clean has left whole; null while nothing was cleaned.</param>
internal sealed record Upkeep(ImmutableArray<Savepoint> Savepoints, ImmutableArray<VoidedInstant> Voided, string? RetainedFrom)
{
    internal static Upkeep None { get; } = new([], [], null);

    /// <summary>
    /// The oldest instant whose replaced files a clean came past and left, for a savepoint or for a primary that may take it back; null when
    /// there is none. From here on replacing instants stay on the timeline.
    /// </summary>
    internal string? SparedFrom { get; init; }

    /// <summary>The newest instant that replaced file groups; null while none has.</summary>
    internal string? ReplacedAt { get; init; }

    /// <summary>The newest instant that took rows out of a table that follows; null while none has.</summary>
    internal string? ReplayedAt { get; init; }

    /// <summary>Numbers from here on keep their instant whatever the floor would be.</summary>
    internal long PinnedFrom => Savepoints.IsEmpty ? long.MaxValue : Savepoints.Min(static s => s.Number);

    internal bool IsVoided(string instant) => Voided.Any(v => v.Instant == instant);

    /// <summary>Whether no clean has taken a file that an instant shows; where it took some, older instants count as emptied too.</summary>
    internal bool IsWhole(string instant) =>
        RetainedFrom is null || string.CompareOrdinal(instant, RetainedFrom) >= 0 || Savepoints.Any(s => s.Instant == instant);

    internal Upkeep Above(string? floorInstant) => floorInstant is null
        ? this
        : this with { Voided = [.. Voided.Where(v => string.CompareOrdinal(v.Instant, floorInstant) >= 0)] };

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteArray("savepoints", Savepoints, WriteSavepoint);
        json.WriteArray("voided", Voided, static (json, v) =>
        {
            json.WriteStartObject();
            json.WriteNumber("number", v.Number);
            json.WriteString("instant", v.Instant);
            json.WriteString("action", v.Action);
            json.WriteEndObject();
        });
        json.WriteString("retainedFrom", RetainedFrom);
        json.WriteString("sparedFrom", SparedFrom);
        json.WriteString("replacedAt", ReplacedAt);
        json.WriteString("replayedAt", ReplayedAt);
        json.WriteEndObject();
    }

    internal static Upkeep Read(JsonElement json) => new(
        [.. json.GetProperty("savepoints").EnumerateArray().Select(ReadSavepoint)],
        [
            .. json.GetProperty("voided").EnumerateArray().Select(static v =>
                new VoidedInstant(v.Long("number"), v.Text("instant"), v.Text("action"))),
        ],
        json.TextOrNull("retainedFrom"))
        {
            SparedFrom = json.TextOrNull("sparedFrom"),
            ReplacedAt = json.TextOrNull("replacedAt"),
            ReplayedAt = json.TextOrNull("replayedAt"),
        };

    internal static void WriteSavepoint(Utf8JsonWriter json, Savepoint savepoint)
    {
        json.WriteStartObject();
        json.WriteString("name", savepoint.Name);
        json.WriteString("instant", savepoint.Instant);
        json.WriteNumber("number", savepoint.Number);
        json.WriteString("createdAt", savepoint.CreatedAt);
        json.WriteEndObject();
    }

    internal static Savepoint ReadSavepoint(JsonElement json) =>
        new(json.Text("name"), json.Text("instant"), json.Long("number"), json.Text("createdAt"));
}
