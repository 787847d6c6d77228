using System.Text.Json;

namespace Lakehouse.Testing;

/// <summary>A table as a reader of whole tables saw it.</summary>
/// <param name="RowCount">Its rows.</param>
/// <param name="FileNames">The data files that it chose, in ordinal order.</param>
/// <param name="Columns">Each column of the file schema, the five meta columns among them. Empty when there was no row to learn from.</param>
/// <param name="Document">All that the reader said.</param>
public sealed record TableReading(
    long RowCount, IReadOnlyList<string> FileNames, IReadOnlyDictionary<string, ColumnSum> Columns, JsonElement Document)
{
    internal static TableReading Of(JsonElement document, IEnumerable<string?> fileNames) => new(
        document.GetProperty("rows").GetInt64(),
        [.. fileNames.Select(static name => name ?? "").Order(StringComparer.Ordinal)],
        document.GetProperty("columns").EnumerateObject().ToDictionary(
            static c => c.Name,
            static c => new ColumnSum(c.Value.GetProperty("nulls").GetInt64(), c.Value.GetProperty("checksum").GetString() ?? ""),
            StringComparer.Ordinal),
        document);
}

/// <summary>A column's nulls and the sum of one hash per value: equal for the same values in any order, whoever reads them.</summary>
public readonly record struct ColumnSum(long NullCount, string Checksum);

/// <summary>How often each Kafka record, a pair of partition and offset, stands in a table.</summary>
/// <param name="RowCount">Rows.</param>
/// <param name="DistinctCount">Different pairs.</param>
/// <param name="DoubledCount">Pairs that stand more than once.</param>
/// <param name="Partitions">What is there of each Kafka partition.</param>
public sealed record RecordCount(
    long RowCount, long DistinctCount, long DoubledCount, IReadOnlyDictionary<int, PartitionCount> Partitions);

/// <summary>The different offsets of one Kafka partition in a table: the first, the last, how many.</summary>
public readonly record struct PartitionCount(long First, long Last, long Count)
{
    /// <summary>Offsets between the first and the last that are not there.</summary>
    public long HoleCount => Last - First + 1 - Count;
}
