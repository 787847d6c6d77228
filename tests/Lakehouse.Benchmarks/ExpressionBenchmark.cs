using Lakehouse.Columns;
using Lakehouse.Ingest;

namespace Lakehouse.Benchmarks;

/// <summary>Expressions over decoded batches.</summary>
internal static class ExpressionBenchmark
{
    private const int BatchRowCount = 8192;

    private static readonly string[] Expressions =
    [
        "date_format(event_time, 'yyyy-MM-dd')",
        "fare >= 0",
        "fare > 10 AND city IN ('c00', 'c01') AND notes IS NOT NULL",
        "fare / distance_km",
        "upper(status)",
    ];

    internal static Report Run(Arguments arguments, NdjsonFile file)
    {
        var report = new Report("Expressions over columns", arguments, file);
        List<RecordBatch> batches = JsonBenchmark.DecodeAll(file, BatchRowCount);
        report.AddTable(
            "One thread",
            ["", "CPU ns/row", "bytes allocated a batch"],
            Expressions.Select(text => Measure(text, batches, arguments.PairCount, file.RowCount)));
        batches.ForEach(batch => batch.Dispose());
        return report;
    }

    private static string[] Measure(string text, List<RecordBatch> batches, int roundCount, int rowCount)
    {
        BoundExpression expression = Expression.Parse(text).Bind(TripsSchema.Schema);
        void Round()
        {
            foreach (RecordBatch batch in batches)
            {
                expression.Evaluate(batch).Dispose();
            }
        }

        Round();
        Measurement[] rounds = [.. Enumerable.Range(0, roundCount).Select(_ => Measurement.Of(Round))];
        return
        [
            $"`{text}`",
            $"{Measurement.Median(rounds.Select(r => r.CpuSeconds)) * 1e9 / rowCount:F1}",
            $"{(double)rounds[^1].AllocatedByteCount / batches.Count:F0}",
        ];
    }
}
