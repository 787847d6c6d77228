using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class ConstantColumnTests
{
    private static readonly ObjectPath Source = new("staged.parquet");
    private static readonly ObjectPath Target = new("final.parquet");
    private readonly MemoryObjectStore _store = new("parquet", TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(7, 20_000)]
    [InlineData(5_000, 1_000)]
    [InlineData(60_000, 20_000)]
    public async Task A_patched_file_holds_the_new_values_everywhere(int rows, int pageRows)
    {
        // Longer than the limit of other columns' bounds: constants are never shortened.
        string before = new('x', 100);
        string after = "20250301100005123" + new string('y', 83);
        ParquetFileSummary summary = await Write(before, rows, pageRows);
        IReadOnlyList<Patch> patches = ParquetPatches.For(
            summary, new Dictionary<string, ReadOnlyMemory<byte>> { ["name"] = Encoding.UTF8.GetBytes(after) });
        await _store.CopyPatchedAsync(Source, Target, patches, Cancellation);

        byte[] bytes = (await _store.GetAsync(Target, Cancellation))!;
        Assert.Equal(-1, bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(before)));
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, Target, Cancellation);
        int seen = 0;
        await foreach (RecordBatch batch in reader.ReadAsync(["name", "same", "n"], Cancellation))
        {
            for (int i = 0; i < batch.RowCount; i++, seen++)
            {
                Assert.Equal(after, Encoding.UTF8.GetString(batch.Columns[0].BytesAt(i)));
                Assert.Equal("p=1", Encoding.UTF8.GetString(batch.Columns[1].BytesAt(i)));
                Assert.Equal(seen, batch.Columns[2].Values<int>()[i]);
            }

            batch.Dispose();
        }

        Assert.Equal(rows, seen);
        for (int g = 0; g < reader.MetaData.RowGroups.Length; g++)
        {
            Statistics statistics = reader.MetaData.RowGroups[g].Columns[0].MetaData.Statistics!;
            Assert.Equal(after, Encoding.UTF8.GetString(statistics.MinValue!));
            Assert.Equal(after, Encoding.UTF8.GetString(statistics.MaxValue!));
            ColumnIndex index = (await reader.Indexes.ReadColumnsAsync(g, [0], Cancellation))[0];
            Assert.All(index.MinValues.Concat(index.MaxValues), v => Assert.Equal(after, Encoding.UTF8.GetString(v)));
        }

        Layout.Check(reader);
    }

    [Fact]
    public async Task Patching_with_the_old_value_changes_no_byte()
    {
        ParquetFileSummary summary = await Write("abc", 3_000, 1_000);
        var same = new Dictionary<string, ReadOnlyMemory<byte>> { ["name"] = "abc"u8.ToArray() };
        await _store.CopyPatchedAsync(Source, Target, ParquetPatches.For(summary, same), Cancellation);
        Assert.Equal(await _store.GetAsync(Source, Cancellation), await _store.GetAsync(Target, Cancellation));
    }

    [Fact]
    public async Task A_value_patched_without_its_checksum_is_noticed()
    {
        ParquetFileSummary summary = await Write("abc", 3_000, 1_000);
        var other = new Dictionary<string, ReadOnlyMemory<byte>> { ["name"] = "abd"u8.ToArray() };
        PatchPoint[] values = [.. summary.PatchPoints.Where(p => p.Kind == PatchKind.Value)];
        await _store.CopyPatchedAsync(Source, Target, ParquetPatches.For(values, other), Cancellation);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, Target, Cancellation);
        var error = await Assert.ThrowsAsync<ParquetFormatException>(async () =>
        {
            await foreach (RecordBatch batch in reader.ReadAsync(null, Cancellation))
            {
                batch.Dispose();
            }
        });
        Assert.Contains("final.parquet", error.Message, StringComparison.Ordinal);
        Assert.Contains("row group 0, column 'name', byte 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_of_another_length_are_refused()
    {
        ParquetFileSummary summary = await Write("abc", 10, 1_000);
        var longer = new Dictionary<string, ReadOnlyMemory<byte>> { ["name"] = "abcd"u8.ToArray() };
        Assert.Throws<ArgumentException>(() => ParquetPatches.For(summary, longer));
    }

    private async Task<ParquetFileSummary> Write(string name, int rows, int pageRows)
    {
        var schema = new Schema(
            new Field("name", TypeKind.String), new Field("same", TypeKind.String, Required: true), new Field("n", TypeKind.Int));
        var constants = new Dictionary<string, ConstantColumn>
        {
            ["name"] = new(schema[0], Encoding.UTF8.GetBytes(name), Patchable: true),
            ["same"] = new(schema[1], "p=1"u8.ToArray(), Patchable: false),
        };
        var options = new ParquetWriterOptions { PageRowCount = pageRows, RowGroupRowCountMax = 40_000 };
        using var writer = new ParquetFileWriter(schema, options, constants, null);
        using var builder = new ColumnBuilder(TypeKind.Int);
        for (int i = 0; i < rows; i++)
        {
            builder.Append(i);
        }

        using ColumnVector vector = builder.Finish();
        writer.Write([null, null, vector], rows);
        await using IObjectUpload upload = await _store.BeginUploadAsync(Source, Cancellation);
        ParquetFileSummary summary = await writer.CompleteAsync(upload, Cancellation);
        await upload.CompleteAsync(default);
        Assert.Equal(rows, summary.RowCount);
        return summary;
    }
}
