using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>What the next number builds on.</summary>
/// <param name="Number">The newest decided number; 0 before the first.</param>
/// <param name="State">The table after it.</param>
/// <param name="LastInstant">The greatest instant used so far by anybody, aborted ones included; null before the first.</param>
/// <param name="TableId">The sequence's identity, or null before the first outcome.</param>
/// <param name="Floor">Numbers below it have lost their instant.</param>
/// <param name="FloorInstant">The first instant that is not pruned, or null.</param>
/// <param name="Followed">As a follower: what has been taken over.</param>
/// <param name="Upkeep">What services have decided.</param>
internal sealed record SequenceBase(
    long Number,
    TableState State,
    string? LastInstant,
    string? TableId,
    long Floor,
    string? FloorInstant,
    ImmutableArray<Followed> Followed,
    Upkeep Upkeep)
{
    /// <summary>Key in a follower's commits of what it has taken over from which primary.</summary>
    internal const string FollowedKey = "lakehouse.followed";

    internal static SequenceBase After(Outcome newest) => new(
        newest.Number, newest.State, newest.Instant, newest.TableId, newest.Floor, newest.FloorInstant, newest.Followed,
        newest.Upkeep);

    internal long FollowedNumber(string primary) => Followed.FirstOrDefault(f => f.Primary == primary).Number;

    internal ImmutableArray<Followed> Following(Followed now) => [.. Followed.Where(f => f.Primary != now.Primary), now];

    /// <summary>
    /// Without any outcome the timeline speaks: a copy of a table may have left the sequence folder behind, and its newest commit still
    /// knows the ledger.
    /// </summary>
    internal static async Task<SequenceBase> FromTimelineAsync(IObjectStore store, CancellationToken cancellation)
    {
        ActiveTimeline timeline = await ActiveTimeline.LoadAsync(store, cancellation);
        TimelineFile? last = timeline.CompletedCommits.Select(static f => (TimelineFile?)f).LastOrDefault();
        CompletedInstant? instant = last is { } file ? await ActiveTimeline.ReadAsync(store, file, cancellation) : null;
        CommitMetadata? commit = instant?.Metadata;
        return new SequenceBase(
            0,
            new TableState(0, instant?.Time, commit?.Ledger ?? Ledger.Empty, commit?.Checkpoint is { } checkpoint ? [checkpoint] : []),
            timeline.LastInstant,
            null,
            1,
            null,
            commit is null ? [] : FollowedOf(commit),
            Upkeep.None);
    }

    /// <summary>What a follower's commit says about how far it has followed which primary.</summary>
    internal static ImmutableArray<Followed> FollowedOf(CommitMetadata commit) =>
        commit.ExtraMetadata.TryGetValue(FollowedKey, out string? text) ? ReadFollowed(text) : [];

    internal static string WriteFollowed(ImmutableArray<Followed> followed) => Encoding.UTF8.GetString(JsonForm.Write(json =>
    {
        json.WriteStartObject();
        foreach (Followed one in followed)
        {
            json.WriteNumber(one.Primary, one.Number);
        }

        json.WriteEndObject();
    }));

    private static ImmutableArray<Followed> ReadFollowed(string text) => JsonForm.Read(
        Encoding.UTF8.GetBytes(text),
        FollowedKey,
        static json => json.EnumerateObject().Select(static p => new Followed(p.Name, p.Value.GetInt64(), 0)).ToImmutableArray());
}
