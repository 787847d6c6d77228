using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Simulation;

/// <summary>
/// Rows of data files as texts with every value, sorted. A file never changes, so one whose bytes were seen before is not decoded again.
/// The meta columns must be those of the file; a wrong one becomes part of the text and so differs from what is expected.
/// </summary>
/// <param name="store">The table's.</param>
/// <param name="toText">A row as text.</param>
/// <param name="areTakenOver">Files may hold rows of files that they replaced, with the instants that wrote them.</param>
internal sealed class TableRows(IObjectStore store, Func<RecordBatch, int, string> toText, bool areTakenOver = false)
{
    private readonly Dictionary<ObjectPath, (byte[] Bytes, List<string> Rows)> _decoded = [];

    internal static string Row(int partition, long offset, string? id, long? at, double? fare, string path) =>
        string.Create(CultureInfo.InvariantCulture, $"{TripLog.Topic}-{partition}-{offset} id={id} at={at} fare={fare:R} in {path}");

    internal static double FareOf(string row)
    {
        int start = row.IndexOf(" fare=", StringComparison.Ordinal) + " fare=".Length;
        return double.Parse(row.AsSpan(start, row.IndexOf(" in ", start, StringComparison.Ordinal) - start), CultureInfo.InvariantCulture);
    }

    internal static string DeadLetter(string topic, int partition, long offset, long timestamp, string? value, string kind) =>
        string.Create(CultureInfo.InvariantCulture, $"{topic}-{partition}-{offset} at {timestamp}: {value ?? "null"} is {kind}");

    internal static string Row(RecordBatch rows, int i) => Row(
        Column(rows, "kafka_partition").Values<int>()[i],
        Column(rows, "kafka_offset").Values<long>()[i],
        Text(rows, "id", i),
        Column(rows, "at") is var at && at.IsValid(i) ? at.Values<long>()[i] : null,
        Column(rows, "fare") is var fare && fare.IsValid(i) ? fare.Values<double>()[i] : null,
        "dt=" + (Text(rows, "dt", i) ?? "__HIVE_DEFAULT_PARTITION__"));

    internal static string DeadLetter(RecordBatch rows, int i) => DeadLetter(
        Text(rows, "kafka_topic", i)!,
        Column(rows, "kafka_partition").Values<int>()[i],
        Column(rows, "kafka_offset").Values<long>()[i],
        Column(rows, "kafka_timestamp").Values<long>()[i],
        Text(rows, "kafka_value", i),
        Text(rows, "kind", i)!);

    internal async Task<List<string>> ReadAsync(IEnumerable<ObjectPath> files)
    {
        List<string> rows = [];
        foreach (ObjectPath file in files)
        {
            rows.AddRange(await ReadAsync(file));
        }

        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    private async Task<List<string>> ReadAsync(ObjectPath file)
    {
        byte[] bytes = await store.GetAsync(file, CancellationToken.None)
            ?? throw new SimulationOracleException($"'{file}' is named and not there.");
        if (_decoded.TryGetValue(file, out var known) && known.Bytes.AsSpan().SequenceEqual(bytes))
        {
            return known.Rows;
        }

        List<string> rows = [];
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, file, CancellationToken.None);
        await foreach (RecordBatch batch in reader.ReadAsync(null, CancellationToken.None))
        {
            for (int i = 0; i < batch.RowCount; i++)
            {
                string text = toText(batch, i);
                rows.Add(MetaOf(batch, i) is var meta && IsOf(file, meta, text) ? text : $"{text} with {meta} in {file}");
            }

            batch.Dispose();
        }

        _decoded[file] = (bytes, rows);
        return rows;
    }

    private static (string? Instant, string? Sequence, string? Key, string? Folder, string? File) MetaOf(RecordBatch rows, int i) => (
        Text(rows, MetaColumns.CommitTime, i), Text(rows, MetaColumns.CommitSeqno, i), Text(rows, MetaColumns.RecordKey, i),
        Text(rows, MetaColumns.PartitionPath, i), Text(rows, MetaColumns.FileName, i));

    private bool IsOf(
        ObjectPath file, (string? Instant, string? Sequence, string? Key, string? Folder, string? File) meta, string text) =>
        DataFileName.TryParse(file.Name, out DataFileName name)
        && (meta.Instant == name.Instant || (areTakenOver && string.CompareOrdinal(meta.Instant, name.Instant) < 0))
        && meta.File == file.Name && meta.Folder == file.Parent.Value
        && meta.Sequence == meta.Key && text.StartsWith(meta.Sequence + " ", StringComparison.Ordinal);

    private static ColumnVector Column(RecordBatch rows, string name) => rows.Columns[rows.Schema.IndexOf(name)];

    private static string? Text(RecordBatch rows, string name, int i) =>
        Column(rows, name) is var column && column.IsValid(i) ? Encoding.UTF8.GetString(column.BytesAt(i)) : null;
}
