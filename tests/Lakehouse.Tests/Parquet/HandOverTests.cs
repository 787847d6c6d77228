using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Row groups that leave the writer while the file is still being written.</summary>
public sealed class HandOverTests
{
    private const int BatchRowCount = 700;
    private static readonly Schema Schema = new(new Field("commit", TypeKind.String), new Field("n", TypeKind.Long), new Field("text", TypeKind.String));
    private static readonly ParquetWriterOptions Options = new() { PageRowCount = 300, RowGroupRowCountMax = 2_000 };
    private readonly MemoryObjectStore _store = new("parquet", TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task A_file_has_the_same_bytes_whenever_its_row_groups_are_handed_over(int everyBatches)
    {
        (ParquetFileSummary atOnce, long heldAtOnce) = await WriteAsync(new ObjectPath("at-once"), handOverEvery: int.MaxValue);
        (ParquetFileSummary inPieces, long held) = await WriteAsync(new ObjectPath("in-pieces"), everyBatches);
        Assert.Equal(await _store.GetAsync(new ObjectPath("at-once"), Cancellation), await _store.GetAsync(new ObjectPath("in-pieces"), Cancellation));
        Assert.Equal(atOnce.PatchPoints, inPieces.PatchPoints);
        Assert.Equal((atOnce.RowCount, atOnce.ByteCount), (inPieces.RowCount, inPieces.ByteCount));
        if (everyBatches == 1)
        {
            Assert.True(held < heldAtOnce / 4, $"the writer held {held} bytes, {heldAtOnce} without handing over");
        }
    }

    /// <summary>Returns what the writer held at most after a batch.</summary>
    private async Task<(ParquetFileSummary Summary, long Held)> WriteAsync(ObjectPath path, int handOverEvery)
    {
        var constants = new Dictionary<string, ConstantColumn> { ["commit"] = new(Schema[0], "20260101000000000"u8.ToArray(), Patchable: true) };
        using var writer = new ParquetFileWriter(Schema, Options, constants, null);
        await using IObjectUpload upload = await _store.BeginUploadAsync(path, Cancellation);
        long held = 0;
        for (int batch = 0; batch < 30; batch++)
        {
            using var numbers = new ColumnBuilder(TypeKind.Long);
            using var texts = new ColumnBuilder(TypeKind.String);
            for (int row = 0; row < BatchRowCount; row++)
            {
                long n = (batch * BatchRowCount) + row;
                numbers.Append(n);
                texts.Append(Encoding.UTF8.GetBytes((n * 2_654_435_761).ToString(CultureInfo.InvariantCulture)));
            }

            using ColumnVector first = numbers.Finish();
            using ColumnVector second = texts.Finish();
            writer.Write([null, first, second], BatchRowCount);
            if ((batch + 1) % handOverEvery == 0)
            {
                await writer.HandOverAsync(upload, Cancellation);
                Assert.False(writer.HasFinishedRowGroup);
            }

            held = Math.Max(held, writer.BufferedByteCount);
        }

        ParquetFileSummary summary = await writer.CompleteAsync(upload, Cancellation);
        await upload.CompleteAsync(Cancellation);
        return (summary, held);
    }
}
