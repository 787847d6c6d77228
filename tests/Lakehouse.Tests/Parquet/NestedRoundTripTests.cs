using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class NestedRoundTripTests(ITestOutputHelper output)
{
    private static readonly ObjectPath File = new("nested.parquet");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(CompressionCodec.Zstd, 20_000, 1 << 20)]
    [InlineData(CompressionCodec.Uncompressed, 64, 700)]
    [InlineData(CompressionCodec.Zstd, 333, 5_000)]
    public async Task Any_nesting_comes_back_as_written(CompressionCodec codec, int pageRows, int groupRows)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int round = 0; round < 40; round++)
        {
            var schema = new Schema(
                new Field("id", TypeKind.Long, Required: true),
                new Field("nested", RandomNested.Type(random), random.Next(2) == 0),
                new Field("after", TypeKind.String));
            var options = new ParquetWriterOptions { Codec = codec, PageRowCount = pageRows, RowGroupRowCountMax = groupRows };
            int distinct = random.Next(2) == 0 ? 20 : 1_000_000;
            List<string> expected = [];
            var store = new MemoryObjectStore("nested", TimeProvider.System);
            using (var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null))
            {
                for (int batch = 0; batch < 3; batch++)
                {
                    int rows = random.Next(1, 1_500);
                    using var rowsOf = new RecordBatch(
                        schema,
                        [
                            RandomRows.Column(random, schema[0], rows, distinct, runs: true),
                            RandomNested.Column(random, schema[1], rows, distinct, longest: 100),
                            RandomRows.Column(random, schema[2], rows, distinct, runs: true),
                        ],
                        rows);
                    writer.Write([.. rowsOf.Columns], rows);
                    expected.AddRange(Texts(rowsOf));
                }

                await using IObjectUpload upload = await store.BeginUploadAsync(File, Stop);
                await writer.CompleteAsync(upload, Stop);
                await upload.CompleteAsync(Stop);
            }

            ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, File, Stop);
            Assert.Equal(schema, reader.Schema);
            List<string> found = [];
            await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
            {
                using (batch)
                {
                    found.AddRange(Texts(batch));
                }
            }

            Assert.Equal(expected, found);
        }
    }

    private static IEnumerable<string> Texts(RecordBatch rows) => Enumerable.Range(0, rows.RowCount)
        .Select(r => string.Join('|', rows.Columns.Select(c => CanonicalText.Of(c, r))));
}
