using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class WrittenOptionsTests(ITestOutputHelper output)
{
    private const int RoundCount = 30;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_footer_tells_how_its_file_was_written()
    {
        int seed = Seeds.Pick(output);
        for (int round = 0; round < RoundCount; round++)
        {
            var random = new Random(seed + round);
            var schema = new Schema(
                new Field("key", TypeKind.Long, Required: true), new Field("price", TypeKind.Double), new Field("name", TypeKind.String));
            ParquetWriterOptions options = RandomOptions.Of(random).WithFilters(random, schema) with
            {
                SortedBy = random.Next(2) == 0 ? [] : [new SortedBy("name", Descending: true), new SortedBy("key", NullsFirst: true)],
            };
            ParquetWriterOptions found = WrittenOptions.Of(await WriteAsync(schema, options, random));
            string where = $"seed {seed}, round {round}";
            Assert.True((options.Codec, options.PagesV2) == (found.Codec, found.PagesV2), where);
            Assert.True((found.Encodings & ~options.Encodings) == 0, where);
            Assert.True(found.SortedBy.SequenceEqual(options.SortedBy), where);
            Assert.Superset(found.BloomFilters.ToHashSet(), options.BloomFilters.ToHashSet());
            Assert.True(options.BloomFilterBytesMax == 256 || found.BloomFilters.Length == options.BloomFilters.Length, where);
        }
    }

    [Fact]
    public void A_file_without_rows_and_one_of_a_codec_that_is_not_written_get_the_defaults()
    {
        Assert.Equal(CompressionCodec.Zstd, WrittenOptions.Of(new FileMetaData()).Codec);
        var chunk = new ColumnChunk { MetaData = new ColumnMetaData { Codec = CompressionCodec.Brotli, PathInSchema = ["a"] } };
        Assert.Equal(CompressionCodec.Zstd, WrittenOptions.Of(new FileMetaData { RowGroups = [new RowGroup { Columns = [chunk] }] }).Codec);
    }

    private static async Task<FileMetaData> WriteAsync(Schema schema, ParquetWriterOptions options, Random random)
    {
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
        using RecordBatch rows = RandomRows.Batch(random, schema, 2_500, distinct: 100_000);
        writer.Write([.. rows.Columns], rows.RowCount);
        var store = new MemoryObjectStore("written", TimeProvider.System);
        var path = new ObjectPath("file.parquet");
        await using IObjectUpload upload = await store.BeginUploadAsync(path, Stop);
        await writer.CompleteAsync(upload, Stop);
        await upload.CompleteAsync(Stop);
        return (await ParquetFileReader.OpenAsync(store, path, Stop)).MetaData;
    }
}
