using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class WrittenMetadataTests
{
    private static readonly ObjectPath File = new("written.parquet");
    private readonly MemoryObjectStore _store = new("written", TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(20, true, 1)]
    [InlineData(20, false, 1)]
    [InlineData(1_000, true, 64)]
    [InlineData(30_000, false, 2_048)]
    public async Task A_bloom_filter_is_as_large_as_its_distinct_values_need(int distinct, bool dictionaries, int blockCountMax)
    {
        var options = new ParquetWriterOptions { BloomFilters = ["key"], Dictionaries = dictionaries };
        using ColumnVector keys = Numbers(100_000, i => i % distinct);
        ParquetFileReader reader = await WriteAsync(new Schema(new Field("key", TypeKind.Long)), options, keys);
        BloomFilter filter = (await reader.Indexes.ReadAsync(0, [], [], [0], Stop)).Filters[0];
        Assert.InRange(filter.BlockCount, blockCountMax / 4, blockCountMax);
        int wrong = Enumerable.Range(distinct, 10_000).Count(i => filter.MightContain(BloomFilter.Hash(BitConverter.GetBytes((long)i))));
        Assert.InRange(wrong, 0, 250);
    }

    [Fact]
    public async Task Too_many_distinct_values_for_the_largest_filter_have_none()
    {
        var options = new ParquetWriterOptions { BloomFilters = ["key"], BloomFilterBytesMax = 1 << 10 };
        using ColumnVector keys = Numbers(50_000, static i => i);
        ParquetFileReader reader = await WriteAsync(new Schema(new Field("key", TypeKind.Long)), options, keys);
        Assert.Null(reader.MetaData.RowGroups[0].Columns[0].MetaData.BloomFilterOffset);
    }

    [Fact]
    public void Folding_says_yes_to_all_that_was_there_and_keeps_its_promise()
    {
        var random = new Random(4);
        foreach (int count in (int[])[0, 1, 100, 5_000])
        {
            var filter = new BloomFilter(1 << 12);
            ulong[] hashes = [.. Enumerable.Range(0, count).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))];
            Array.ForEach(hashes, filter.Insert);
            BloomFilter folded = BloomFilter.Of(BloomFolding.Fold(filter.Bitset.ToArray(), 0.01));
            Assert.True(folded.BlockCount < filter.BlockCount);
            Assert.All(hashes, h => Assert.True(folded.MightContain(h)));
            int wrong = Enumerable.Range(0, 20_000).Count(_ => folded.MightContain((ulong)random.NextInt64(long.MinValue, long.MaxValue)));
            Assert.InRange(wrong, 0, 260);
        }
    }

    [Fact]
    public async Task Sizes_and_levels_are_counted_for_the_chunk_and_each_page()
    {
        var schema = new Schema(new Field("text", TypeKind.String), new Field("list", ColumnType.List(TypeKind.Int)));
        using var text = new ColumnBuilder(TypeKind.String);
        using var list = new ColumnBuilder(schema[1].Type);
        for (int i = 0; i < 100; i++)
        {
            if (i % 10 == 0)
            {
                text.AppendNull();
                list.AppendNull();
                continue;
            }

            text.Append(Encoding.ASCII.GetBytes(new string('x', i % 7)));
            for (int element = 0; element < i % 3; element++)
            {
                list.Children[0].Append(element);
            }

            list.AppendNested();
        }

        using ColumnVector texts = text.Finish();
        using ColumnVector lists = list.Finish();
        ParquetFileReader reader = await WriteAsync(schema, new ParquetWriterOptions { PageRowCount = 40 }, texts, lists);
        long bytes = Enumerable.Range(0, 100).Where(i => i % 10 > 0).Sum(i => i % 7);
        Assert.Equal(bytes, reader.MetaData.RowGroups[0].Columns[0].MetaData.SizeStatistics!.UnencodedByteArrayDataBytes);
        Assert.Equal(bytes, (await reader.Indexes.ReadOffsetsAsync(0, [0], Stop))[0].UnencodedByteArrayDataBytes.Sum());

        int elements = Enumerable.Range(0, 100).Where(i => i % 10 > 0).Sum(i => i % 3);
        int empty = Enumerable.Range(0, 100).Count(i => i % 10 > 0 && i % 3 == 0);
        SizeStatistics levels = reader.MetaData.RowGroups[0].Columns[1].MetaData.SizeStatistics!;
        Assert.Null(levels.UnencodedByteArrayDataBytes);
        Assert.Equal([100, elements + empty + 10 - 100], levels.RepetitionLevelHistogram);
        Assert.Equal([10, empty, 0, elements], levels.DefinitionLevelHistogram);
        ColumnIndex index = (await reader.Indexes.ReadColumnsAsync(0, [1], Stop))[1];
        Assert.Equal(index.NullPages.Length * 4, index.DefinitionLevelHistograms.Length);
        Assert.Equal(levels.DefinitionLevelHistogram, Enumerable.Range(0, 4).Select(l => index.DefinitionLevelHistograms.Where((_, i) => i % 4 == l).Sum()));
        Assert.Equal(levels.RepetitionLevelHistogram, Enumerable.Range(0, 2).Select(l => index.RepetitionLevelHistograms.Where((_, i) => i % 2 == l).Sum()));
    }

    [Fact]
    public async Task What_rows_are_sorted_by_and_key_values_are_written_down()
    {
        ColumnType visit = ColumnType.Struct(new Field("url", TypeKind.String), new Field("n", TypeKind.Long));
        var schema = new Schema(new Field("page", visit), new Field("id", TypeKind.Long));
        using var page = new ColumnBuilder(schema[0].Type);
        page.Children[0].Append("a"u8);
        page.Children[1].Append(1L);
        page.AppendNested();
        using ColumnVector pages = page.Finish();
        using ColumnVector ids = Numbers(1, static i => i);
        var options = new ParquetWriterOptions
        {
            SortedBy = [new SortedBy("id"), new SortedBy("page.n", Descending: true, NullsFirst: true)],
            KeyValueMetadata = [new KeyValue("who", "me")],
        };
        ParquetFileReader reader = await WriteAsync(schema, options, pages, ids);
        Assert.Equal([new SortingColumn(2, false, false), new SortingColumn(1, true, true)], reader.MetaData.RowGroups[0].SortingColumns);
        Assert.Equal([new KeyValue("who", "me")], reader.MetaData.KeyValueMetadata);
    }

    [Theory]
    [InlineData("flag")]
    [InlineData("ratio")]
    [InlineData("page")]
    [InlineData("missing")]
    public void A_filter_or_an_order_of_what_cannot_have_one_is_refused(string column)
    {
        var schema = new Schema(
            new Field("flag", TypeKind.Boolean), new Field("ratio", TypeKind.Float), new Field("page", ColumnType.Struct(new Field("n", TypeKind.Long))));
        Assert.Throws<ArgumentException>(() => new ParquetFileWriter(
            schema, new ParquetWriterOptions { BloomFilters = [column] }, new Dictionary<string, ConstantColumn>(), null).Dispose());
        if (column is "page" or "missing")
        {
            Assert.Throws<ArgumentException>(() => new ParquetFileWriter(
                schema, new ParquetWriterOptions { SortedBy = [new SortedBy(column)] }, new Dictionary<string, ConstantColumn>(), null).Dispose());
        }
    }

    private async Task<ParquetFileReader> WriteAsync(Schema schema, ParquetWriterOptions options, params ColumnVector[] columns)
    {
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
        writer.Write(columns, columns[0].Length);
        await using (IObjectUpload upload = await _store.BeginUploadAsync(File, Stop))
        {
            await writer.CompleteAsync(upload, Stop);
            await upload.CompleteAsync(Stop);
        }

        return await ParquetFileReader.OpenAsync(_store, File, Stop);
    }

    private static ColumnVector Numbers(int count, Func<int, long> value)
    {
        using var builder = new ColumnBuilder(TypeKind.Long);
        for (int i = 0; i < count; i++)
        {
            builder.Append(value(i));
        }

        return builder.Finish();
    }
}
