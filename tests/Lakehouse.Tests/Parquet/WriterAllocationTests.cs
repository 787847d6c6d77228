using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>
/// Once its buffers have grown, a writer allocates for row groups and files, and at the few points where it judges a dictionary, but not for
/// values and pages.
/// </summary>
[Collection(CountedAllocations.Name)]
public sealed class WriterAllocationTests
{
    private const int GroupRowCount = 120_000;

    // Behind the last point at which a dictionary is judged.
    private const int SteadyFrom = 80_000;
    private const int BatchRowCount = 1_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(CompressionCodec.Zstd, false, FurtherEncodings.None)]
    [InlineData(CompressionCodec.Zstd, true, FurtherEncodings.Delta | FurtherEncodings.ByteStreamSplit)]
    [InlineData(CompressionCodec.Snappy, true, FurtherEncodings.Delta)]
    [InlineData(CompressionCodec.Lz4Raw, false, FurtherEncodings.ByteStreamSplit)]
    [InlineData(CompressionCodec.Gzip, true, FurtherEncodings.None)]
    [InlineData(CompressionCodec.Uncompressed, false, FurtherEncodings.Delta)]
    public async Task Values_and_pages_allocate_nothing(CompressionCodec codec, bool pagesV2, FurtherEncodings encodings)
    {
        Field[] fields = [.. RandomRows.Types.SelectMany(static (t, i) => new[] { new Field($"few{i}", t), new Field($"many{i}", t, Required: true) })];
        var schema = new Schema(fields);
        var random = new Random(3);
        var options = new ParquetWriterOptions
        {
            Codec = codec, PagesV2 = pagesV2, Encodings = encodings, PageRowCount = 4_000, RowGroupRowCountMax = GroupRowCount,
        };
        ColumnVector[] batch = [.. fields.Select((f, i) => RandomRows.Column(random, f, BatchRowCount, i % 2 == 0 ? 20 : 1 << 30, runs: false))];
        var store = new MemoryObjectStore("allocations", TimeProvider.System);
        await using IObjectUpload upload = await store.BeginUploadAsync(new ObjectPath("file.parquet"), Stop);
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), new ColumnWriterState());
        long least = long.MaxValue;
        for (int group = 0; group < 4; group++)
        {
            least = Math.Min(least, AllocatedBy(writer, batch));
            writer.Write(batch, BatchRowCount);
            Assert.True(writer.HasFinishedRowGroup);
            await writer.HandOverAsync(upload, Stop);
        }

        Array.ForEach(batch, static c => c.Dispose());

        // < The first groups let buffers grow, and a collection may empty their pool in one or two of the others.
        Assert.Equal(0, least);
    }

    /// <summary>The bytes that the last batches of a row group allocate, all but the one that ends it.</summary>
    private static long AllocatedBy(ParquetFileWriter writer, ColumnVector[] batch)
    {
        for (int rows = 0; rows < SteadyFrom; rows += BatchRowCount)
        {
            writer.Write(batch, BatchRowCount);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int rows = SteadyFrom + BatchRowCount; rows < GroupRowCount; rows += BatchRowCount)
        {
            writer.Write(batch, BatchRowCount);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
