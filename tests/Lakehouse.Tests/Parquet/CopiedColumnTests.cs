using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class CopiedColumnTests
{
    private static readonly Schema Schema = new(
        new Field("number", TypeKind.String), new Field("n", TypeKind.Int), new Field("key", TypeKind.String));

    private static readonly Dictionary<string, ConstantColumn> NoConstants = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(CompressionCodec.Zstd)]
    [InlineData(CompressionCodec.Uncompressed)]
    public async Task A_copy_holds_what_its_original_holds(CompressionCodec codec)
    {
        const int Rows = 5_000;
        var store = new MemoryObjectStore("parquet", TimeProvider.System);
        var path = new ObjectPath("copied.parquet");
        var options = new ParquetWriterOptions { Codec = codec, PageRowCount = 700, RowGroupRowCountMax = 2_000 };
        using (var writer = new ParquetFileWriter(Schema, options, NoConstants, null, Copies("key", "number")))
        {
            using ColumnVector numbers = Numbers(Rows);
            using ColumnVector ints = Ints(Rows);
            writer.Write([numbers, ints, null], Rows);
            await using IObjectUpload upload = await store.BeginUploadAsync(path, Cancellation);
            await writer.CompleteAsync(upload, Cancellation);
            await upload.CompleteAsync(Cancellation);
        }

        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, path, Cancellation);
        int seen = 0;
        await foreach (RecordBatch batch in reader.ReadAsync(["key", "number", "n"], Cancellation))
        {
            for (int i = 0; i < batch.RowCount; i++, seen++)
            {
                Assert.Equal(batch.Columns[1].IsValid(i), batch.Columns[0].IsValid(i));
                Assert.Equal(seen % 11 == 0 ? "" : $"trips-0-{seen}", Encoding.UTF8.GetString(batch.Columns[0].BytesAt(i)));
                Assert.Equal(seen, batch.Columns[2].Values<int>()[i]);
            }

            batch.Dispose();
        }

        Assert.Equal(Rows, seen);
        Layout.Check(reader);
    }

    [Theory]
    [InlineData("key", "n")]
    [InlineData("number", "key")]
    [InlineData("key", "missing")]
    public void A_copy_has_an_original_of_its_type_before_it(string copy, string original)
    {
        var error = Assert.Throws<ArgumentException>(
            () => new ParquetFileWriter(Schema, new ParquetWriterOptions(), NoConstants, null, Copies(copy, original)));
        Assert.Contains($"'{copy}' cannot repeat '{original}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_for_a_copy_are_refused()
    {
        using var writer = new ParquetFileWriter(Schema, new ParquetWriterOptions(), NoConstants, null, Copies("key", "number"));
        using ColumnVector numbers = Numbers(10);
        using ColumnVector ints = Ints(10);
        var error = Assert.Throws<ArgumentException>(() => writer.Write([numbers, ints, numbers], 10));
        Assert.Contains("'key'", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, writer.RowCount);
    }

    private static Dictionary<string, string> Copies(string copy, string original) => new() { [copy] = original };

    private static ColumnVector Numbers(int rows)
    {
        using var builder = new ColumnBuilder(TypeKind.String);
        for (int i = 0; i < rows; i++)
        {
            if (i % 11 == 0)
            {
                builder.AppendNull();
            }
            else
            {
                builder.Append(Encoding.UTF8.GetBytes($"trips-0-{i}"));
            }
        }

        return builder.Finish();
    }

    private static ColumnVector Ints(int rows)
    {
        using var builder = new ColumnBuilder(TypeKind.Int);
        for (int i = 0; i < rows; i++)
        {
            builder.Append(i);
        }

        return builder.Finish();
    }
}
