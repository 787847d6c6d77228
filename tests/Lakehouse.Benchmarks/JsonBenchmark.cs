using Lakehouse.Columns;
using Lakehouse.Formats;

namespace Lakehouse.Benchmarks;

/// <summary>JSON to columns, beside arrow-json.</summary>
internal static class JsonBenchmark
{
    private const int RoundCount = 3;
    private static readonly int[] BatchRowCounts = [1024, 8192, 65536];

    internal static Report Run(Arguments arguments, NdjsonFile file)
    {
        var report = new Report("JSON to columns", arguments, file);
        using var decoder = new JsonDecoder(TripsSchema.Schema, new JsonDecoderOptions());
        Comparison[] comparisons =
        [
            .. BatchRowCounts.Select(rows => new Comparison($"batches of {rows} rows", file.RowCount, file.JsonByteCount)),
        ];
        long[] allocated = new long[BatchRowCounts.Length];
        Decode(file, decoder, BatchRowCounts[0]);
        for (int pair = 0; pair < arguments.PairCount; pair++)
        {
            ILookup<string, YardstickRound>? yardstick = Yardstick.Bench(arguments);
            for (int i = 0; i < BatchRowCounts.Length; i++)
            {
                int batchRowCount = BatchRowCounts[i];
                Decode(file, decoder, batchRowCount);
                Measurement[] rounds =
                [
                    .. Enumerable.Range(0, RoundCount).Select(_ => Measurement.Of(() => Decode(file, decoder, batchRowCount))),
                ];
                comparisons[i].Add(rounds.Select(r => r.CpuSeconds), yardstick?[$"decode batch={batchRowCount}"]);
                allocated[i] = rounds[^1].AllocatedByteCount;
            }
        }

        report.AddTable("One thread", Comparison.Columns("JSON"), comparisons.Select(c => c.Row()));
        report.AddTable(
            "Managed bytes allocated by a round",
            ["", "batches", "bytes a batch", "bytes a record"],
            BatchRowCounts.Select((rows, i) => Allocations.Row(rows, file.RowCount, allocated[i])));
        return report;
    }

    internal static List<RecordBatch> DecodeAll(NdjsonFile file, int batchRowCount)
    {
        var batches = new List<RecordBatch>();
        using var decoder = new JsonDecoder(TripsSchema.Schema, new JsonDecoderOptions());
        Decode(file, decoder, batchRowCount, batches.Add);
        return batches;
    }

    private static void Decode(NdjsonFile file, JsonDecoder decoder, int batchRowCount) =>
        Decode(file, decoder, batchRowCount, static batch => batch.Dispose());

    private static void Decode(NdjsonFile file, JsonDecoder decoder, int batchRowCount, Action<RecordBatch> receive)
    {
        for (int i = 0; i < file.RowCount; i++)
        {
            if (!decoder.TryDecode(file[i], out DecodeError error))
            {
                throw new InvalidDataException($"Line {i + 1}: {error}");
            }

            if (decoder.RowCount == batchRowCount)
            {
                receive(decoder.Finish());
            }
        }

        receive(decoder.Finish());
    }
}
