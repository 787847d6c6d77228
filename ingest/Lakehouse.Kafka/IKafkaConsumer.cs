namespace Lakehouse.Kafka;

/// <summary>
/// Reads partitions of topics of one cluster. Two implementations: librdkafka, and the simulated log of the tests. Positions are the
/// caller's: group offsets are never read. Transactions are read committed. Thread safe where a method says so.
/// </summary>
public interface IKafkaConsumer : IAsyncDisposable
{
    /// <summary>
    /// The newest error that the client gets over by itself, such as brokers being away; null again once messages arrive. Any thread.
    /// </summary>
    KafkaException? LastError { get; }

    /// <summary>Cluster id and the partitions of the topics. Throws <see cref="KafkaException"/> when a topic does not exist.</summary>
    Task<ClusterDescription> DescribeAsync(IReadOnlyList<string> topics, CancellationToken cancellation);

    /// <summary>First offset still in the log and the offset after the last one (last stable offset).</summary>
    Task<Watermarks> QueryWatermarksAsync(TopicPartition partition, CancellationToken cancellation);

    /// <summary>The first offset whose timestamp is at or after a time, or the log's end when there is none.</summary>
    Task<long> OffsetForTimeAsync(TopicPartition partition, DateTimeOffset time, CancellationToken cancellation);

    /// <summary>Joins the consumer group. From then on <see cref="PollGroupAsync"/> reports what is assigned and revoked.</summary>
    Task SubscribeAsync(IReadOnlyList<string> topics, CancellationToken cancellation);

    /// <summary>
    /// The next change of the assignment, or null when there is none for now. Does not wait. Must be called at least every few seconds:
    /// it is also the sign of life for the group and where errors that need a human are thrown.
    /// </summary>
    ValueTask<GroupEvent?> PollGroupAsync(CancellationToken cancellation);

    /// <summary>
    /// Answers <see cref="GroupEvent.Assigned"/>: reads exactly its partitions from the given offsets. Without a group (never subscribed)
    /// it adds partitions to read.
    /// </summary>
    Task AssignAsync(IReadOnlyList<KeyValuePair<TopicPartition, long>> positions, CancellationToken cancellation);

    /// <summary>Answers <see cref="GroupEvent.Revoked"/>: stops reading exactly its partitions and lets the group have them.</summary>
    Task UnassignAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancellation);

    /// <summary>
    /// The next messages of one assigned partition, in offset order. Returns null when nothing is there; reports the partition's end once
    /// each time it is reached. May be called for different partitions from different threads. The batch is the caller's to dispose.
    /// Throws <see cref="OffsetOutOfRangeException"/> when the log does not have the position.
    /// </summary>
    RawBatch? Poll(TopicPartition partition, int recordCountMax);

    /// <summary>Waits until some assigned partition among these may have messages, or the time has passed.</summary>
    ValueTask WaitAsync(IReadOnlyList<TopicPartition> partitions, TimeSpan atMost, CancellationToken cancellation);

    /// <summary>Mirrors offsets to the group for lag tools. Best effort.</summary>
    Task MirrorOffsetsAsync(IReadOnlyList<KeyValuePair<TopicPartition, long>> offsets, CancellationToken cancellation);
}

/// <summary>The cluster and topics as the brokers describe them.</summary>
/// <param name="ClusterId">The cluster's id.</param>
/// <param name="Partitions">Every partition of the topics, sorted.</param>
/// <param name="TopicIds">Topic ids by topic name; empty where the client library is too old to ask (before librdkafka 2.3).</param>
public sealed record ClusterDescription(
    string ClusterId, IReadOnlyList<TopicPartition> Partitions, IReadOnlyDictionary<string, string> TopicIds);

/// <summary>The offsets a partition still holds: from <paramref name="Low"/> to before <paramref name="High"/>.</summary>
public readonly record struct Watermarks(long Low, long High);

/// <summary>The group gave or took partitions. A closed hierarchy.</summary>
public abstract record GroupEvent
{
    private GroupEvent()
    {
    }

    /// <summary>These partitions (possibly none) are ours: answer with <see cref="IKafkaConsumer.AssignAsync"/>.</summary>
    public sealed record Assigned(IReadOnlyList<TopicPartition> Partitions) : GroupEvent;

    /// <summary>
    /// These partitions go to another member: commit what is in flight, then <see cref="IKafkaConsumer.UnassignAsync"/>. When
    /// <paramref name="Lost"/>, they have gone already and nothing of them may be committed by us under group membership.
    /// </summary>
    public sealed record Revoked(IReadOnlyList<TopicPartition> Partitions, bool Lost) : GroupEvent;
}
