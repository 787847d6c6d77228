using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Hudi;

/// <summary>Reads the Kafka coordinates of every row, where a table keeps them as columns.</summary>
public static class OffsetReader
{
    private const string PartitionColumn = "kafka_partition";
    private const string OffsetColumn = "kafka_offset";
    private const string TopicColumn = "kafka_topic";

    /// <summary>Why the rows of a table do not tell their coordinates, or null when they do.</summary>
    public static string? WhyImpossible(Schema schema, IEnumerable<OffsetRange> ranges)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (schema.IndexOf(PartitionColumn) < 0 || schema.IndexOf(OffsetColumn) < 0)
        {
            return $"the table has no columns {PartitionColumn} and {OffsetColumn} (table: kafka_columns: [partition, offset])";
        }

        if (ranges.Any(r => r.JumpedFrom > r.Start))
        {
            return "a topic was recreated, so its offsets are there twice rightly";
        }

        bool severalTopics = ranges.Select(r => (r.Key.Cluster, r.Key.Topic)).Distinct().Skip(1).Any();
        return severalTopics && schema.IndexOf(TopicColumn) < 0
            ? $"the table holds several topics and has no column {TopicColumn} (table: kafka_columns: [topic, partition, offset])"
            : null;
    }

    /// <summary>Reads all files of a snapshot into a coverage.</summary>
    public static async Task<OffsetCoverage> ReadAsync(
        HudiTable table, TableSnapshot snapshot, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(snapshot);
        var coverage = new OffsetCoverage();
        Dictionary<string, OffsetRange[]> ranges = snapshot.Timeline.ToDictionary(i => i.Time, i => i.Metadata.Ranges.ToArray());
        bool hasTopic = table.Config.Schema.IndexOf(TopicColumn) >= 0;
        string[] columns = hasTopic ? [PartitionColumn, OffsetColumn, TopicColumn] : [PartitionColumn, OffsetColumn];
        foreach (FileSlice file in snapshot.FileSlices)
        {
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(table.Store, file.Path, cancellation);
            OffsetRange[] own = ranges.GetValueOrDefault(file.Instant) ?? [];
            await foreach (RecordBatch batch in reader.ReadAsync(columns, cancellation))
            {
                using (batch)
                {
                    Add(coverage, file.Path.Value, batch, hasTopic, own);
                }
            }
        }

        return coverage;
    }

    private static void Add(OffsetCoverage coverage, string path, RecordBatch batch, bool hasTopic, OffsetRange[] ranges)
    {
        ReadOnlySpan<int> partitions = batch.Columns[batch.Schema.IndexOf(PartitionColumn)].Values<int>();
        ReadOnlySpan<long> offsets = batch.Columns[batch.Schema.IndexOf(OffsetColumn)].Values<long>();
        if (!hasTopic)
        {
            coverage.Add(path, "", partitions, offsets, ranges);
            return;
        }

        ColumnVector topics = batch.Columns[batch.Schema.IndexOf(TopicColumn)];
        int start = 0;
        while (start < batch.RowCount)
        {
            int end = start + 1;
            while (end < batch.RowCount && topics.BytesAt(end).SequenceEqual(topics.BytesAt(start)))
            {
                end++;
            }

            string topic = Encoding.UTF8.GetString(topics.BytesAt(start));
            coverage.Add(path, topic, partitions[start..end], offsets[start..end], ranges);
            start = end;
        }
    }
}
