namespace Lakehouse.Kafka;

/// <summary>A partition of a topic.</summary>
public readonly record struct TopicPartition(string Topic, int Partition) : IComparable<TopicPartition>
{
    /// <inheritdoc/>
    public int CompareTo(TopicPartition other) =>
        string.CompareOrdinal(Topic, other.Topic) is var byTopic and not 0 ? byTopic : Partition.CompareTo(other.Partition);

    /// <summary>The partition as text, such as <c>trips-3</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Topic}-{Partition}");
}
