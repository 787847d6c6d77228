using System.Text.Json;
using Lakehouse.Kafka;
using Lakehouse.Testing;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// What the log of one topic holds: the oracle. A table's rows at an instant are the log's records below the ends that the instant's ledger
/// names, no more and no fewer.
/// </summary>
internal sealed class LogContents
{
    // The offsets of each partition in order; null when every offset from 0 on has a record.
    private readonly Dictionary<int, List<long>>? _offsets;

    private LogContents(Dictionary<int, List<long>>? offsets) => _offsets = offsets;

    /// <summary>A log without transactions, compaction and expiry.</summary>
    public static LogContents WithoutHoles { get; } = new(null);

    /// <summary>How many records there are.</summary>
    public long RecordCount => _offsets?.Values.Sum(static o => (long)o.Count)
        ?? throw new InvalidOperationException("Such a log is not counted; ask Kafka.");

    /// <summary>Reads a topic to its end, committed records only, and of these, when it is asked for, those of one kind.</summary>
    public static async Task<LogContents> ReadAsync(
        string bootstrapServers, string topic, int partitionCount, Func<ReadOnlySpan<byte>, bool>? isOfKind = null)
    {
        await using KafkaConsumer consumer = new(
            new KafkaConsumerOptions { BootstrapServers = bootstrapServers, Group = "read-" + Guid.NewGuid() }, TimeProvider.System);
        TopicPartition[] partitions = [.. Enumerable.Range(0, partitionCount).Select(p => new TopicPartition(topic, p))];
        await consumer.AssignAsync([.. partitions.Select(p => KeyValuePair.Create(p, 0L))], default);
        var offsets = partitions.ToDictionary(static p => p.Partition, static _ => new List<long>());
        HashSet<TopicPartition> open = [.. partitions];
        while (open.Count > 0)
        {
            await consumer.WaitAsync([.. open], TimeSpan.FromMilliseconds(100), default);
            foreach (TopicPartition partition in open.ToArray())
            {
                using RawBatch? batch = consumer.Poll(partition, 1_000);
                for (int i = 0; i < (batch?.Count ?? 0); i++)
                {
                    if (isOfKind is null || isOfKind(batch!.ValueAt(i)))
                    {
                        offsets[partition.Partition].Add(batch!.OffsetAt(i));
                    }
                }

                if (batch is { ReachedEnd: true })
                {
                    open.Remove(partition);
                }
            }
        }

        return new LogContents(offsets);
    }

    /// <summary>
    /// What a table must hold whose completed instant carries this commit metadata, read here from the raw JSON. The instant of a table that
    /// follows another one names a number of that one, in whose folder the ledger is.
    /// </summary>
    public RecordCount AsOf(ReadOnlyMemory<byte> commitMetadata, string? followed = null)
    {
        using JsonDocument commit = JsonDocument.Parse(commitMetadata);
        JsonElement extra = commit.RootElement.GetProperty("extraMetadata");
        if (followed is null)
        {
            using JsonDocument own = JsonDocument.Parse(extra.GetProperty("lakehouse.ledger").GetString() ?? "");
            return AsOf(own.RootElement);
        }

        using JsonDocument numbers = JsonDocument.Parse(extra.GetProperty("lakehouse.followed").GetString() ?? "");
        long number = numbers.RootElement.EnumerateObject().Single().Value.GetInt64();
        string outcome = Directory.GetFiles(Path.Combine(followed, ".hoodie", ".sequence"), "*.outcome", SearchOption.AllDirectories)
            .Single(f => long.Parse(Path.GetFileNameWithoutExtension(f)) == number);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(outcome));
        return AsOf(document.RootElement.GetProperty("ledger"));
    }

    private RecordCount AsOf(JsonElement ledger)
    {
        var partitions = ledger.GetProperty("entries").EnumerateArray()
            .Select(e => (Partition: e.GetProperty("partition").GetInt32(), Count: Below(
                e.GetProperty("partition").GetInt32(), e.GetProperty("endOffset").GetInt64())))
            .Where(static p => p.Count.Count > 0)
            .ToDictionary(static p => p.Partition, static p => p.Count);
        long records = partitions.Values.Sum(static p => p.Count);
        return new RecordCount(records, records, 0, partitions);
    }

    private PartitionCount Below(int partition, long end)
    {
        if (_offsets is null)
        {
            return new PartitionCount(0, end - 1, end);
        }

        List<long> offsets = _offsets[partition];
        int found = offsets.BinarySearch(end);
        int count = found < 0 ? ~found : found;
        return count == 0 ? default : new PartitionCount(offsets[0], offsets[count - 1], count);
    }
}
