using Lakehouse.Columns;
using Lakehouse.Formats;
using Lakehouse.Ingest;

namespace Lakehouse.Benchmarks;

/// <summary>Expressions over decoded batches of 8192 rows, one thread.</summary>
internal static class ExpressionBenchmark
{
    private const int BatchRows = 8192;

    private static readonly string[] Expressions =
    [
        "date_format(event_time, 'yyyy-MM-dd')",
        "fare >= 0",
        "fare > 10 AND city IN ('c00', 'c01') AND notes IS NOT NULL",
        "fare / distance_km",
        "upper(status)",
    ];

    internal static void Run(NdjsonFile file, int rounds)
    {
        var batches = new List<RecordBatch>();
        using (var decoder = new JsonDecoder(TripsSchema.Schema, new JsonDecoderOptions()))
        {
            for (int i = 0; i < file.RowCount; i++)
            {
                decoder.TryDecode(file[i], out _);
                if (decoder.RowCount == BatchRows)
                {
                    batches.Add(decoder.Finish());
                }
            }

            batches.Add(decoder.Finish());
        }

        foreach (string text in Expressions)
        {
            BoundExpression expression = Expression.Parse(text).Bind(TripsSchema.Schema);
            Measurement.Print(text, rounds, file.RowCount, file.JsonByteCount, () =>
            {
                foreach (RecordBatch batch in batches)
                {
                    expression.Evaluate(batch).Dispose();
                }
            });
        }

        batches.ForEach(batch => batch.Dispose());
    }
}
