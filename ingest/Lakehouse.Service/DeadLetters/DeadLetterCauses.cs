using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary>Why records are bad, all with the same cause.</summary>
/// <param name="Kind">The class of the error.</param>
/// <param name="Column">The column to blame, or null.</param>
/// <param name="Reason">The sentence, without the place in the message.</param>
/// <param name="Count">How many.</param>
/// <param name="First">The oldest of them.</param>
/// <param name="Last">The newest.</param>
/// <param name="Example">The oldest one's message, shortened; null when it has no value.</param>
internal sealed record DeadLetterCause(
    string Kind, string? Column, string Reason, long Count, RecordPlace First, RecordPlace Last, string? Example);

/// <summary>Where a record is in the log, ordered by its time first, because offsets of partitions do not compare.</summary>
internal readonly record struct RecordPlace(long Timestamp, string Topic, int Partition, long Offset) : IComparable<RecordPlace>
{
    /// <inheritdoc/>
    public int CompareTo(RecordPlace other)
    {
        int order = Timestamp.CompareTo(other.Timestamp);
        order = order != 0 ? order : string.CompareOrdinal(Topic, other.Topic);
        order = order != 0 ? order : Partition.CompareTo(other.Partition);
        return order != 0 ? order : Offset.CompareTo(other.Offset);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Topic}-{Partition} {Offset}");
}

/// <summary>Groups dead letters by what was wrong with them.</summary>
internal sealed partial class DeadLetterCauses
{
    private const int ExampleCharactersMax = 500;
    private static readonly string[] Columns =
        ["kafka_topic", "kafka_partition", "kafka_offset", "kafka_timestamp", "kafka_value", "kind", "reason"];

    private readonly Dictionary<(string, string?, string), DeadLetterCause> _causes = [];

    /// <summary>The causes so far, the most frequent one first.</summary>
    internal IReadOnlyList<DeadLetterCause> All => [.. _causes.Values.OrderByDescending(c => c.Count).ThenBy(c => c.First)];

    /// <summary>Reads all dead letters of a table; the most frequent cause first.</summary>
    internal static async Task<IReadOnlyList<DeadLetterCause>> ReadAsync(HudiTable table, CancellationToken cancellation)
    {
        var causes = new DeadLetterCauses();
        TableSnapshot snapshot = await table.SnapshotAsync(atInstant: null, cancellation);
        await foreach ((_, Task<ParquetFileReader> opening) in table.OpenAheadAsync(snapshot.FileSlices, cancellation))
        {
            ParquetFileReader reader = await opening;
            await foreach (RecordBatch batch in reader.ReadAsync(Columns, cancellation))
            {
                using (batch)
                {
                    causes.Add(batch);
                }
            }
        }

        return causes.All;
    }

    /// <summary>Takes rows with the columns of dead letters, in any order. They stay the caller's.</summary>
    internal void Add(RecordBatch batch)
    {
        ColumnVector[] columns = [.. Columns.Select(name => batch.Columns[batch.Schema.IndexOf(name)])];
        for (int row = 0; row < batch.RowCount; row++)
        {
            Add(columns, row);
        }
    }

    /// <summary>Takes a reason apart: "Kind in column 'x' at byte 7: Sentence".</summary>
    internal static (string? Column, string Sentence) Split(string reason)
    {
        Match match = Reason().Match(reason);
        return match.Success
            ? (match.Groups[1].Success ? match.Groups[1].Value : null, match.Groups[2].Value)
            : (null, reason);
    }

    private void Add(ColumnVector[] columns, int row)
    {
        string kind = Text(columns[5], row);
        (string? column, string sentence) = Split(Text(columns[6], row));
        ColumnVector times = columns[3];
        var place = new RecordPlace(
            times.IsValid(row) ? times.Values<long>()[row] : 0,
            Text(columns[0], row),
            columns[1].Values<int>()[row],
            columns[2].Values<long>()[row]);
        if (!_causes.TryGetValue((kind, column, sentence), out DeadLetterCause? cause))
        {
            _causes[(kind, column, sentence)] = new DeadLetterCause(kind, column, sentence, 1, place, place, Example(columns[4], row));
            return;
        }

        bool isOldest = place.CompareTo(cause.First) < 0;
        _causes[(kind, column, sentence)] = cause with
        {
            Count = cause.Count + 1,
            First = isOldest ? place : cause.First,
            Last = place.CompareTo(cause.Last) > 0 ? place : cause.Last,
            Example = isOldest ? Example(columns[4], row) : cause.Example,
        };
    }

    private static string Text(ColumnVector column, int row) => Encoding.UTF8.GetString(column.BytesAt(row));

    private static string? Example(ColumnVector values, int row)
    {
        if (!values.IsValid(row))
        {
            return null;
        }

        ReadOnlySpan<byte> value = values.BytesAt(row);
        string text = Encoding.UTF8.GetString(value[..Math.Min(value.Length, 4 * ExampleCharactersMax)]);
        return text.Length > ExampleCharactersMax ? text[..(ExampleCharactersMax - 1)] + "…" : text;
    }

    [GeneratedRegex(@"^\w+(?: in column '([^']*)')? at byte \d+: (.*)$", RegexOptions.Singleline)]
    private static partial Regex Reason();
}
