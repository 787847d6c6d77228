using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>Everything about a table that its verification looks at: what the timeline claims and what lies on storage.</summary>
public sealed record TableFacts
{
    /// <summary>The committed instants, oldest first, pruned ones too as far as their outcomes are still there.</summary>
    public required ImmutableArray<InstantFacts> Instants { get; init; }

    /// <summary>Objects outside <c>.hoodie</c> by path, with their size.</summary>
    public required ImmutableDictionary<string, long> Objects { get; init; }

    /// <summary>Rows by path as the Parquet footer of each named file that exists counts them.</summary>
    public required ImmutableDictionary<string, FooterFacts> Footers { get; init; }

    /// <summary>The table is a follower: its rows come with a primary's checkpoints, and it has no ledger of its own.</summary>
    public bool IsFollower { get; init; }

    /// <summary>The ledger that the first of <see cref="Instants"/> must continue; null: it may begin anywhere.</summary>
    public Ledger? Before { get; init; }

    /// <summary>
    /// Old instants were pruned or are not looked at: the walk starts in the middle, and older files are not named.
    /// </summary>
    public bool IsPruned { get; init; }

    /// <summary>Older files are of no concern: only what came after this instant is looked at. Null: everything is.</summary>
    public string? Since { get; init; }

    /// <summary>Instants that were committed and have no completed file on the timeline.</summary>
    public ImmutableArray<string> MissingInstants { get; init; } = [];

    /// <summary>Files that instants name and cleans have deleted since.</summary>
    public ImmutableHashSet<string> CleanedFiles { get; init; } = [];

    /// <summary>The tables that got rows with this table's checkpoints.</summary>
    public ImmutableArray<FollowerFacts> Followers { get; init; } = [];
}

/// <summary>A table that follows this one: a route's, or its dead letters.</summary>
/// <param name="Location">Where it is.</param>
/// <param name="RowsCommitted">
/// Rows that this table's committed outcomes gave it, less those that they took out of it, as far as it has taken that over.
/// </param>
/// <param name="RowsFound">Rows that its instants brought, less those that they took out, or null when it cannot be reached.</param>
public sealed record FollowerFacts(string Location, long RowsCommitted, long? RowsFound)
{
    /// <summary>What of the follower belongs to the part of this table that is looked at; null: nothing.</summary>
    public InstantRange? Range { get; init; }

    /// <summary>True when it has not yet taken over all that this table's instants hold for it.</summary>
    public bool IsBehind { get; init; }

    /// <summary>This table's commits that gave it rows or took some, as far as it has taken them over and still tells of them.</summary>
    public ImmutableArray<FollowedCommit> Commits { get; init; } = [];
}

/// <summary>One commit of a table and what came of it in a table that follows.</summary>
/// <param name="Instant">The commit's instant.</param>
/// <param name="RowsCommitted">Rows that it gave, less those that it took.</param>
/// <param name="RowsFound">Rows that the follower's instant brought, less those that it took out.</param>
public sealed record FollowedCommit(string Instant, long RowsCommitted, long RowsFound);

/// <summary>A part of a table's history: what came after one instant, up to another.</summary>
/// <param name="Since">Instants after this one; null from the beginning.</param>
/// <param name="At">Up to and with this one; null to the newest.</param>
public sealed record InstantRange(string? Since, string? At)
{
    /// <summary>All of it.</summary>
    public static InstantRange Whole { get; } = new(null, null);

    /// <summary>True for an instant of this part.</summary>
    public bool Has(string instant) =>
        (Since is null || string.CompareOrdinal(instant, Since) > 0) && (At is null || string.CompareOrdinal(instant, At) <= 0);
}

/// <summary>One completed instant as its metadata has it.</summary>
/// <param name="Time">The instant.</param>
/// <param name="Action">The action, such as <c>commit</c>.</param>
/// <param name="Files">The files it names.</param>
/// <param name="Ranges">The offset ranges whose records it holds.</param>
/// <param name="Ledger">The ledger after it, or null when it carries none.</param>
/// <param name="Checkpoint">The checkpoint it committed, or null.</param>
public sealed record InstantFacts(
    string Time,
    string Action,
    ImmutableArray<NamedFile> Files,
    ImmutableArray<OffsetRange> Ranges,
    Ledger? Ledger,
    CheckpointReference? Checkpoint)
{
    /// <summary>The files that it took away by replacing their file groups; only those that instants before it name.</summary>
    public ImmutableArray<NamedFile> Replaced { get; init; } = [];

    /// <summary>True when it replaced file groups of whose files no instant tells any more.</summary>
    public bool ReplacedUnknown { get; init; }

    /// <summary>Rows of the replaced files that it erased.</summary>
    public long RowsErased { get; init; }

    /// <summary>Rows that it gave to the tables of routes; null when its outcome is pruned.</summary>
    public long? RoutedGiven { get; init; }

    /// <summary>Rows that it gave to dead letters; null when its outcome is pruned.</summary>
    public long? DeadLettersGiven { get; init; }

    /// <summary>Dead letters that it replayed: into this table, or out of it when this is the dead letters' own.</summary>
    public ImmutableArray<ReplayedCount> Replayed { get; init; } = [];
}

/// <summary>A data file as an instant's write statistics name it.</summary>
/// <param name="PartitionPath">The partition's folder; empty when the table has no partitions.</param>
/// <param name="Path">The file below the table's root.</param>
/// <param name="ByteCount">Its size as recorded.</param>
/// <param name="RowCount">Its rows as recorded.</param>
public sealed record NamedFile(string PartitionPath, string Path, long ByteCount, long RowCount);

/// <summary>What the footer of a file says: its rows, or why it cannot be read.</summary>
public readonly record struct FooterFacts(long RowCount, string? Unreadable);
