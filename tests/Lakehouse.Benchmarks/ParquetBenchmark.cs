using System.Diagnostics;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Benchmarks;

/// <summary>Columns to Parquet in memory, beside arrow-rs. Raw bytes are those of Arrow's layout, counted alike on both sides.</summary>
internal static class ParquetBenchmark
{
    private const int BatchRowCount = 8192;
    private const int RoundCount = 3;
    private const int AtOnceRoundCount = 15;

    private static readonly (string Name, string Key, ParquetWriterOptions Options)[] Settings =
    [
        ("zstd-1", "encode codec=zstd", new ParquetWriterOptions()),
        ("zstd-1, delta", "encode codec=zstd", new ParquetWriterOptions { Encodings = FurtherEncodings.Delta }),
        ("snappy", "encode codec=snappy", new ParquetWriterOptions { Codec = CompressionCodec.Snappy }),
        ("none", "encode codec=none", new ParquetWriterOptions { Codec = CompressionCodec.Uncompressed }),
    ];

    internal static async Task<Report> RunAsync(Arguments arguments, NdjsonFile file)
    {
        var report = new Report("Columns to Parquet", arguments, file);
        List<RecordBatch> batches = JsonBenchmark.DecodeAll(file, BatchRowCount);
        await using var upload = new MemoryUpload((int)batches.Sum(static b => b.ByteCount));
        long[] allocated = await CompareAsync(report, "Trips", arguments, batches);
        await CompareAsync(report, "Numbers", arguments, TripColumns.WriteNumbers);
        await CompareAsync(report, "Text", arguments, TripColumns.WriteText);
        report.AddTable(
            "Managed bytes allocated by a round, which is one file of trips",
            ["", "", "batches", "bytes a batch", "bytes a record"],
            Settings.Select((s, i) => (string[])[s.Name, .. Allocations.Row(BatchRowCount, file.RowCount, allocated[i])]));
        report.AddTable("Columns on idle cores too", ["", "cores", "MB/s of raw columns by the clock", "CPU us/row"], AtOnce(batches, upload));
        await AddColumnsAsync(report, "Trips", batches);
        batches.ForEach(batch => batch.Dispose());
        return report;
    }

    /// <summary>Another kind of table, with half as many rows.</summary>
    private static async Task CompareAsync(Report report, string name, Arguments arguments, Action<string, int> write)
    {
        using var folder = new TemporaryFolder();
        arguments = arguments with { Ndjson = folder["rows.ndjson"], RowCount = arguments.RowCount / 2 };
        write(arguments.Ndjson, arguments.RowCount);
        List<RecordBatch> batches = JsonBenchmark.DecodeAll(NdjsonFile.Read(arguments.Ndjson, arguments.RowCount), BatchRowCount);
        await CompareAsync(report, name, arguments, batches);
        await AddColumnsAsync(report, name, batches);
        batches.ForEach(static b => b.Dispose());
    }

    /// <summary>Both sides in turn; the bytes that a round of each setting allocated.</summary>
    private static async Task<long[]> CompareAsync(Report report, string name, Arguments arguments, List<RecordBatch> batches)
    {
        long rawByteCount = batches.Sum(static b => b.ByteCount);
        await using var upload = new MemoryUpload((int)(1.2 * rawByteCount));
        Comparison[] comparisons = [.. Settings.Select(c => new Comparison(c.Name, arguments.RowCount, rawByteCount))];
        var sizes = new string[Settings.Length][];
        var allocated = new long[Settings.Length];
        Array.ForEach(Settings, setting => Measurement.Settle(() => Encode(batches, setting.Options, upload)));
        for (int pair = 0; pair < arguments.PairCount; pair++)
        {
            ILookup<string, YardstickRound>? yardstick = Yardstick.Bench(arguments);
            for (int i = 0; i < Settings.Length; i++)
            {
                ParquetWriterOptions options = Settings[i].Options;
                Encode(batches, options, upload);
                Measurement[] rounds =
                [
                    .. Enumerable.Range(0, RoundCount).Select(_ => Measurement.Of(() => Encode(batches, options, upload))),
                ];
                YardstickRound[] theirs = [.. yardstick?[Settings[i].Key] ?? []];
                comparisons[i].Add(rounds.Select(r => r.CpuSeconds), yardstick is null ? null : theirs);
                sizes[i] = [$"{upload.Length / 1e6:F1}", theirs.Length == 0 ? "-" : $"{theirs[0].FileMegabytes:F0}"];
                allocated[i] = rounds[^1].AllocatedByteCount;
            }
        }

        report.AddTable(
            $"{name}, one thread: {arguments.RowCount:N0} rows, {rawByteCount / 1e6:F1} MB of raw columns",
            [.. Comparison.Columns("raw columns"), "our file, MB", "yardstick's, MB"],
            comparisons.Select((c, i) => (string[])[.. c.Row(), .. sizes[i]]));
        return allocated;
    }

