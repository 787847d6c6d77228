using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Bounds, filters and orders of a merged file leave out no value of any source, and tell nothing of what was replaced.</summary>
public sealed class MergedBoundsTests
{
    private const int Count = 6_000;

    private static readonly MergeOptions InOrder = new() { KeepsOrder = true };
    private static readonly ParquetWriterOptions Plain = new() { Codec = CompressionCodec.Uncompressed, Dictionaries = false };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Bounds_of_another_order_or_of_none_are_not_taken_over()
    {
        var schema = new Schema(new Field("d", TypeKind.Double));
        var lie = new Statistics
        {
            MinValue = BitConverter.GetBytes(1e9), MaxValue = BitConverter.GetBytes(-1e9), NullCount = 0, IsMinValueExact = true, IsMaxValueExact = true,
        };
        foreach (ColumnOrder? order in new ColumnOrder?[] { null, ColumnOrder.Ieee754 })
        {
            var merge = new CraftedMerge(Stop);
            using ColumnVector first = MadeColumn.Doubles(Count, static i => i % 5 == 0 ? double.NaN : i);
            using ColumnVector second = MadeColumn.Doubles(Count, static i => i % 5 == 0 ? -0.0 : -i);
            await merge.AddAsync(schema, Plain, [first]);
            await merge.AddAsync(schema, Plain, [second], f => f with
            {
                ColumnOrders = order is { } o ? [o] : [],
                RowGroups = [f.RowGroups[0] with { Columns = [Without(f.RowGroups[0].Columns[0], order is null ? lie : null)] }],
            });
            (ParquetFileReader file, _) = await merge.MergeAsync(InOrder);
            Statistics? bounds = file.MetaData.RowGroups[0].Columns[0].MetaData.Statistics;
            Assert.True(bounds?.MinValue is null || BitConverter.ToDouble(bounds.MinValue) <= -(Count - 1));
        }
    }

    [Fact]
    public async Task A_bound_that_was_shortened_is_not_called_exact()
    {
        var merge = new CraftedMerge(Stop);
        var schema = new Schema(new Field("t", TypeKind.String));
        foreach (char letter in "bac")
        {
            using ColumnVector texts = MadeColumn.Texts(Count, i => new string(letter, 200) + (i * 7919 % Count));
            await merge.AddAsync(schema, Plain, [texts]);
        }

        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder); // < The check finds an exact bound that no value has.
        Statistics? bounds = file.MetaData.RowGroups[0].Columns[0].MetaData.Statistics;
        Assert.True(bounds is null || (!bounds.IsMaxValueExact && !bounds.IsMinValueExact));
    }

    [Theory]
    [InlineData(256, 1 << 20)]
    [InlineData(1 << 20, 1 << 20)]
    [InlineData(0, 1 << 20)]
    public async Task A_bloom_filter_holds_the_values_of_all_sources(int firstBytes, int secondBytes)
    {
        var merge = new CraftedMerge(Stop);
        var schema = new Schema(new Field("t", TypeKind.String));
        foreach ((int bytes, int from) in new[] { (firstBytes, 0), (secondBytes, 1_000_000) })
        {
            using ColumnVector texts = MadeColumn.Texts(Count, i => $"key {from + i}");
            ParquetWriterOptions options = bytes == 0 ? Plain : Plain with { BloomFilters = ["t"], BloomFilterBytesMax = bytes };
            await merge.AddAsync(schema, options, [texts]);
        }

        await merge.MergeAsync(InOrder with { Writer = Plain with { BloomFilters = ["t"] } }); // < The check looks for each value in the filter.
    }

    [Theory]
    [InlineData(false, 0, 3_000)] // They overlap.
    [InlineData(false, 0, 10_000)] // They do not.
    [InlineData(false, 10_000, 0)] // They do not either, but the second one comes before the first.
    [InlineData(true, 0, 10_000)]
    [InlineData(true, 10_000, 0)]
    [InlineData(true, 3_000, 0)]
    public async Task Rows_are_called_sorted_only_if_they_are(bool descending, int first, int second)
    {
        var merge = new CraftedMerge(Stop);
        var schema = new Schema(new Field("id", TypeKind.Int, Required: true));
        foreach (int from in new[] { first, second })
        {
            using ColumnVector ids = MadeColumn.Rising(Count, descending ? from + Count : from, descending ? -1 : 1);
            await merge.AddAsync(schema, Plain with { SortedBy = [new SortedBy("id", descending)] }, [ids]);
        }

        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder);
        int[] found = [.. (await RandomFile.RowsAsync(file, new ReadRequest(), Stop)).Select(int.Parse)];
        int[] sorted = [.. descending ? found.OrderDescending() : found.Order()];
        Assert.True(found.SequenceEqual(sorted) || file.MetaData.RowGroups[0].SortingColumns.IsEmpty);
    }

    [Fact]
    public async Task What_a_constant_replaces_is_nowhere_in_the_file()
    {
        var schema = new Schema(new Field("id", TypeKind.Int), new Field("name", TypeKind.String));
        using ColumnVector ids = MadeColumn.Rising(Count, 0, 1);
        using ColumnVector names = MadeColumn.Texts(Count, static i => $"secret {i % 3}");
        var merge = new CraftedMerge(Stop);
        for (int i = 0; i < 2; i++)
        {
            await merge.AddAsync(schema, new ParquetWriterOptions { Codec = CompressionCodec.Uncompressed, BloomFilters = ["name"] }, [ids, names]);
        }

        MergeOptions options = InOrder with
        {
            Constants = new Dictionary<string, ConstantColumn> { ["name"] = new(schema[1], "same for all"u8.ToArray(), Patchable: false) },
        };
        (ParquetFileReader file, _, _) = await MergedFile.OfAsync(merge.Store, merge.Sources, options, Stop);
        byte[] bytes = (await merge.Store.GetAsync(MergedFile.Path, Stop))!; // not null: it was merged
        Assert.Equal(-1, bytes.AsSpan().IndexOf("secret"u8));
        string text = "x" + Convert.ToHexStringLower(Encoding.UTF8.GetBytes("same for all"));
        Assert.All(await RandomFile.RowsAsync(file, new ReadRequest { Columns = ["name"] }, Stop), r => Assert.Equal(text, r));
    }

    private static ColumnChunk Without(ColumnChunk chunk, Statistics? statistics) => chunk with
    {
        ColumnIndexOffset = null,
        ColumnIndexLength = null,
        MetaData = statistics is null ? chunk.MetaData : chunk.MetaData with { Statistics = statistics },
    };
}
