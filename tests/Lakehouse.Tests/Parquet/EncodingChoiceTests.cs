using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class EncodingChoiceTests
{
    private const int RowCount = 5_000;
    private static readonly ObjectPath File = new("chosen.parquet");
    private readonly MemoryObjectStore _store = new("chosen", TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("rising", ParquetEncoding.DeltaBinaryPacked)]
    [InlineData("noise", ParquetEncoding.Plain)]
    [InlineData("few", ParquetEncoding.RleDictionary)]
    [InlineData("slowly rising", ParquetEncoding.DeltaBinaryPacked)]
    [InlineData("tokens", ParquetEncoding.DeltaLengthByteArray)]
    [InlineData("sorted", ParquetEncoding.DeltaByteArray)]
    [InlineData("hashes", ParquetEncoding.Plain)]
    [InlineData("walk", ParquetEncoding.ByteStreamSplit)]
    public async Task What_suits_the_data_is_chosen_where_it_is_allowed(string data, ParquetEncoding expected)
    {
        var all = new ParquetWriterOptions { Encodings = FurtherEncodings.Delta | FurtherEncodings.ByteStreamSplit, PageRowCount = 1_500 };
        var state = new ColumnWriterState();
        (ParquetEncoding first, long size) = await WriteAsync(data, all, state);
        Assert.Equal(expected, first);
        (ParquetEncoding second, _) = await WriteAsync(data, all, state);
        Assert.Equal(first, second);
        (ParquetEncoding plain, long plainSize) = await WriteAsync(data, new ParquetWriterOptions { PageRowCount = 1_500 }, null);
        Assert.True(plain is ParquetEncoding.Plain or ParquetEncoding.RleDictionary, $"{plain} was not allowed");
        Assert.True(size <= plainSize, $"{size} bytes as {first}, {plainSize} as {plain}");
    }

    [Theory]
    [InlineData(CompressionCodec.Brotli, null)]
    [InlineData(CompressionCodec.Lz4, null)]
    [InlineData(CompressionCodec.Zstd, 23)]
    [InlineData(CompressionCodec.Gzip, 0)]
    [InlineData(CompressionCodec.Snappy, 1)]
    public void What_cannot_be_written_is_refused(CompressionCodec codec, int? level)
    {
        var schema = new Schema(new Field("a", TypeKind.Int));
        Assert.Throws<ArgumentException>(() =>
        {
            var options = new ParquetWriterOptions { Codec = codec, CompressionLevel = level };
            new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null).Dispose();
        });
    }

    private async Task<(ParquetEncoding Encoding, long ByteCount)> WriteAsync(string data, ParquetWriterOptions options, ColumnWriterState? state)
    {
        using ColumnVector column = Column(data);
        var schema = new Schema(new Field("c", column.Type));
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), state);
        writer.Write([column], RowCount);
        await using (IObjectUpload upload = await _store.BeginUploadAsync(File, Stop))
        {
            await writer.CompleteAsync(upload, Stop);
            await upload.CompleteAsync(Stop);
        }

        ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, File, Stop);
        var found = new List<string>();
        await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
        {
            using (batch)
            {
                found.AddRange(Enumerable.Range(0, batch.RowCount).Select(i => CanonicalText.Of(batch.Columns[0], i)));
            }
        }

        Assert.Equal(Enumerable.Range(0, RowCount).Select(i => CanonicalText.Of(column, i)), found);
        ColumnMetaData chunk = reader.MetaData.RowGroups[0].Columns[0].MetaData;
        await _store.DeleteAsync(File, Stop);
        return (chunk.EncodingStats[^1].Encoding, chunk.TotalCompressedSize);
    }

    private static ColumnVector Column(string data)
    {
        var random = new Random(5);
        using var builder = new ColumnBuilder(data switch
        {
            "tokens" or "sorted" or "hashes" => TypeKind.String,
            "walk" => TypeKind.Double,
            "few" => TypeKind.Int,
            _ => TypeKind.TimestampMicros,
        });
        long time = 1_700_000_000_000_000;
        double place = 48;
        for (int i = 0; i < RowCount; i++)
        {
            switch (data)
            {
                case "rising":
                    builder.Append(time += random.Next(100_000));
                    break;
                case "noise":
                    builder.Append(random.NextInt64());
                    break;
                case "few":
                    builder.Append(random.Next(10) * 1_000_000);
                    break;
                case "slowly rising":
                    builder.Append(time += i % 4 == 0 ? 1 : 0);
                    break;
                case "tokens":
                    byte[] token = new byte[random.Next(4, 30)];
                    random.NextBytes(token);
                    builder.Append(Encoding.ASCII.GetBytes(Convert.ToBase64String(token)));
                    break;
                case "hashes":
                    byte[] hash = new byte[150];
                    random.NextBytes(hash);
                    builder.Append(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hash)));
                    break;
                case "sorted":
                    builder.Append(Encoding.ASCII.GetBytes($"https://example.com/a/b/{i * 7:d8}/{i % 10}"));
                    break;
                default:
                    builder.Append(place += (random.NextDouble() - 0.5) / 100);
                    break;
            }
        }

        return builder.Finish();
    }
}
