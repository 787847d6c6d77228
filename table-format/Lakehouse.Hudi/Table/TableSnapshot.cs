using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>A table as of one instant.</summary>
/// <param name="Instant">The newest completed instant that it shows, or null when the table holds none.</param>
/// <param name="Timeline">All completed commits and replacecommits of the active timeline up to that instant, in order.</param>
/// <param name="FileSlices">The data files that make up the table, in order of their path.</param>
public sealed record TableSnapshot(string? Instant, ImmutableArray<CompletedInstant> Timeline, ImmutableArray<FileSlice> FileSlices)
{
    /// <summary>
    /// Files that the table needs as of this instant by its timeline and that are not on storage, such as those that a clean has deleted.
    /// Whoever reads rows must refuse then: the others alone are not the table.
    /// </summary>
    public IEnumerable<string> MissingFiles => FileSliceSelection.Missing(Timeline, FileSlices);

    /// <summary>
    /// The oldest instant that is certainly whole, where this one may have shown files that a clean has deleted and that the timeline, being
    /// pruned, does not name any more; else null. Whoever reads rows must refuse then too.
    /// </summary>
    public string? WholeFrom { get; init; }
}

/// <summary>The version of a file group that a snapshot shows.</summary>
/// <param name="PartitionPath">The table partition as a path; empty when the table has none.</param>
/// <param name="FileId">The file group.</param>
/// <param name="Instant">The instant that wrote it.</param>
/// <param name="Path">The data file.</param>
/// <param name="ByteCount">Its size.</param>
/// <param name="RowCount">Its rows as the commit says, or -1 when the commit is not on the active timeline any more.</param>
public sealed record FileSlice(string PartitionPath, string FileId, string Instant, ObjectPath Path, long ByteCount, long RowCount);
