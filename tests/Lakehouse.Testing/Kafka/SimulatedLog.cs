using Lakehouse.Kafka;

namespace Lakehouse.Testing;

/// <summary>
/// A Kafka cluster in memory: topics, partitions, transactions, compaction, retention and consumer groups, all deterministic. It survives
/// the simulated process, whose <see cref="SimulatedConsumer"/> dies with it. Thread safe.
/// </summary>
public sealed class SimulatedLog(string clusterId = "simulated-cluster")
{
    private readonly SortedDictionary<TopicPartition, SimulatedPartition> _partitions = [];
    private readonly Dictionary<string, int> _incarnations = [];
    private readonly Dictionary<string, SimulatedGroup> _groups = [];

    /// <summary>The cluster's id; change it to simulate another cluster behind the same address.</summary>
    public string ClusterId { get; set; } = clusterId;

    /// <summary>Whether its groups rebalance cooperatively; to be set before anybody joins.</summary>
    public bool IsCooperative { get; set; }

    internal Lock Gate { get; } = new();

    /// <summary>Creates a topic, or adds partitions to it.</summary>
    public void CreateTopic(string topic, int partitionCount)
    {
        lock (Gate)
        {
            _incarnations.TryAdd(topic, 1);
            for (int partition = 0; partition < partitionCount; partition++)
            {
                _partitions.TryAdd(new TopicPartition(topic, partition), new SimulatedPartition());
            }

            foreach (SimulatedGroup group in _groups.Values)
            {
                group.Rebalance();
            }
        }
    }

    /// <summary>Deletes a topic and creates it anew: same name, another id, empty.</summary>
    public void RecreateTopic(string topic, int partitionCount)
    {
        lock (Gate)
        {
            foreach (TopicPartition partition in PartitionsOf(topic))
            {
                _partitions.Remove(partition);
            }

            _incarnations[topic]++;
            CreateTopic(topic, partitionCount);
        }
    }

    /// <summary>Appends a message and returns its offset.</summary>
    public long Append(TopicPartition partition, byte[]? key, byte[]? value, long timestampMillis)
    {
        lock (Gate)
        {
            return At(partition).Append(key, value, timestampMillis);
        }
    }

    /// <summary>Uses up offsets without messages, as transaction markers do.</summary>
    public void AppendHole(TopicPartition partition, int offsetCount)
    {
        lock (Gate)
        {
            At(partition).AppendHole(offsetCount);
        }
    }

    /// <summary>What is appended from now on is not visible before <see cref="EndTransaction"/>.</summary>
    public void BeginTransaction(TopicPartition partition)
    {
        lock (Gate)
        {
            At(partition).BeginTransaction();
        }
    }

    /// <summary>Ends the open transaction with a marker (one offset); aborted messages leave a hole.</summary>
    public void EndTransaction(TopicPartition partition, bool commit)
    {
        lock (Gate)
        {
            At(partition).EndTransaction(commit);
        }
    }

    /// <summary>Log compaction: messages that are not kept leave holes.</summary>
    public void Compact(TopicPartition partition, Func<SimulatedRecord, bool> keep)
    {
        lock (Gate)
        {
            At(partition).Compact(keep);
        }
    }

    /// <summary>Retention: the log now starts at this offset.</summary>
    public void TrimTo(TopicPartition partition, long low)
    {
        lock (Gate)
        {
            At(partition).TrimTo(low);
        }
    }

    /// <summary>First offset in the log and the last stable offset.</summary>
    public Watermarks Watermarks(TopicPartition partition)
    {
        lock (Gate)
        {
            return At(partition).Watermarks;
        }
    }

    /// <summary>All messages that a reader of committed messages can see now: the oracle's input.</summary>
    public IReadOnlyList<SimulatedRecord> Records(TopicPartition partition)
    {
        lock (Gate)
        {
            return At(partition).StableRecords();
        }
    }

    /// <summary>Offsets mirrored to a group, by partition.</summary>
    public IReadOnlyDictionary<TopicPartition, long> MirroredOffsets(string group)
    {
        lock (Gate)
        {
            return new SortedDictionary<TopicPartition, long>(Group(group).MirroredOffsets);
        }
    }

    /// <summary>The group gives up on a member that it has not heard of: it learns of that only when it polls the group again.</summary>
    public void Expel(SimulatedConsumer consumer)
    {
        lock (Gate)
        {
            Group(consumer.Group).Expel(consumer);
        }
    }

    /// <summary>The group deals its partitions anew, as when its coordinator moves to another broker.</summary>
    public void Rebalance(string group)
    {
        lock (Gate)
        {
            Group(group).Rebalance();
        }
    }

    internal SimulatedPartition At(TopicPartition partition) => _partitions.TryGetValue(partition, out SimulatedPartition? found)
        ? found
        : throw new KafkaException($"{partition} does not exist.", "UNKNOWN_TOPIC_OR_PART", isTransient: false);

    internal SimulatedGroup Group(string name)
    {
        if (!_groups.TryGetValue(name, out SimulatedGroup? group))
        {
            _groups.Add(name, group = new SimulatedGroup(this));
        }

        return group;
    }

    internal string TopicId(string topic) => _incarnations.TryGetValue(topic, out int incarnation)
        ? FormattableString.Invariant($"id-{topic}-{incarnation}")
        : throw new KafkaException($"Topic {topic} does not exist.", "UNKNOWN_TOPIC_OR_PART", isTransient: false);

    internal TopicPartition[] PartitionsOf(string topic) => [.. _partitions.Keys.Where(partition => partition.Topic == topic)];
}
