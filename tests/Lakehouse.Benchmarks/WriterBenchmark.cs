using System.Globalization;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Testing;

namespace Lakehouse.Benchmarks;

/// <summary>
/// Three kinds of tables to Parquet in memory, in turn with DuckDB, which writes the same rows from its memory to a file. Whether it helps to
/// feed fewer bytes to the codec is seen by the encodings that are allowed. As in a sink, what one file taught about its columns is kept
/// for the next.
/// </summary>
internal static class WriterBenchmark
{
    private const int RoundCount = 3;

    private static readonly (string Name, ParquetWriterOptions Options, string TheirFormat)[] Settings =
    [
        ("zstd-1", new ParquetWriterOptions(), "COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION V2"),
        ("zstd-1, delta", new ParquetWriterOptions { Encodings = FurtherEncodings.Delta }, "COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION V2"),
        ("zstd-1, delta, byte_stream_split",
            new ParquetWriterOptions { Encodings = FurtherEncodings.Delta | FurtherEncodings.ByteStreamSplit },
            "COMPRESSION zstd, COMPRESSION_LEVEL 1, PARQUET_VERSION V2"),
        ("snappy", new ParquetWriterOptions { Codec = CompressionCodec.Snappy }, "COMPRESSION snappy, PARQUET_VERSION V1"),
        ("lz4_raw", new ParquetWriterOptions { Codec = CompressionCodec.Lz4Raw }, "COMPRESSION lz4_raw, PARQUET_VERSION V1"),
        ("none", new ParquetWriterOptions { Codec = CompressionCodec.Uncompressed }, "COMPRESSION uncompressed, PARQUET_VERSION V1"),
    ];

    internal static async Task<Report> RunAsync(Arguments arguments, NdjsonFile file)
    {
        var report = new Report("Kinds of tables to Parquet, beside DuckDB", arguments, file);
        foreach ((string name, Func<List<RecordBatch>> make) in BenchmarkTables.Kinds(file))
        {
            List<RecordBatch> batches = make();
            var rows = new List<string[]>();
            foreach ((string setting, ParquetWriterOptions options, string format) in Settings)
            {
                rows.Add(await MeasureAsync(setting, batches, options, format, arguments.PairCount));
            }

            report.AddTable(
                $"{name}: {batches.Sum(static b => (long)b.RowCount):N0} rows, {batches.Sum(static b => b.ByteCount) / 1e6:F1} MB",
                [
                    "", "ours, MB/s of raw columns", "DuckDB", "faster by", "pairs from", "to",
                    "into the codec, MB", "in the file", "DuckDB's file", "arrow-rs' file",
                ],
                rows);
            batches.ForEach(static b => b.Dispose());
        }

        report.AddText("DuckDB has one thread and writes row groups of 122,880 rows; with zstd its pages are V2, whose encodings are newer.");
        return report;
    }

    private static async Task<string[]> MeasureAsync(
        string setting, List<RecordBatch> batches, ParquetWriterOptions options, string format, int pairCount)
    {
        using var folder = new TemporaryFolder();
        double raw = batches.Sum(static b => b.ByteCount) / 1e6;
        await using var upload = new MemoryUpload((int)(1.2e6 * raw));
        var learnt = new ColumnWriterState();
        Encode(batches, options, upload, learnt);
        string ourFile = folder["ours.parquet"];
        await File.WriteAllBytesAsync(ourFile, upload.Written);
        Measurement.Settle(() => Encode(batches, options, upload, learnt));
        var ours = new List<double>();
        var theirs = new List<double>();
        double theirFile = 0;
        for (int pair = 0; pair < pairCount; pair++)
        {
            if (await ForeignReaders.DuckDb.CopyAsync(ourFile, folder["theirs.parquet"], format, RoundCount + 1, CancellationToken.None) is { } seconds)
            {
                theirs.Add(Measurement.Median(seconds.Skip(1)));
                theirFile = new FileInfo(folder["theirs.parquet"]).Length / 1e6;
            }

            ours.Add(Measurement.Median(
                Enumerable.Range(0, RoundCount).Select(_ => Measurement.Of(() => Encode(batches, options, upload, learnt)).CpuSeconds)));
        }

        FileMetaData footer = FooterFormat.Read(Footer(upload.Written.Span));
        double[] ratios = [.. theirs.Zip(ours, static (t, o) => t / o).Order()];
        return
        [
            setting, Figure(raw / Measurement.Median(ours), 0),
            .. ratios.Length == 0
                ? (string[])["-", "-", "-", "-"]
                : [Figure(raw / Measurement.Median(theirs), 0), $"**{Figure(Measurement.Median(ratios), 2)}**", Figure(ratios[0], 2), Figure(ratios[^1], 2)],
            Figure(footer.RowGroups.Sum(static g => g.TotalByteSize) / 1e6, 1), Figure(upload.Length / 1e6, 1), Figure(theirFile, 1),
            await ArrowRsFileAsync(ourFile, options.Codec),
        ];
    }

    private static async Task<string> ArrowRsFileAsync(string file, CompressionCodec codec)
    {
        if (await ForeignReaders.Npm.MissingAsync() is not null)
        {
            return "-";
        }

        string script = Path.Combine(Surroundings.RepositoryRoot, "tests", "Lakehouse.Benchmarks", "arrow_rs_size.mjs");
        string name = codec switch { CompressionCodec.Lz4Raw => "LZ4_RAW", _ => codec.ToString().ToUpperInvariant() };
        string printed = await ForeignReaders.Npm.RunAsync(script, [file, name], CancellationToken.None);
        return Figure(double.Parse(printed.Trim(' ', '\n', '[', ']'), CultureInfo.InvariantCulture) / 1e6, 1);
    }

    private static ReadOnlySpan<byte> Footer(ReadOnlySpan<byte> file) =>
        file[..^8][^System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(file[^8..])..];

    private static string Figure(double value, int digits) => value.ToString($"F{digits}", CultureInfo.InvariantCulture);

    private static void Encode(List<RecordBatch> batches, ParquetWriterOptions options, MemoryUpload upload, ColumnWriterState learnt)
    {
        upload.Clear();
        using var writer = new ParquetFileWriter(batches[0].Schema, options, new Dictionary<string, ConstantColumn>(), learnt);
        foreach (RecordBatch batch in batches)
        {
            writer.Write([.. batch.Columns], batch.RowCount);
        }

        // < Nothing waits: the memory takes what it is given at once.
        writer.CompleteAsync(upload, CancellationToken.None).GetAwaiter().GetResult();
    }
}
