using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Service;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Nanoseconds, which other programs write.</summary>
public sealed class NanosecondTests
{
    private static readonly Schema Schema = new(
        new Field("at", TypeKind.TimestampNanos), new Field("time", TypeKind.TimeNanos), new Field("list", ColumnType.List(TypeKind.TimestampNanos)));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_keep_their_type_and_every_digit()
    {
        MemoryObjectStore store = await WriteAsync();
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, Stop);
        Assert.Equal(Schema, reader.Schema);
        Assert.Empty((await FileCheck.RunAsync(store, RandomFile.Path, Stop)).Findings);
        await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
        {
            using (batch)
            {
                Assert.Equal(
                    ["2020-09-13T12:26:40.123456789Z", "1969-12-31T23:59:59.999999999Z", null],
                    Enumerable.Range(0, 3).Select(r => Cells.ValueAt(batch.Columns[0], r)));
                Assert.Equal(
                    ["23:59:59.999999999", "00:00:00.000000001", null],
                    Enumerable.Range(0, 3).Select(r => Cells.ValueAt(batch.Columns[1], r)));
                Assert.Equal(1_600_000_000_123_456_789, batch.Columns[2].Children[0].Values<long>()[0]);
            }
        }
    }

    [Theory]
    [InlineData("timestamp_nanos")]
    [InlineData("time_nanos")]
    public void No_table_has_them(string type) => Assert.False(ColumnType.TryParse(type, out _));

    private static async Task<MemoryObjectStore> WriteAsync()
    {
        using var writer = new ParquetFileWriter(Schema, new ParquetWriterOptions(), new Dictionary<string, ConstantColumn>(), null);
        using var at = new ColumnBuilder(TypeKind.TimestampNanos);
        using var time = new ColumnBuilder(TypeKind.TimeNanos);
        using var list = new ColumnBuilder(Schema[2].Type);
        foreach (long value in (long[])[1_600_000_000_123_456_789, -1])
        {
            at.Append(value);
            list.Children[0].Append(value);
            list.AppendNested();
        }

        time.Append(86_399_999_999_999);
        time.Append(1L);
        at.AppendNull();
        time.AppendNull();
        list.AppendNull();
        writer.Write([at.Finish(), time.Finish(), list.Finish()], 3);
        return await RandomFile.StoreAsync(writer, Stop);
    }
}
