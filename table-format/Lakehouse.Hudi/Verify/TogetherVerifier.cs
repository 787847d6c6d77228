using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>
/// Proves of a table and all that follow it together that they miss no record. That none is there twice is found while the coordinates of
/// their rows are read into one coverage. Pure.
/// </summary>
public static class TogetherVerifier
{
    /// <summary>
    /// Per topic partition: the rows of all tables are the records that the commits put into any of them. Where rows were erased on purpose
    /// nobody knows of which partition they were, so then all partitions are counted as one.
    /// </summary>
    /// <param name="partitions">What the first table's commits say.</param>
    /// <param name="coverage">The coordinates of the rows of all tables.</param>
    /// <param name="rowsErased">Rows that were erased on purpose, from any of the tables.</param>
    public static ImmutableArray<Finding> Verify(
        ImmutableArray<PartitionSummary> partitions, OffsetCoverage coverage, long rowsErased)
    {
        ArgumentNullException.ThrowIfNull(coverage);
        var counts = partitions
            .GroupBy(static p => (p.Key.Topic, p.Key.Partition))
            .Select(p => (
                Name: FormattableString.Invariant($"{p.Key.Topic}-{p.Key.Partition}"),
                Committed: p.Sum(InTables),
                Found: coverage.CountIn(p.Key.Topic, p.Key.Partition, p.Min(static one => one.FirstOffset), p.Max(static one => one.EndOffset))))
            .ToArray();
        if (rowsErased > 0)
        {
            counts = [("all partitions", counts.Sum(static c => c.Committed) - rowsErased, counts.Sum(static c => c.Found))];
        }

        return
        [
            .. counts.Where(static c => c.Committed != c.Found).Select(static c => new Finding(
                FindingKind.MissingRecord, c.Name, FormattableString.Invariant(
                    $"By the commits {c.Committed} records are in the table and those that follow it, by their rows {c.Found}."))),
        ];
    }

    /// <summary>Replayed dead letters count as dead letters and as what became of them.</summary>
    private static long InTables(PartitionSummary partition) =>
        partition.Written + partition.Routed + partition.DeadLettered - partition.Replayed;
}
