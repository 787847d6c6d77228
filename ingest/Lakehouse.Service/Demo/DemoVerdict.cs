using System.Collections.Immutable;
using Lakehouse.Hudi;

namespace Lakehouse.Service;

/// <summary>Compares what a table holds with what was produced: per partition every count, and the sum of the fares.</summary>
internal static class DemoVerdict
{
    /// <summary>The differences, one sentence each; none when the table holds exactly what was produced.</summary>
    /// <param name="truth">What was produced.</param>
    /// <param name="summaries">What the table's commits say per partition.</param>
    /// <param name="fares">Rows and sum of fares per partition as a query over the rows gives them.</param>
    internal static ImmutableArray<string> Compare(
        IReadOnlyList<PartitionTruth> truth,
        IReadOnlyList<PartitionSummary> summaries,
        IReadOnlyDictionary<int, (long Rows, double Fares)> fares)
    {
        var differences = ImmutableArray.CreateBuilder<string>();
        foreach (PartitionTruth sent in truth)
        {
            PartitionSummary? held = summaries.FirstOrDefault(s => s.Key.Partition == sent.Partition);
            (long rows, double sum) = fares.GetValueOrDefault(sent.Partition);
            Check("first offset", held?.FirstOffset ?? 0, 0);
            Check("offsets", held?.EndOffset ?? 0, sent.Sent);
            Check("records read", held?.Read ?? 0, sent.Sent);
            Check("rows committed", held?.Written ?? 0, sent.Rows);
            Check("records filtered", held?.Filtered ?? 0, sent.Filtered);
            Check("dead letters", held?.DeadLettered ?? 0, sent.DeadLetters);
            Check("rows found", rows, sent.Rows);
            Check("cents of fares", (long)Math.Round(sum * 100), sent.FareCents);

            void Check(string what, long found, long expected)
            {
                if (found != expected)
                {
                    differences.Add($"Partition {sent.Partition}: {Sizes.Count(found)} {what}, but {Sizes.Count(expected)} were produced.");
                }
            }
        }

        return differences.ToImmutable();
    }
}
