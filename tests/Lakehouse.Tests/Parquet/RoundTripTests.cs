using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class RoundTripTests
{
    private static readonly ObjectPath File = new("data/file.parquet");
    private readonly MemoryObjectStore _store = new("parquet", TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(CompressionCodec.Zstd, 20_000, 1 << 20)]
    [InlineData(CompressionCodec.Uncompressed, 20_000, 7_000)]
    [InlineData(CompressionCodec.Zstd, 333, 5_000)]
    public async Task Every_type_comes_back_as_written(CompressionCodec codec, int pageRows, int groupRows)
    {
        int seed = Environment.ProcessId + pageRows + groupRows;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        foreach (int distinct in new[] { 1, 30, 2_000, int.MaxValue / 8_000 })
        {
            var options = new ParquetWriterOptions { Codec = codec, PageRowCount = pageRows, RowGroupRowCountMax = groupRows };
            await WriteAndCompare(random, options, distinct, seed);
        }
    }

    [Fact]
    public async Task A_dictionary_given_up_late_leaves_no_dictionary_page_behind()
    {
        // Few distinct values first, then only new ones: the limit is passed after pages have been made.
        var schema = new Schema(new Field("s", TypeKind.String), new Field("n", TypeKind.Long, Required: true));
        var options = new ParquetWriterOptions { PageRowCount = 1_000, DictionaryBytesMax = 40_000 };
        var state = new ColumnWriterState();
        var expected = new List<string>();
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), state);
        for (int batch = 0; batch < 30; batch++)
        {
            using var text = new ColumnBuilder(TypeKind.String);
            using var number = new ColumnBuilder(TypeKind.Long);
            for (int i = 0; i < 500; i++)
            {
                int value = batch < 10 ? i % 20 : (batch * 500) + i;
                if (i % 7 == 0)
                {
                    text.AppendNull();
                }
                else
                {
                    text.Append(Encoding.UTF8.GetBytes($"value {value}"));
                }

                number.Append((long)value);
                expected.Add((i % 7 == 0 ? "null" : Convert.ToHexString(Encoding.UTF8.GetBytes($"value {value}"))) + "|" + value);
            }

            using ColumnVector a = text.Finish();
            using ColumnVector b = number.Finish();
            writer.Write([a, b], 500);
        }

        await Complete(writer);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, File, Cancellation);
        ColumnMetaData chunk = reader.MetaData.RowGroups[0].Columns[0].MetaData;
        Assert.Null(chunk.DictionaryPageOffset);
        Assert.DoesNotContain(ParquetEncoding.RleDictionary, chunk.Encodings);
        Assert.True(state.IsWithoutDictionary("s"));
        Assert.Equal(expected, await Rows(reader));
    }

    [Fact]
    public async Task Long_values_end_pages_before_their_rows_are_full()
    {
        var schema = new Schema(new Field("b", TypeKind.Binary));
        using var writer = new ParquetFileWriter(schema, new ParquetWriterOptions(), new Dictionary<string, ConstantColumn>(), null);
        using var builder = new ColumnBuilder(TypeKind.Binary);
        var random = new Random(7);
        byte[] value = new byte[300_000];
        for (int i = 0; i < 20; i++)
        {
            random.NextBytes(value);
            builder.Append(value);
        }

        using ColumnVector vector = builder.Finish();
        writer.Write([vector], 20);
        await Complete(writer);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, File, Cancellation);
        OffsetIndex? index = (await reader.Indexes.ReadOffsetsAsync(0, [0], Cancellation)).GetValueOrDefault(0);
        Assert.InRange(index!.PageLocations.Length, 4, 6);
        var expected = Enumerable.Range(0, 20).Select(i => RandomRows.Text(vector, i)).ToList();
        Assert.Equal(expected, await Rows(reader));
    }

    [Fact]
    public async Task Projection_keeps_the_order_asked_for_and_skips_row_groups()
    {
        var schema = new Schema(new Field("a", TypeKind.Int), new Field("b", TypeKind.Int));
        var options = new ParquetWriterOptions { RowGroupRowCountMax = 10 };
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
        using var a = new ColumnBuilder(TypeKind.Int);
        using var b = new ColumnBuilder(TypeKind.Int);
        for (int i = 0; i < 35; i++)
        {
            a.Append(i);
            b.Append(-i);
        }

        using ColumnVector va = a.Finish();
        using ColumnVector vb = b.Finish();
        writer.Write([va, vb], 35);
        await Complete(writer);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, File, Cancellation);
        var seen = new List<int>();
        await foreach (RecordBatch batch in reader.ScanAsync(
            new ReadRequest { Columns = ["b", "a"], Rows = g => g == 2 ? null : RowRanges.None }, Cancellation))
        {
            Assert.Equal("b", batch.Schema[0].Name);
            seen.AddRange(batch.Columns[1].Values<int>().ToArray());
            batch.Dispose();
        }

        Assert.Equal(Enumerable.Range(20, 10), seen);
    }

    [Fact]
    public async Task A_file_without_rows_is_valid()
    {
        var schema = new Schema(new Field("a", TypeKind.Int));
        using var writer = new ParquetFileWriter(schema, new ParquetWriterOptions(), new Dictionary<string, ConstantColumn>(), null);
        await Complete(writer);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, File, Cancellation);
        Assert.Equal(schema, reader.Schema);
        Assert.Empty(await Rows(reader));
    }

    [Fact]
    public async Task Any_damaged_byte_is_refused_or_changes_nothing_but_never_crashes()
    {
        var random = new Random(11);
        var options = new ParquetWriterOptions { PageRowCount = 500 };
        await WriteAndCompare(random, options, 40, 11);
        byte[] bytes = (await _store.GetAsync(File, Cancellation))!;
        int refused = 0;
        for (int i = 0; i < 400; i++)
        {
            byte[] damaged = [.. bytes];
            int at = i < 200 ? random.Next(bytes.Length) : bytes.Length - 1 - random.Next(4_000);
            damaged[at] ^= (byte)(1 << random.Next(8));
            await _store.PutAsync(File, damaged, Cancellation);
            try
            {
                await Rows(await ParquetFileReader.OpenAsync(_store, File, Cancellation));
            }
            catch (ParquetFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 130, 400);
    }

    private async Task WriteAndCompare(Random random, ParquetWriterOptions options, int distinct, int seed)
    {
        Field[] fields = [.. RandomRows.Types.SelectMany((t, i) => new[] { new Field($"o{i}", t), new Field($"r{i}", t, Required: true) })];
        var schema = new Schema(fields);
        var expected = new List<string>();
        using (var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null))
        {
            foreach (int rows in new[] { 1, 700, 4_000, random.Next(3_000) })
            {
                ColumnVector[] columns = [.. fields.Select(f => RandomRows.Column(random, f, rows, distinct, random.Next(2) == 0))];
                writer.Write(columns, rows);
                for (int i = 0; i < rows; i++)
                {
                    expected.Add(string.Join('|', columns.Select(c => RandomRows.Text(c, i))));
                }

                Array.ForEach(columns, c => c.Dispose());
            }

            await Complete(writer);
        }

        ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, File, Cancellation);
        Assert.Equal(schema, reader.Schema);
        List<string> actual = await Rows(reader);
        Assert.True(expected.SequenceEqual(actual), $"rows differ, seed {seed}, distinct {distinct}");
        Layout.Check(reader);
    }

    private async Task Complete(ParquetFileWriter writer)
    {
        await using IObjectUpload upload = await _store.BeginUploadAsync(File, Cancellation);
        await writer.CompleteAsync(upload, Cancellation);
        await upload.CompleteAsync(default);
    }

    private static async Task<List<string>> Rows(ParquetFileReader reader)
    {
        var rows = new List<string>();
        await foreach (RecordBatch batch in reader.ReadAsync(null, Cancellation))
        {
            for (int i = 0; i < batch.RowCount; i++)
            {
                rows.Add(string.Join('|', batch.Columns.Select(c => RandomRows.Text(c, i))));
            }

            batch.Dispose();
        }

        return rows;
    }
}
