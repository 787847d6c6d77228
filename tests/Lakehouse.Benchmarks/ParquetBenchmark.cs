using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Benchmarks;

/// <summary>Columns to Parquet in memory, beside arrow-rs. Raw bytes are those of Arrow's layout, counted alike on both sides.</summary>
internal static class ParquetBenchmark
{
    private const int BatchRowCount = 8192;
    private const int RoundCount = 3;

    private static readonly (string Name, string Key, CompressionCodec Codec)[] Codecs =
    [
        ("zstd-1", "encode codec=zstd", CompressionCodec.Zstd),
        ("none", "encode codec=none", CompressionCodec.Uncompressed),
    ];

    internal static async Task<Report> RunAsync(Arguments arguments, NdjsonFile file)
    {
        var report = new Report("Columns to Parquet", arguments, file);
        List<RecordBatch> batches = JsonBenchmark.DecodeAll(file, BatchRowCount);
        long rawByteCount = batches.Sum(b => b.ByteCount);
        await using var upload = new MemoryUpload((int)rawByteCount);
        Comparison[] comparisons = [.. Codecs.Select(c => new Comparison(c.Name, file.RowCount, rawByteCount))];
        var sizes = new List<string[]>();
        var allocations = new List<string[]>();
        for (int pair = 0; pair < arguments.PairCount; pair++)
        {
            ILookup<string, YardstickRound>? yardstick = Yardstick.Bench(arguments);
            for (int i = 0; i < Codecs.Length; i++)
            {
                ParquetWriterOptions options = new() { Codec = Codecs[i].Codec };
                Encode(batches, options, upload);
                Measurement[] rounds =
                [
                    .. Enumerable.Range(0, RoundCount).Select(_ => Measurement.Of(() => Encode(batches, options, upload))),
                ];
                YardstickRound[] theirs = [.. yardstick?[Codecs[i].Key] ?? []];
                comparisons[i].Add(rounds.Select(r => r.CpuSeconds), yardstick is null ? null : theirs);
                if (pair == arguments.PairCount - 1)
                {
                    sizes.Add(
                    [
                        Codecs[i].Name, $"{rawByteCount / 1e6:F1}", $"{upload.Length / 1e6:F1}",
                        theirs.Length == 0 ? "-" : $"{theirs[0].FileMegabytes:F0}",
                    ]);
                    allocations.Add([Codecs[i].Name, .. Allocations.Row(BatchRowCount, file.RowCount, rounds[^1].AllocatedByteCount)]);
                }
            }
        }

        report.AddTable("One thread", Comparison.Columns("raw columns"), comparisons.Select(c => c.Row()));
        report.AddTable("Files", ["", "raw columns, MB", "ours, MB", "yardstick, MB"], sizes);
        report.AddTable(
            "Managed bytes allocated by a round, which is one file", ["", "", "batches", "bytes a batch", "bytes a record"], allocations);
        Encode(batches, new ParquetWriterOptions(), upload);
        report.AddTable(
            "Our file with zstd-1, bytes a row",
            ["column", "encoding", "raw", "into zstd", "in the file"],
            await ColumnSizesAsync(upload.Written, batches));
        batches.ForEach(batch => batch.Dispose());
        return report;
    }

    private static void Encode(List<RecordBatch> batches, ParquetWriterOptions options, MemoryUpload upload)
    {
        upload.Clear();
        using var writer = new ParquetFileWriter(TripsSchema.Schema, options, new Dictionary<string, ConstantColumn>(), null);
        ColumnVector?[] columns = new ColumnVector?[TripsSchema.Schema.Count];
        foreach (RecordBatch batch in batches)
        {
            batch.Columns.CopyTo(columns!);
            writer.Write(columns, batch.RowCount);
        }

        // < Nothing waits: the memory takes what it is given at once.
        writer.CompleteAsync(upload, CancellationToken.None).GetAwaiter().GetResult();
    }

    private static async Task<IEnumerable<string[]>> ColumnSizesAsync(ReadOnlyMemory<byte> content, List<RecordBatch> batches)
    {
        var store = new MemoryObjectStore("benchmark", TimeProvider.System);
        await store.PutAsync(new ObjectPath("file.parquet"), content, CancellationToken.None);
        ParquetFileReader file = await ParquetFileReader.OpenAsync(store, new ObjectPath("file.parquet"), CancellationToken.None);
        var rows = new List<string[]>();
        for (int i = 0; i < TripsSchema.Schema.Count; i++)
        {
            ColumnMetaData[] chunks = [.. file.MetaData.RowGroups.Select(g => g.Columns[i].MetaData)];
            rows.Add(Row(
                TripsSchema.Schema[i].Name,
                chunks[0].DictionaryPageOffset is null ? "PLAIN" : "dictionary",
                batches.Sum(b => b.Columns[i].ByteCount),
                chunks.Sum(c => c.TotalUncompressedSize),
                chunks.Sum(c => c.TotalCompressedSize)));
        }

        ColumnMetaData[] all = [.. file.MetaData.RowGroups.SelectMany(g => g.Columns).Select(c => c.MetaData)];
        rows.Add(Row(
            "all", "", batches.Sum(b => b.ByteCount), all.Sum(c => c.TotalUncompressedSize), all.Sum(c => c.TotalCompressedSize)));
        return rows;

        string[] Row(string name, string encoding, params long[] bytes) =>
            [name, encoding, .. bytes.Select(b => $"{(double)b / file.MetaData.NumRows:F2}")];
    }
}
