using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>What comes in the place of what: with fewer rows (an erasure), or with the same rows in fewer files (a merge).</summary>
/// <param name="Files">The files that hold the rows which stay, staged, unseen.</param>
/// <param name="Replaced">The file groups whose rows those are.</param>
/// <param name="RowsTaken">Rows that are in the latter and not in the former.</param>
public sealed record Replacement(ImmutableArray<StagedFile> Files, ImmutableArray<ReplacedGroup> Replaced, long RowsTaken)
{
    /// <summary>Of a merge: per new file what it is merged from. Empty: it is no merge.</summary>
    public ImmutableArray<MergedFile> Merged { get; init; } = [];

    /// <summary>A merge of files, each into its successor.</summary>
    public static Replacement OfMerged(ImmutableArray<(StagedFile File, MergedFile From)> merged) => new(
        [.. merged.Select(static m => m.File)],
        [
            .. merged.SelectMany(static m => m.From.Inputs.Select(input => new ReplacedGroup(input.PartitionPath, input.FileId, m.File.FileId))),
        ],
        0)
    {
        Merged = [.. merged.Select(static m => m.From)],
    };
}

/// <summary>A file group that a replacecommit takes away, and the one that has its rows then, if any are left.</summary>
/// <param name="PartitionPath">The table partition.</param>
/// <param name="FileId">The file group that goes.</param>
/// <param name="SuccessorFileId">The one that comes; null: no row is left.</param>
public sealed record ReplacedGroup(string PartitionPath, string FileId, string? SuccessorFileId);

/// <summary>What one file is merged from (Hudi <c>HoodieClusteringGroup</c>).</summary>
/// <param name="Inputs">The files, in the order of their rows in the new one.</param>
public sealed record MergedFile(ImmutableArray<MergedSlice> Inputs);

/// <summary>One file that is merged with others (Hudi <c>HoodieSliceInfo</c>).</summary>
/// <param name="PartitionPath">The table partition.</param>
/// <param name="FileId">The file group.</param>
/// <param name="Path">The data file.</param>
/// <param name="ByteCount">Its size.</param>
/// <param name="RowCount">Rows in it, by its footer.</param>
public sealed record MergedSlice(string PartitionPath, string FileId, string Path, long ByteCount, long RowCount);
