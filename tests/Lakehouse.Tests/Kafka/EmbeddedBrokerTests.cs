using Lakehouse.Kafka;
using Xunit;

namespace Lakehouse.Tests;

public class EmbeddedBrokerTests
{
    [Fact]
    public async Task Every_message_arrives_once_with_key_value_and_time_and_the_end_is_told()
    {
        using EmbeddedBroker broker = KafkaReading.StartBroker("trips", 2);
        using var producer = KafkaReading.Producer(broker.BootstrapServers);
        for (int i = 0; i < 2000; i++)
        {
            KafkaReading.Produce(producer, new("trips", i % 2), $"k{i}", i % 7 == 0 ? null : $"v{i}", 1000 + i);
        }

        await producer.FlushAsync(CancellationToken.None);
        await using KafkaConsumer consumer = KafkaReading.Consumer(broker.BootstrapServers);
        ClusterDescription cluster = await consumer.DescribeAsync(["trips"], CancellationToken.None);
        Assert.Equal([new("trips", 0), new("trips", 1)], cluster.Partitions);
        Assert.NotEmpty(cluster.ClusterId);
        Assert.Equal(new Watermarks(0, 1000), await consumer.QueryWatermarksAsync(new("trips", 1), CancellationToken.None));
        await consumer.AssignAsync([new(new("trips", 0), 0), new(new("trips", 1), 400)], CancellationToken.None);

        List<KafkaReading.Seen> seen = await KafkaReading.ReadToEndAsync(consumer, cluster.Partitions);
        Assert.Equal(Enumerable.Range(0, 1000).Select(n => (long)n), seen.Where(s => s.Partition == 0).Select(s => s.Offset));
        Assert.Equal(Enumerable.Range(400, 600).Select(n => (long)n), seen.Where(s => s.Partition == 1).Select(s => s.Offset));
        Assert.All(seen, s =>
        {
            long i = (2 * s.Offset) + s.Partition;
            Assert.Equal(($"k{i}", i % 7 == 0 ? null : $"v{i}", 1000 + i), (s.Key, s.Value, s.TimestampMillis));
        });
    }

    [Fact]
    public async Task An_empty_value_is_not_a_tombstone_and_an_empty_key_is_not_null()
    {
        using EmbeddedBroker broker = KafkaReading.StartBroker("trips", 1);
        using var producer = KafkaReading.Producer(broker.BootstrapServers);
        KafkaReading.Produce(producer, new("trips", 0), "", "", 1);
        KafkaReading.Produce(producer, new("trips", 0), null, null, 2);
        await producer.FlushAsync(CancellationToken.None);
        await using KafkaConsumer consumer = KafkaReading.Consumer(broker.BootstrapServers);
        await consumer.AssignAsync([new(new("trips", 0), 0)], CancellationToken.None);
        List<KafkaReading.Seen> seen = await KafkaReading.ReadToEndAsync(consumer, [new("trips", 0)]);
        Assert.Equal(("", ""), (seen[0].Key, seen[0].Value));
        Assert.Equal<(string?, string?)>((null, null), (seen[1].Key, seen[1].Value));
    }

    [Fact]
    public async Task The_end_is_told_again_after_more_has_come_and_waiting_ends_when_it_comes()
    {
        using EmbeddedBroker broker = KafkaReading.StartBroker("trips", 1);
        using var producer = KafkaReading.Producer(broker.BootstrapServers);
        await using KafkaConsumer consumer = KafkaReading.Consumer(broker.BootstrapServers);
        TopicPartition partition = new("trips", 0);
        await consumer.AssignAsync([new(partition, 0)], CancellationToken.None);
        Assert.Empty(await KafkaReading.ReadToEndAsync(consumer, [partition]));
        KafkaReading.Produce(producer, partition, null, "a", 1);
        await producer.FlushAsync(CancellationToken.None);
        long start = TimeProvider.System.GetTimestamp();
        await consumer.WaitAsync([partition], TimeSpan.FromSeconds(30), CancellationToken.None);
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Single(await KafkaReading.ReadToEndAsync(consumer, [partition]));
    }

    [Fact]
    public async Task A_partition_taken_back_and_given_again_is_read_from_the_new_position()
    {
        using EmbeddedBroker broker = KafkaReading.StartBroker("trips", 1);
        using var producer = KafkaReading.Producer(broker.BootstrapServers);
        TopicPartition partition = new("trips", 0);
        for (int i = 0; i < 500; i++)
        {
            KafkaReading.Produce(producer, partition, null, $"{i}", i);
        }

        await producer.FlushAsync(CancellationToken.None);
        await using KafkaConsumer consumer = KafkaReading.Consumer(broker.BootstrapServers);
        await consumer.AssignAsync([new(partition, 0)], CancellationToken.None);
        await consumer.WaitAsync([partition], TimeSpan.FromSeconds(30), CancellationToken.None);
        consumer.Poll(partition, 10)?.Dispose();
        await consumer.UnassignAsync([partition], CancellationToken.None);
        Assert.Throws<InvalidOperationException>(() => consumer.Poll(partition, 10));
        await consumer.AssignAsync([new(partition, 490)], CancellationToken.None);
        Assert.Equal(
            Enumerable.Range(490, 10).Select(n => (long)n),
            (await KafkaReading.ReadToEndAsync(consumer, [partition])).Select(s => s.Offset));
    }

    [Fact]
    public async Task A_topic_that_is_not_there_is_named()
    {
        using EmbeddedBroker broker = KafkaReading.StartBroker("trips", 1);
        await using KafkaConsumer consumer = KafkaReading.Consumer(broker.BootstrapServers);
        KafkaException error = await Assert.ThrowsAsync<KafkaException>(() => consumer.DescribeAsync(["trips", "tirps"], CancellationToken.None));
        Assert.StartsWith("Topic tirps does not exist", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_property_is_an_error_that_names_it()
    {
        KafkaException error = Assert.Throws<KafkaException>(() => KafkaReading.Consumer("localhost:1", "g", ("fetch.mn.bytes", "1")));
        Assert.Contains("fetch.mn.bytes", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
    }

    [Fact]
    public void A_property_that_exactly_once_depends_on_cannot_be_set() => Assert.Contains(
        "isolation.level is always read_committed",
        Assert.Throws<KafkaException>(() => KafkaReading.Consumer("localhost:1", "g", ("isolation.level", "read_uncommitted"))).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("45000", "300000", 45_000)]
    [InlineData("6000", "8000", 4_000)]
    public void What_is_given_back_may_be_committed_for_half_the_poll_interval_and_no_longer_than_a_session(
        string session, string poll, int expectedMillis) => Assert.Equal(
        TimeSpan.FromMilliseconds(expectedMillis),
        new KafkaConsumerOptions
        {
            BootstrapServers = "localhost:1",
            Group = "g",
            Properties = new Dictionary<string, string> { ["session.timeout.ms"] = session, ["max.poll.interval.ms"] = poll },
        }.GiveBackWithin);

    [Fact]
    public async Task Brokers_that_are_away_are_an_error_one_can_read_while_the_client_goes_on()
    {
        await using KafkaConsumer consumer = KafkaReading.Consumer("127.0.0.1:1");
        for (int i = 0; i < 200 && consumer.LastError is null; i++)
        {
            Assert.Null(await consumer.PollGroupAsync(CancellationToken.None));
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.NotNull(consumer.LastError);
        Assert.True(consumer.LastError.IsTransient);
        Assert.Contains("127.0.0.1:1", consumer.LastError.Message, StringComparison.Ordinal);
    }
}
