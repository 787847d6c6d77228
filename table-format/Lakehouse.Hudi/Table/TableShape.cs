using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>
/// How a table's bytes lie: the sizes of its files and row groups, and what files of a better size would save. Pure; a file's row groups
/// are what its footer says.
/// </summary>
/// <param name="Files">Sizes of the data files.</param>
/// <param name="RowGroups">Sizes of their row groups, encoded and not compressed: what a reader decodes at a time.</param>
/// <param name="Partitions">Table partitions, the greatest debt first.</param>
public sealed record TableShape(SizeDistribution Files, SizeDistribution RowGroups, ImmutableArray<PartitionShape> Partitions)
{
    /// <summary>Files that merging small ones would save.</summary>
    public long Debt => Partitions.Sum(static p => p.Debt);

    /// <summary>Row groups that it would save.</summary>
    public long RowGroupDebt => Partitions.Sum(static p => p.RowGroupDebt);

    /// <summary>Bytes that would be read and written for that.</summary>
    public long DebtBytes => Partitions.Sum(static p => p.DebtBytes);

    /// <summary>The oldest instant whose files are still part of the table, or null when it has none.</summary>
    public string? OldestInstant => Partitions.Min(static p => p.OldestInstant);

    /// <summary>Measures files.</summary>
    /// <param name="files">All files of a snapshot, each with the encoded bytes of its row groups.</param>
    /// <param name="targetBytes">The size that files should have. Those below three quarters of it are small.</param>
    /// <param name="rowGroupBytes">The encoded size that row groups should have.</param>
    public static TableShape Of(
        IReadOnlyCollection<(FileSlice File, ImmutableArray<long> RowGroups)> files, long targetBytes, long rowGroupBytes)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(targetBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowGroupBytes);
        return new TableShape(
            SizeDistribution.Of(files.Select(static f => f.File.ByteCount)),
            SizeDistribution.Of(files.SelectMany(static f => f.RowGroups)),
            [
                .. files.GroupBy(static f => f.File.PartitionPath, StringComparer.Ordinal)
                    .Select(partition => Partition(partition.Key, [.. partition], targetBytes, rowGroupBytes))
                    .OrderByDescending(static p => p.Debt).ThenBy(static p => p.Path, StringComparer.Ordinal),
            ]);
    }

    /// <summary>Three quarters of the size that files should have: smaller ones are small.</summary>
    public static long SmallBelow(long targetBytes) => targetBytes / 4 * 3;

    private static PartitionShape Partition(
        string path, (FileSlice File, ImmutableArray<long> RowGroups)[] files, long targetBytes, long rowGroupBytes)
    {
        (FileSlice File, ImmutableArray<long> RowGroups)[] small = [.. files.Where(f => f.File.ByteCount < SmallBelow(targetBytes))];
        long bytes = small.Sum(static f => f.File.ByteCount);
        long debt = small.Length - Pieces(bytes, targetBytes);
        long groups = small.Sum(static f => (long)f.RowGroups.Length) - Pieces(small.Sum(static f => f.RowGroups.Sum()), rowGroupBytes);
        return new PartitionShape(
            path, files.Length, files.Sum(static f => f.File.ByteCount), small.Length, debt, debt > 0 ? Math.Max(groups, 0) : 0,
            debt > 0 ? bytes : 0, files.Min(static f => f.File.Instant)!); // not null: a group has files
    }

    private static long Pieces(long bytes, long size) => (bytes + size - 1) / size;
}

/// <summary>How the bytes of one table partition lie.</summary>
/// <param name="Path">The partition as a path; empty when the table has none.</param>
/// <param name="FileCount">Its data files.</param>
/// <param name="ByteCount">Their bytes.</param>
/// <param name="SmallCount">Those of them that are small.</param>
/// <param name="Debt">Files that merging the small ones into ones of the target size would save; 0 where it would save none.</param>
/// <param name="RowGroupDebt">Row groups that it would save.</param>
/// <param name="DebtBytes">The small files' bytes where there is a debt: what a merge reads and writes.</param>
/// <param name="OldestInstant">The oldest instant that wrote one of its files.</param>
public sealed record PartitionShape(
    string Path, int FileCount, long ByteCount, int SmallCount, long Debt, long RowGroupDebt, long DebtBytes, string OldestInstant);

/// <summary>Sizes in bytes, summed up.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Sum">All together.</param>
/// <param name="Min">The smallest; 0 when there are none, as with those that follow.</param>
/// <param name="Median">Half of them are at most this large.</param>
/// <param name="Percentile90">Nine of ten are at most this large.</param>
/// <param name="Max">The largest.</param>
/// <param name="Classes">How many are below each of 64 KiB, 256 KiB, 1 MiB ... and not below the one before it; empty ends are left out.</param>
public sealed record SizeDistribution(
    long Count, long Sum, long Min, long Median, long Percentile90, long Max, ImmutableArray<SizeClass> Classes)
{
    private const long FirstBelow = 64 << 10;

    /// <summary>Sums up sizes in any order.</summary>
    public static SizeDistribution Of(IEnumerable<long> sizes)
    {
        long[] sorted = [.. sizes.Order()];
        var classes = ImmutableArray.CreateBuilder<SizeClass>();
        int counted = 0;
        for (long below = FirstBelow; counted < sorted.Length; below *= 4)
        {
            int end = counted;
            while (end < sorted.Length && sorted[end] < below)
            {
                end++;
            }

            if (end > 0)
            {
                classes.Add(new SizeClass(below, end - counted));
            }

            counted = end;
        }

        return sorted.Length == 0
            ? new SizeDistribution(0, 0, 0, 0, 0, 0, [])
            : new SizeDistribution(
                sorted.Length, sorted.Sum(), sorted[0], At(0.5), At(0.9), sorted[^1], classes.ToImmutable());

        long At(double share) => sorted[(int)Math.Ceiling(sorted.Length * share) - 1];
    }
}

/// <summary>How many sizes lie in one class.</summary>
/// <param name="Below">The class ends before this many bytes, and begins at a quarter of it (the first one at 0).</param>
/// <param name="Count">How many there are.</param>
public readonly record struct SizeClass(long Below, int Count);