    private static void Encode(
        List<RecordBatch> batches, ParquetWriterOptions options, MemoryUpload upload, int? onlyColumn = null, ColumnWriterState? state = null)
    {
        upload.Clear();
        Schema schema = onlyColumn is { } only ? new Schema(TripsSchema.Schema[only]) : TripsSchema.Schema;
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), state);
        ColumnVector?[] columns = new ColumnVector?[schema.Count];
        foreach (RecordBatch batch in batches)
        {
            batch.Columns.AsSpan(onlyColumn ?? 0, schema.Count).CopyTo(columns!);
            writer.Write(columns, batch.RowCount);
        }

        // < Nothing waits: the memory takes what it is given at once.
        writer.CompleteAsync(upload, CancellationToken.None).GetAwaiter().GetResult();
    }

    /// <summary>One after the other, so that what else the machine does spoils both alike.</summary>
    private static IEnumerable<string[]> AtOnce(List<RecordBatch> batches, MemoryUpload upload)
    {
        int rowCount = batches.Sum(static b => b.RowCount);
        double megabytes = batches.Sum(static b => b.ByteCount) / 1e6;
        foreach (CompressionCodec codec in (CompressionCodec[])[CompressionCodec.Zstd, CompressionCodec.Uncompressed])
        {
            var options = new ParquetWriterOptions { Codec = codec };
            ColumnWriterState[] states = [new ColumnWriterState(), new ColumnWriterState(new IdleCores(Environment.ProcessorCount - 1))];
            List<double>[] clock = [[], []];
            List<double>[] cpu = [[], []];
            for (int round = 0; round < AtOnceRoundCount; round++)
            {
                for (int i = 0; i < states.Length; i++)
                {
                    long started = Stopwatch.GetTimestamp();
                    cpu[i].Add(Measurement.Of(() => Encode(batches, options, upload, state: states[i])).CpuSeconds);
                    clock[i].Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
                }
            }

            for (int i = 0; i < states.Length; i++)
            {
                yield return
                [
                    $"{codec}", $"{(i == 0 ? 1 : Environment.ProcessorCount)}", $"{megabytes / Measurement.Median(clock[i]):F0}",
                    $"{Measurement.Median(cpu[i]) * 1e6 / rowCount:F3}",
                ];
            }
        }
    }

    private static async Task AddColumnsAsync(Report report, string name, List<RecordBatch> batches)
    {
        await using var upload = new MemoryUpload((int)batches.Sum(static b => b.ByteCount));
        Encode(batches, new ParquetWriterOptions(), upload);
        report.AddTable(
            $"{name}, our columns with zstd-1: bytes a row, and CPU ns/row of each column alone",
            ["column", "encoding", "raw", "into zstd", "in the file", "CPU", "CPU without zstd"],
            await ColumnsAsync(upload.Written.ToArray(), batches));
    }

    private static async Task<IEnumerable<string[]>> ColumnsAsync(ReadOnlyMemory<byte> content, List<RecordBatch> batches)
    {
        var store = new MemoryObjectStore("benchmark", TimeProvider.System);
        await store.PutAsync(new ObjectPath("file.parquet"), content, CancellationToken.None);
        ParquetFileReader file = await ParquetFileReader.OpenAsync(store, new ObjectPath("file.parquet"), CancellationToken.None);
        await using var upload = new MemoryUpload((int)batches.Sum(b => b.ByteCount));
        var rows = new List<string[]>();
        double[] all = new double[5];
        for (int i = 0; i < TripsSchema.Schema.Count; i++)
        {
            int column = i;
            ColumnMetaData[] chunks = [.. file.MetaData.RowGroups.Select(g => g.Columns[column].MetaData)];
            double[] figures =
            [
                batches.Sum(b => b.Columns[column].ByteCount),
                chunks.Sum(c => c.TotalUncompressedSize),
                chunks.Sum(c => c.TotalCompressedSize),
                1e9 * Seconds(() => Encode(batches, new ParquetWriterOptions(), upload, column)),
                1e9 * Seconds(() => Encode(batches, new ParquetWriterOptions { Codec = CompressionCodec.Uncompressed }, upload, column)),
            ];
            rows.Add(Row(TripsSchema.Schema[i].Name, chunks[0].DictionaryPageOffset is null ? "PLAIN" : "dictionary", figures));
            all = [.. all.Zip(figures, (a, b) => a + b)];
        }

        rows.Add(Row("all", "", all));
        return rows;

        string[] Row(string name, string encoding, double[] figures) =>
        [
            name, encoding,
            .. figures.Select(f => f / file.MetaData.NumRows).Select((f, i) => i < 3 ? $"{f:F2}" : $"{f:F1}"),
        ];
    }

    private static double Seconds(Action round) =>
        Measurement.Median(Enumerable.Range(0, RoundCount).Select(_ => Measurement.Of(round).CpuSeconds));
}
