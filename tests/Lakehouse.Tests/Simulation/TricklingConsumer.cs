using Lakehouse.Kafka;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Simulation;

/// <summary>Messages arrive a few at a time and with pauses, as from a network, so that a log is spread over several checkpoints.</summary>
internal sealed class TricklingConsumer(SimulatedConsumer inner, SimulatedWorld world) : IKafkaConsumer
{
    private const int RecordCountMax = 6;

    public KafkaException? LastError => inner.LastError;

    public Task<ClusterDescription> DescribeAsync(IReadOnlyList<string> topics, CancellationToken cancellation) =>
        inner.DescribeAsync(topics, cancellation);

    public Task<Watermarks> QueryWatermarksAsync(TopicPartition partition, CancellationToken cancellation) =>
        inner.QueryWatermarksAsync(partition, cancellation);

    public Task<long> OffsetForTimeAsync(TopicPartition partition, DateTimeOffset time, CancellationToken cancellation) =>
        inner.OffsetForTimeAsync(partition, time, cancellation);

    public Task SubscribeAsync(IReadOnlyList<string> topics, CancellationToken cancellation) => inner.SubscribeAsync(topics, cancellation);

    public ValueTask<GroupEvent?> PollGroupAsync(CancellationToken cancellation) => inner.PollGroupAsync(cancellation);

    public Task AssignAsync(IReadOnlyList<KeyValuePair<TopicPartition, long>> positions, CancellationToken cancellation) =>
        inner.AssignAsync(positions, cancellation);

    public Task UnassignAsync(IReadOnlyList<TopicPartition> partitions, CancellationToken cancellation) =>
        inner.UnassignAsync(partitions, cancellation);

    public RawBatch? Poll(TopicPartition partition, int recordCountMax) =>
        world.Random.Next(2) == 0 ? null : inner.Poll(partition, Math.Min(recordCountMax, RecordCountMax));

    public async ValueTask WaitAsync(IReadOnlyList<TopicPartition> partitions, TimeSpan atMost, CancellationToken cancellation)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(world.Random.Next(10, 90)), world.Time, cancellation);
        await inner.WaitAsync(partitions, atMost, cancellation);
    }

    public Task MirrorOffsetsAsync(IReadOnlyList<KeyValuePair<TopicPartition, long>> offsets, CancellationToken cancellation) =>
        inner.MirrorOffsetsAsync(offsets, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
