using System.Collections.Immutable;
using System.Text.Json;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>A finished file of an outcome.</summary>
/// <param name="Staged">The private copy that holds the instant; publication links it.</param>
/// <param name="Final">Where readers find it.</param>
/// <param name="Source">The checkpoint's file that the copy was made from; deleted after publication.</param>
internal readonly record struct OutcomeFile(ObjectPath Staged, ObjectPath Final, ObjectPath Source);

/// <summary>What a follower table has taken over from a primary table.</summary>
/// <param name="Primary">The primary's identity.</param>
/// <param name="Number">Everything up to this number.</param>
/// <param name="Floor">The primary's floor as of that number: what came before it is never taken back.</param>
internal readonly record struct Followed(string Primary, long Number, long Floor);

/// <summary>
/// The content of <c>.hoodie/.sequence/n.outcome</c>: how number n ended, and all that the next committer must know. An aborted outcome
/// repeats the state that it found. The put of a committed outcome is the commit point; everything after it anybody can do.
/// </summary>
internal sealed record Outcome
{
    internal required long Number { get; init; }

    internal required bool IsCommitted { get; init; }

    /// <summary>The claim's action.</summary>
    internal required string Action { get; init; }

    /// <summary>The claim's instant; used up also when aborted.</summary>
    internal required string Instant { get; init; }

    internal required string Worker { get; init; }

    internal required string Attempt { get; init; }

    /// <summary>The nonce of the claim that this outcome decides.</summary>
    internal required string Nonce { get; init; }

    /// <summary>The newest instant that is part of the table, this one included; null before the first.</summary>
    internal required string? LastCommittedInstant { get; init; }

    /// <summary>Identity of the table's sequence: the nonce of its first outcome. Followers remember it.</summary>
    internal required string TableId { get; init; }

    internal required TableState State { get; init; }

    /// <summary>Numbers below it have lost their instant.</summary>
    internal required long Floor { get; init; }

    /// <summary>The first instant at or above the floor; instants before it are pruned. Null when nothing is pruned.</summary>
    internal required string? FloorInstant { get; init; }

    /// <summary>As a follower: up to which number of which primary.</summary>
    internal required ImmutableArray<Followed> Followed { get; init; }

    internal ImmutableArray<OutcomeFile> Files { get; init; } = [];

    /// <summary>What services have decided up to here.</summary>
    internal Upkeep Upkeep { get; init; } = Upkeep.None;

    /// <summary>Committed services only: what is to be done.</summary>
    internal ServiceWork? Service { get; init; }

    /// <summary>Committed files only: the completed instant's content.</summary>
    internal CommitMetadata? Commit { get; init; }

    /// <summary>Committed merges only: per new file what it is merged from.</summary>
    internal ImmutableArray<MergedFile> Merged { get; init; } = [];

    /// <summary>Committed only: files of other tables that this commit brings with it.</summary>
    internal ImmutableArray<FollowerTable> Followers { get; init; } = [];

    /// <summary>The file that says that it is published; of a released savepoint, that it is not.</summary>
    internal TimelineFile Completed => new(
        Service switch
        {
            ServiceWork.CreateSavepoint(var savepoint) => savepoint.Instant,
            ServiceWork.DeleteSavepoint(var savepoint) => savepoint.Instant,
            _ => Instant,
        },
        Action,
        InstantState.Completed);

    internal bool IsPublishedByAbsence => Service is ServiceWork.DeleteSavepoint;

    /// <summary>Whether other tables change with this one.</summary>
    internal bool HasFollowers => !Followers.IsEmpty || Service is ServiceWork.Restore { Followers.IsEmpty: false };

    /// <summary>
    /// Whether those go first: what leaves this table must have left them, so that none ever holds a row that this one's ledger denies.
    /// </summary>
    internal bool FollowersGoFirst => Service is ServiceWork.Restore;

    internal ObjectPath Staging => SequenceFolder.Staging(Number, Nonce);

    /// <summary>This outcome as those remember it that have taken it over.</summary>
    internal Followed AsFollowed => new(TableId, Number, Floor);

    /// <summary>The completed instant itself, for outcomes with files.</summary>
    internal OutcomeFile InstantFile => new(Staging / Completed.Path.Name, Completed.Path, default);

