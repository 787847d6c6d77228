using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Benchmarks;

/// <summary>The tables that files are measured on beside the trips: one of many numbers, one of much text. Always the same rows.</summary>
internal static class BenchmarkTables
{
    internal const string Usage = "Usage: Lakehouse.Benchmarks tables FOLDER NDJSON ROWS (writes trips, wide and strings, with zstd and without)";

    private const int BatchRowCount = 8192;
    private const int Seed = 22086503;

    /// <summary>60 columns of numbers: counters, small and large ranges, prices, measurements with and without nulls, times.</summary>
    internal static Schema Wide { get; } = new(
    [
        .. Enumerable.Range(0, 15).Select(static i => new Field($"int{i}", TypeKind.Int)),
        .. Enumerable.Range(0, 20).Select(static i => new Field($"long{i}", TypeKind.Long)),
        .. Enumerable.Range(0, 15).Select(static i => new Field($"double{i}", TypeKind.Double)),
        .. Enumerable.Range(0, 5).Select(static i => new Field($"float{i}", TypeKind.Float)),
        .. Enumerable.Range(0, 5).Select(static i => new Field($"time{i}", TypeKind.TimestampMicros)),
    ]);

    /// <summary>Ten columns of text: keys, addresses, sentences, a few words, nulls.</summary>
    internal static Schema Strings { get; } = new([.. Enumerable.Range(0, 10).Select(static i => new Field($"text{i}", TypeKind.String))]);

    internal static async Task<int> RunAsync(string[] args)
    {
        if (args.Length != 4 || !int.TryParse(args[3], NumberStyles.None, CultureInfo.InvariantCulture, out int rows))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var store = new LocalObjectStore(Path.GetFullPath(args[1]));
        foreach (CompressionCodec codec in (CompressionCodec[])[CompressionCodec.Zstd, CompressionCodec.Uncompressed])
        {
            string suffix = codec == CompressionCodec.Zstd ? "zstd" : "none";
            await WriteAsync(store, $"trips-{suffix}", TripsSchema.Schema, JsonBenchmark.DecodeAll(NdjsonFile.Read(args[2], rows), BatchRowCount), codec);
            await WriteAsync(store, $"wide-{suffix}", Wide, Batches(Wide, rows, AppendNumber), codec);
            await WriteAsync(store, $"strings-{suffix}", Strings, Batches(Strings, rows, AppendText), codec);
        }

        return 0;
    }

    /// <summary>The three kinds, with their names; of numbers and text a quarter as many rows.</summary>
    internal static (string Name, Func<List<RecordBatch>> Make)[] Kinds(NdjsonFile file) =>
    [
        ("trips", () => JsonBenchmark.DecodeAll(file, BatchRowCount)),
        ("sixty columns of numbers", () => [.. Batches(Wide, file.RowCount / 4, AppendNumber)]),
        ("ten columns of text", () => [.. Batches(Strings, file.RowCount / 4, AppendText)]),
    ];

    /// <summary>The rows of one of these schemas.</summary>
    internal static IEnumerable<RecordBatch> Batches(Schema schema, int rowCount, Action<Random, ColumnBuilder, int, long> append)
    {
        Random[] randoms = [.. Enumerable.Range(0, schema.Count).Select(static i => new Random(Seed + i))];
        for (long row = 0; row < rowCount; row += BatchRowCount)
        {
            int rows = (int)Math.Min(BatchRowCount, rowCount - row);
            yield return new RecordBatch(schema, [.. schema.Fields.Select((f, c) => Column(f.Type, randoms[c], c, row, rows, append))], rows);
        }
    }

    /// <summary>Appends the value of a column of <see cref="Wide"/>.</summary>
    internal static void AppendNumber(Random random, ColumnBuilder target, int column, long row)
    {
        if (column % 7 == 3 && random.Next(10) == 0)
        {
            target.AppendNull();
            return;
        }

        int kind = column % 5;
        switch (target.Type.Kind)
        {
            case TypeKind.Int:
                target.Append(kind switch { 0 => (int)row, 1 => random.Next(8), 2 => random.Next(1_000), _ => random.Next() });
                break;
            case TypeKind.Long:
                target.Append(kind switch
                {
                    0 => row, 1 => (row * 16) + random.Next(16), 2 => random.Next(100), 3 => random.NextInt64(1L << 40), _ => random.NextInt64(),
                });
                break;
            case TypeKind.Double:
                target.Append(kind switch { 0 => random.Next(10_000) / 100.0, 1 => random.Next(50) / 2.0, _ => random.NextDouble() * 1_000 });
                break;
            case TypeKind.Float:
                target.Append(kind == 0 ? random.Next(500) / 4f : random.NextSingle());
                break;
            default:
                target.Append(1_763_510_400_000_000 + (row * 1_000) + random.Next(1_000_000));
                break;
        }
    }

    /// <summary>Appends the value of a column of <see cref="Strings"/>.</summary>
    internal static void AppendText(Random random, ColumnBuilder target, int column, long row)
    {
        if (column % 5 == 4 && random.Next(5) == 0)
        {
            target.AppendNull();
            return;
        }

        string text = column switch
        {
            0 => string.Create(CultureInfo.InvariantCulture, $"{random.NextInt64():x16}{random.NextInt64():x16}"),
            1 => string.Create(CultureInfo.InvariantCulture, $"order-{row:d12}"),
            2 => string.Create(CultureInfo.InvariantCulture, $"https://example.com/shop/{random.Next(400)}/item/{random.Next(1 << 24)}?ref={random.Next(90)}"),
            3 => string.Create(CultureInfo.InvariantCulture, $"user{random.Next(50_000)}@example.org"),
            4 or 5 => Sentence(random, 4 + random.Next(12)),
            6 => Sentence(random, 30),
            7 => string.Create(CultureInfo.InvariantCulture, $"status {random.Next(6)}"),
            8 => string.Create(CultureInfo.InvariantCulture, $"city {random.Next(300)}, street {random.Next(900)}, {random.Next(200)}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{random.Next(256)}.{random.Next(256)}.{random.Next(256)}.{random.Next(256)}"),
        };
        target.Append(Encoding.UTF8.GetBytes(text));
    }

    private static string Sentence(Random random, int words)
    {
        string[] all = ["please", "call", "at", "gate", "two", "bring", "the", "bag", "to", "rear", "door", "and", "wait", "größer", "left"];
        return string.Join(' ', Enumerable.Range(0, words).Select(_ => all[random.Next(all.Length)]));
    }

    private static ColumnVector Column(
        ColumnType type, Random random, int column, long row, int rows, Action<Random, ColumnBuilder, int, long> append)
    {
        using var builder = new ColumnBuilder(type);
        for (int i = 0; i < rows; i++)
        {
            append(random, builder, column, row + i);
        }

        return builder.Finish();
    }

    private static async Task WriteAsync(
        LocalObjectStore store, string name, Schema schema, IEnumerable<RecordBatch> batches, CompressionCodec codec)
    {
        using var writer = new ParquetFileWriter(
            schema, new ParquetWriterOptions { Codec = codec }, new Dictionary<string, ConstantColumn>(), null);
        foreach (RecordBatch batch in batches)
        {
            using (batch)
            {
                writer.Write([.. batch.Columns], batch.RowCount);
            }
        }

        await using IObjectUpload upload = await store.BeginUploadAsync(new ObjectPath(name + ".parquet"), CancellationToken.None);
        await writer.CompleteAsync(upload, CancellationToken.None);
        await upload.CompleteAsync(CancellationToken.None);
        Console.WriteLine($"{name}.parquet: {upload.Length / 1e6:F1} MB");
    }
}
