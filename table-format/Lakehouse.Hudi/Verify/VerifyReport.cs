using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>What is wrong with a table.</summary>
public enum FindingKind
{
    /// <summary>Offsets between two ranges are in no commit.</summary>
    Gap,

    /// <summary>Offsets are in more than one commit.</summary>
    Overlap,

    /// <summary>Counts that must be equal are not.</summary>
    CountMismatch,

    /// <summary>A committed instant is not on the timeline.</summary>
    MissingInstant,

    /// <summary>A named file is not on storage.</summary>
    MissingFile,

    /// <summary>A file has another size than its commit says.</summary>
    SizeMismatch,

    /// <summary>A file's footer cannot be read.</summary>
    UnreadableFile,

    /// <summary>A data file that no completed instant names.</summary>
    UnnamedFile,

    /// <summary>Two instants name the same file.</summary>
    NamedTwice,

    /// <summary>A partition folder without <c>.hoodie_partition_metadata</c>: Spark sees no rows there.</summary>
    MissingPartitionMetadata,

    /// <summary>An instant does not carry the ledger of the ones before it.</summary>
    LedgerNotCarried,

    /// <summary>The ledger and the ranges of an instant disagree.</summary>
    LedgerMismatch,

    /// <summary>A record is in the table more than once, or in it and in one that follows it.</summary>
    DuplicateRecord,

    /// <summary>Records that the commits put into the tables of a pipeline are in none of them, or there are more.</summary>
    MissingRecord,

    /// <summary>A record lies outside the ranges of the commit that holds it.</summary>
    RecordOutOfRange,

    /// <summary>A table of a route or of dead letters does not hold what the primary's commits say.</summary>
    FollowerMismatch,

    /// <summary>A file's statistics or page index do not fit its values: readers that skip by them miss rows.</summary>
    StatisticsMismatch,
}

/// <summary>One thing that is wrong: where it is and what it is.</summary>
public sealed record Finding(FindingKind Kind, string Where, string What);

/// <summary>What a table holds of one topic partition.</summary>
/// <param name="Key">Whose offsets.</param>
/// <param name="FirstOffset">Where the table starts.</param>
/// <param name="EndOffset">The offset after the last one committed.</param>
/// <param name="Read">Records read.</param>
/// <param name="Written">Of these, written to the table.</param>
/// <param name="Filtered">Of these, taken out by filters.</param>
/// <param name="Deduplicated">Of these, dropped as duplicates.</param>
/// <param name="DeadLettered">Of these, sent to the dead-letter table.</param>
public sealed record PartitionSummary(
    LedgerKey Key, long FirstOffset, long EndOffset, long Read, long Written, long Filtered, long Deduplicated, long DeadLettered)
{
    /// <summary>Dead letters that were written, routed or taken out by filters after all; they count there too.</summary>
    public long Replayed { get; init; }

    /// <summary>Of those read, sent to the tables of routes.</summary>
    public long Routed { get; init; }
}

/// <summary>The outcome of a verification. The table is proven complete when there are no findings.</summary>
public sealed record VerifyReport
{
    /// <summary>What is wrong, in the order of the timeline.</summary>
    public required ImmutableArray<Finding> Findings { get; init; }

    /// <summary>Per topic partition, sorted.</summary>
    public required ImmutableArray<PartitionSummary> Partitions { get; init; }

    /// <summary>Jumps over records that were gone from the log, which the pipeline was told to accept.</summary>
    public ImmutableArray<string> AcceptedLosses { get; init; } = [];

    /// <summary>Completed instants looked at.</summary>
    public required int InstantCount { get; init; }

    /// <summary>Files named by them that are not replaced.</summary>
    public required int FileCount { get; init; }

    /// <summary>Rows that were erased on purpose.</summary>
    public long RowsErased { get; init; }

    /// <summary>Dead letters that were replayed: into this table, or out of it when this is the dead letters' own.</summary>
    public long RowsReplayed { get; init; }

    /// <summary>Rows in those files by their footers.</summary>
    public required long RowCount { get; init; }

    /// <summary>Bytes of those files on storage.</summary>
    public required long ByteCount { get; init; }

    /// <summary>Rows whose Kafka coordinates were read and proven to be there once; null when that was not done.</summary>
    public long? OffsetsProven { get; init; }

    /// <summary>What reading every value gave; null when that was not done.</summary>
    public DeepReport? Deep { get; init; }

    /// <summary>True when nothing is wrong.</summary>
    public bool IsProven => Findings.IsEmpty;
}
