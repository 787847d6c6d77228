using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Hudi;

public class TableShapeTests
{
    private const long Target = 1_000;
    private const long RowGroup = 500;

    [Fact]
    public void Small_files_of_a_partition_are_what_merging_them_would_save()
    {
        TableShape shape = TableShape.Of(
            [
                File("a", 100, "20260101000000003"), File("a", 749, "20260101000000002"), File("a", 400, "20260101000000009"),
                File("a", 750, "20260101000000004"), File("a", 5_000, "20260101000000005"),
                File("b", 10, "20260101000000006"), File("c", 700, "20260101000000007"), File("c", 700, "20260101000000008"),
            ],
            Target,
            RowGroup);
        PartitionShape a = shape.Partitions[0];
        Assert.Equal(("a", 5, 6_999L, 3), (a.Path, a.FileCount, a.ByteCount, a.SmallCount));
        Assert.Equal((1L, 1_249L, "20260101000000002"), (a.Debt, a.DebtBytes, a.OldestInstant));
        Assert.All(shape.Partitions[1..], static p => Assert.Equal((0L, 0L, 0L), (p.Debt, p.DebtBytes, p.RowGroupDebt)));
        Assert.Equal(["b", "c"], shape.Partitions[1..].Select(static p => p.Path));
        Assert.Equal((1L, 1_249L, "20260101000000002"), (shape.Debt, shape.DebtBytes, shape.OldestInstant));
    }

    [Fact]
    public void Row_groups_are_saved_where_files_are()
    {
        TableShape shape = TableShape.Of([File("", 100, "1", 40, 60), File("", 100, "2", 100), File("", 100, "3", 300)], Target, RowGroup);
        Assert.Equal((2L, 3L), (shape.Debt, shape.RowGroupDebt));
        TableShape alone = TableShape.Of([File("", 100, "1", 40, 60)], Target, RowGroup);
        Assert.Equal((0L, 0L), (alone.Debt, alone.RowGroupDebt));
    }

    [Fact]
    public void Sizes_are_summed_up_and_fall_into_classes_that_grow_by_four()
    {
        SizeDistribution sizes = SizeDistribution.Of([3L << 20, 1, 65_535, 65_536, 5L << 20, 2, 3, 4, 5, 6]);
        Assert.Equal((10L, 1L, 5L, 3L << 20, 5L << 20), (sizes.Count, sizes.Min, sizes.Median, sizes.Percentile90, sizes.Max));
        Assert.Equal((8L << 20) + 65_535 + 65_536 + 21, sizes.Sum);
        Assert.Equal(
            [new(64 << 10, 7), new(256 << 10, 1), new(1 << 20, 0), new(4 << 20, 1), new(16 << 20, 1)], sizes.Classes.ToArray());
        Assert.Equal(new SizeDistribution(0, 0, 0, 0, 0, 0, []), SizeDistribution.Of([]));
    }

    private static (FileSlice, ImmutableArray<long>) File(string partition, long bytes, string instant, params long[] rowGroups) =>
        (new FileSlice(partition, "f", instant, new ObjectPath("f.parquet"), bytes, 1), [.. rowGroups.DefaultIfEmpty(bytes)]);
}
