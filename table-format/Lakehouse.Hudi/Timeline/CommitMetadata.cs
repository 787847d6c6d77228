using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Lakehouse.Hudi;

/// <summary>The content of a completed commit or replacecommit (Hudi <c>HoodieCommitMetadata</c>).</summary>
public sealed record CommitMetadata
{
    /// <summary>Key of the table schema, as Avro JSON, in <see cref="ExtraMetadata"/>.</summary>
    public const string SchemaKey = "schema";

    /// <summary>Key of the checkpoint that the commit makes visible.</summary>
    public const string CheckpointKey = "lakehouse.checkpoint";

    /// <summary>Key of the ledger after the commit and of the ranges that it took.</summary>
    public const string LedgerKey = "lakehouse.ledger";

    /// <summary>Key under which Hudi Streamer looks for the next offsets; written when the ledger knows one topic only.</summary>
    public const string StreamerCheckpointKey = "deltastreamer.checkpoint.key";

    /// <summary>Key of the number of rows that a replacecommit left out on purpose.</summary>
    public const string ErasedKey = "lakehouse.erased";

    /// <summary>Key of the dead letters that left their table with this instant, counted by source partition.</summary>
    public const string ReplayedKey = "lakehouse.replayed";

    internal const string MergeOperation = "CLUSTER";

    /// <summary>What kind of write it was, such as <c>INSERT</c> or <c>CLUSTER</c>.</summary>
    public required string OperationType { get; init; }

    /// <summary>Per partition path the files written.</summary>
    public required ImmutableSortedDictionary<string, ImmutableArray<WriteStat>> PartitionToWriteStats { get; init; }

    /// <summary>Texts by key.</summary>
    public required ImmutableSortedDictionary<string, string> ExtraMetadata { get; init; }

    /// <summary>Replacecommits only: per partition path the file groups that this instant replaces.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>>? PartitionToReplaceFileIds { get; init; }

    /// <summary>All files written.</summary>
    public IEnumerable<WriteStat> WriteStats => PartitionToWriteStats.Values.SelectMany(static stats => stats);

    /// <summary>The file groups that this instant replaces.</summary>
    public IEnumerable<(string PartitionPath, string FileId)> ReplacedGroups =>
        PartitionToReplaceFileIds?.SelectMany(static p => p.Value.Select(fileId => (p.Key, fileId))) ?? [];

    /// <summary>The same rows in other files: Hudi's clustering.</summary>
    public bool IsMerge => OperationType == MergeOperation;

    /// <summary>Rows of the replaced file groups that this instant erased.</summary>
    public long RowsErased => ExtraMetadata.TryGetValue(ErasedKey, out string? rows)
        ? long.Parse(rows, NumberStyles.None, CultureInfo.InvariantCulture)
        : 0;

    /// <summary>
    /// The dead letters that this instant replayed: in the primary table it brought their rows, from their own table it took them.
    /// </summary>
    public ImmutableArray<ReplayedCount> Replayed => ExtraMetadata.TryGetValue(ReplayedKey, out string? text)
        ? JsonForm.Read(Encoding.UTF8.GetBytes(text), $"'{ReplayedKey}' of a commit", LedgerJson.ReadReplayed)
        : [];

    /// <summary>The ledger after this commit, or null when the commit carries none.</summary>
    public Ledger? Ledger => ExtraMetadata.TryGetValue(LedgerKey, out string? text)
        ? JsonForm.Read(Encoding.UTF8.GetBytes(text), $"'{LedgerKey}' of a commit", LedgerJson.ReadLedger)
        : null;

    /// <summary>The ranges that this commit took; empty when it carries none.</summary>
    public ImmutableArray<OffsetRange> Ranges => ExtraMetadata.TryGetValue(LedgerKey, out string? text)
        ? JsonForm.Read(Encoding.UTF8.GetBytes(text), $"'{LedgerKey}' of a commit", LedgerJson.ReadRanges)
        : [];

    /// <summary>The checkpoint that this commit makes visible, or null.</summary>
    public CheckpointReference? Checkpoint => ExtraMetadata.TryGetValue(CheckpointKey, out string? text)
        ? JsonForm.Read(Encoding.UTF8.GetBytes(text), $"'{CheckpointKey}' of a commit", LedgerJson.ReadCheckpoint)
        : null;

    /// <summary>This metadata as the UTF-8 JSON of a completed instant.</summary>
    public byte[] ToJson() => JsonForm.Write(json => CommitMetadataJson.Write(json, this));

    /// <summary>Reads a completed instant. Throws <see cref="InvalidDataException"/> naming <paramref name="what"/>.</summary>
    public static CommitMetadata FromJson(ReadOnlyMemory<byte> utf8, string what) => JsonForm.Read(utf8, what, CommitMetadataJson.Read);
}

/// <summary>A completed instant of the timeline.</summary>
/// <param name="Time">Its instant time.</param>
/// <param name="Action"><c>commit</c> or <c>replacecommit</c>.</param>
/// <param name="Metadata">What it wrote.</param>
public sealed record CompletedInstant(string Time, string Action, CommitMetadata Metadata);
