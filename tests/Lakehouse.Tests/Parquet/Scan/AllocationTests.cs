using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Reading allocates for batches and chunks, not for pages or values.</summary>
[Collection(CountedAllocations.Name)]
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int BatchRowCount = 16 * 1024;
    private static readonly Schema Flat = new([.. RandomRows.Types.Select(static (t, i) => new Field($"c{i}", t))]);
    private static readonly Schema Nested = new(
        new Field("list", ColumnType.List(TypeKind.Int, false)), new Field("struct", ColumnType.Struct(new Field("a", TypeKind.String))));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<CompressionCodec, FurtherEncodings, bool, bool> Kinds => new()
    {
        { CompressionCodec.Zstd, FurtherEncodings.None, false, false },
        { CompressionCodec.Uncompressed, FurtherEncodings.None, true, false },
        { CompressionCodec.Snappy, (FurtherEncodings)3, true, true },
        { CompressionCodec.Lz4Raw, (FurtherEncodings)3, false, true },
        { CompressionCodec.Gzip, FurtherEncodings.Delta, false, true },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_page_costs_no_allocation(CompressionCodec codec, FurtherEncodings encodings, bool pagesV2, bool dictionaries)
    {
        foreach (Schema schema in (Schema[])[Flat, Nested])
        {
            (long few, long fewPages) = await MeasureAsync(schema, codec, encodings, pagesV2, dictionaries, pageRows: 8_000, rows: 2 * BatchRowCount);
            (long many, long manyPages) = await MeasureAsync(schema, codec, encodings, pagesV2, dictionaries, pageRows: 100, rows: 2 * BatchRowCount);
            output.WriteLine($"{fewPages} pages: {few} bytes; {manyPages} pages: {many} bytes");
            Assert.True(manyPages > 20 * fewPages);
            Assert.True(many - few < 2 * (manyPages - fewPages), $"{many - few} bytes for {manyPages - fewPages} more pages.");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_value_costs_no_allocation(CompressionCodec codec, FurtherEncodings encodings, bool pagesV2, bool dictionaries)
    {
        (long two, _) = await MeasureAsync(Flat, codec, encodings, pagesV2, dictionaries, pageRows: 8_000, rows: 2 * BatchRowCount);
        (long six, _) = await MeasureAsync(Flat, codec, encodings, pagesV2, dictionaries, pageRows: 8_000, rows: 6 * BatchRowCount);
        double perColumn = (six - two) / 4.0 / Flat.Count;
        output.WriteLine($"{perColumn:F0} bytes for a column of a batch of {BatchRowCount} values");
        Assert.True(perColumn < 1_000, $"{perColumn:F0} bytes for {BatchRowCount} values.");
    }

    private static async Task<(long Bytes, long Pages)> MeasureAsync(
        Schema schema, CompressionCodec codec, FurtherEncodings encodings, bool pagesV2, bool dictionaries, int pageRows, int rows)
    {
        var options = new ParquetWriterOptions
        {
            Codec = codec, Encodings = encodings, PagesV2 = pagesV2, Dictionaries = dictionaries, PageRowCount = pageRows,
        };
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
        var random = new Random(9);
        ColumnVector[] columns =
        [
            .. schema.Fields.Select(f => f.Type.IsNested
                ? RandomNested.Column(random, f, rows, 50_000, longest: 4)
                : RandomRows.Column(random, f, rows, dictionaries ? 500 : 50_000, runs: false)),
        ];
        writer.Write(columns, rows);
        Array.ForEach(columns, static c => c.Dispose());
        MemoryObjectStore store = await RandomFile.StoreAsync(writer, Stop);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, Stop);
        long pages = 0;
        foreach (ColumnChunk chunk in reader.MetaData.RowGroups.SelectMany(static g => g.Columns))
        {
            pages += (await PageListing.ReadAsync(store, RandomFile.Path, chunk.MetaData, Stop)).Count;
        }

        // The store in memory answers at once, so everything runs on this thread. The least of some rounds has no start-up in it.
        long least = long.MaxValue;
        for (int round = 0; round < 4; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
            {
                batch.Dispose();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return (least, pages);
    }
}