    internal long FollowedNumber(string primary) => Followed.FirstOrDefault(f => f.Primary == primary).Number;

    internal byte[] ToJson() => JsonForm.Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("number", Number);
        json.WriteString("outcome", IsCommitted ? "committed" : "aborted");
        json.WriteString("action", Action);
        json.WriteString("instant", Instant);
        json.WriteString("worker", Worker);
        json.WriteString("attempt", Attempt);
        json.WriteString("nonce", Nonce);
        json.WriteString("lastCommittedInstant", LastCommittedInstant);
        json.WriteString("tableId", TableId);
        json.WriteNumber("floor", Floor);
        json.WriteString("floorInstant", FloorInstant);
        json.WriteStartObject("ledger");
        LedgerJson.WriteLedger(json, State.Ledger);
        json.WriteEndObject();
        json.WriteArray("checkpoints", State.Checkpoints, LedgerJson.WriteCheckpoint);
        json.WriteArray("followed", Followed, static (json, f) =>
        {
            json.WriteStartObject();
            json.WriteString("primary", f.Primary);
            json.WriteNumber("number", f.Number);
            json.WriteNumber("floor", f.Floor);
            json.WriteEndObject();
        });
        json.WriteArray("files", Files, static (json, f) =>
        {
            json.WriteStartObject();
            json.WriteString("staged", f.Staged.Value);
            json.WriteString("final", f.Final.Value);
            json.WriteString("source", f.Source.Value);
            json.WriteEndObject();
        });
        json.WriteArray("followers", Followers, Committable.WriteFollower);
        if (!Merged.IsEmpty)
        {
            json.WriteArray("merged", Merged, MergedFileJson.Write);
        }

        json.WritePropertyName("upkeep");
        Upkeep.Write(json);
        if (Service is not null)
        {
            json.WritePropertyName("service");
            ServiceWorkJson.Write(json, Service);
        }

        if (Commit is not null)
        {
            json.WritePropertyName("commit");
            CommitMetadataJson.Write(json, Commit);
        }

        json.WriteEndObject();
    });

    internal static Outcome FromJson(ReadOnlyMemory<byte> utf8, string what) => JsonForm.Read(utf8, what, static json => new Outcome
    {
        Number = json.Long("number"),
        IsCommitted = json.Text("outcome") switch
        {
            "committed" => true,
            "aborted" => false,
            var other => throw new FormatException($"'{other}' is no outcome"),
        },
        Action = json.Text("action"),
        Instant = json.Text("instant"),
        Worker = json.Text("worker"),
        Attempt = json.Text("attempt"),
        Nonce = json.Text("nonce"),
        LastCommittedInstant = json.TextOrNull("lastCommittedInstant"),
        TableId = json.Text("tableId"),
        Floor = json.Long("floor"),
        FloorInstant = json.TextOrNull("floorInstant"),
        State = new TableState(
            json.Long("number"),
            json.TextOrNull("lastCommittedInstant"),
            LedgerJson.ReadLedger(json.GetProperty("ledger")),
            [.. json.GetProperty("checkpoints").EnumerateArray().Select(LedgerJson.ReadCheckpoint)]),
        Followed = [.. json.GetProperty("followed").EnumerateArray().Select(static f =>
            new Followed(f.Text("primary"), f.Long("number"), f.LongOrNull("floor") ?? 0))],
        Files =
        [
            .. json.GetProperty("files").EnumerateArray().Select(static f => new OutcomeFile(
                new ObjectPath(f.Text("staged")), new ObjectPath(f.Text("final")), new ObjectPath(f.Text("source")))),
        ],
        Followers = [.. json.GetProperty("followers").EnumerateArray().Select(Committable.ReadFollower)],
        Merged = json.TryGetProperty("merged", out JsonElement merged)
            ? [.. merged.EnumerateArray().Select(MergedFileJson.Read)]
            : [],
        Upkeep = json.TryGetProperty("upkeep", out JsonElement upkeep) ? Upkeep.Read(upkeep) : Upkeep.None,
        Service = json.TryGetProperty("service", out JsonElement service) ? ServiceWorkJson.Read(service) : null,
        Commit = json.TryGetProperty("commit", out JsonElement commit) ? CommitMetadataJson.Read(commit) : null,
    });
}
