using Lakehouse.Kafka;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests;

/// <summary>The consumer against a real Kafka.</summary>
public sealed class RealKafkaTests(RealKafka kafka) : IClassFixture<RealKafka>
{
    private string Servers => kafka.Service.BootstrapServers;

    [Fact]
    public async Task A_hundred_thousand_messages_on_four_partitions_arrive_exactly_once_and_a_seek_reads_the_rest()
    {
        TopicPartition[] partitions = CreateTopic("many", 4);
        using var producer = KafkaReading.Producer(Servers);
        for (int i = 0; i < 100_000; i++)
        {
            KafkaReading.Produce(producer, partitions[i % 4], null, $"{i}", i);
        }

        await producer.FlushAsync(CancellationToken.None);
        await using (KafkaConsumer consumer = KafkaReading.Consumer(Servers))
        {
            Assert.Equal("MkU3OEVBNTcwNTJENDM2Qg", (await consumer.DescribeAsync(["many"], CancellationToken.None)).ClusterId);
            await consumer.AssignAsync([.. partitions.Select(p => KeyValuePair.Create(p, 0L))], CancellationToken.None);
            var ends = new Dictionary<TopicPartition, long>();
            List<KafkaReading.Seen> seen = await KafkaReading.ReadToEndAsync(consumer, partitions, ends);
            Assert.Equal(100_000, seen.Count);
            Assert.Equal(100_000, seen.Select(s => s.Value).Distinct().Count());
            Assert.All(seen, s => Assert.Equal($"{(4 * s.Offset) + s.Partition}", s.Value));
            Assert.All(partitions, p => Assert.Equal(25_000, ends[p]));
            Assert.Equal(500, await consumer.OffsetForTimeAsync(partitions[1], DateTimeOffset.FromUnixTimeMilliseconds(2001), CancellationToken.None));
            Assert.Equal(25_000, await consumer.OffsetForTimeAsync(partitions[1], DateTimeOffset.UtcNow, CancellationToken.None));
        }

        await using KafkaConsumer second = KafkaReading.Consumer(Servers);
        await second.AssignAsync([new(partitions[2], 24_990), new(partitions[3], 25_000)], CancellationToken.None);
        Assert.Equal(
            Enumerable.Range(24_990, 10).Select(n => (long)n),
            (await KafkaReading.ReadToEndAsync(second, partitions[2..])).Select(s => s.Offset));
    }

    [Fact]
    public async Task Aborted_transactions_are_skipped_and_the_end_lies_behind_the_markers()
    {
        TopicPartition[] partitions = CreateTopic("transactions", 1);
        using var producer = KafkaReading.Producer(Servers, ("transactional.id", "t1"));
        producer.InitTransactions();
        foreach ((string value, bool commit) in new[] { ("a", true), ("b", false), ("c", true), ("d", false) })
        {
            producer.BeginTransaction();
            KafkaReading.Produce(producer, partitions[0], null, value, 1);
            await (commit ? producer.CommitTransactionAsync(CancellationToken.None) : producer.AbortTransactionAsync(CancellationToken.None));
        }

        // An open transaction hides what comes after its start.
        producer.BeginTransaction();
        KafkaReading.Produce(producer, partitions[0], null, "e", 1);
        await producer.FlushAsync(CancellationToken.None);

        await using KafkaConsumer consumer = KafkaReading.Consumer(Servers);
        Assert.Equal(new Watermarks(0, 8), await consumer.QueryWatermarksAsync(partitions[0], CancellationToken.None));
        await consumer.AssignAsync([new(partitions[0], 0)], CancellationToken.None);
        var ends = new Dictionary<TopicPartition, long>();
        List<KafkaReading.Seen> seen = await KafkaReading.ReadToEndAsync(consumer, partitions, ends);
        Assert.Equal([("a", 0L), ("c", 4L)], seen.Select(s => (s.Value!, s.Offset)));
        Assert.Equal(8, ends[partitions[0]]);
        await producer.CommitTransactionAsync(CancellationToken.None);
        seen = await KafkaReading.ReadToEndAsync(consumer, partitions, ends);
        Assert.Equal([("e", 8L)], seen.Select(s => (s.Value!, s.Offset)));
        Assert.Equal(10, ends[partitions[0]]);
    }

    [Fact]
    public async Task A_compacted_log_with_holes_and_tombstones_is_read_to_its_end()
    {
        using var admin = new KafkaAdmin(Servers, TimeProvider.System);
        admin.CreateTopic("compacted", 1, ("cleanup.policy", "compact"), ("min.cleanable.dirty.ratio", "0.01"), ("segment.ms", "100"),
            ("max.compaction.lag.ms", "100"), ("delete.retention.ms", "600000"), ("file.delete.delay.ms", "0"));
        TopicPartition partition = new("compacted", 0);
        using var producer = KafkaReading.Producer(Servers);
        for (int i = 0; i < 400; i++)
        {
            long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            KafkaReading.Produce(producer, partition, $"k{i % 4}", i % 4 == 3 ? null : $"v{i}", now);
            if (i % 100 == 99)
            {
                await producer.FlushAsync(CancellationToken.None);
                await Task.Delay(300, TestContext.Current.CancellationToken);
            }
        }

        List<KafkaReading.Seen> seen = [];
        Dictionary<TopicPartition, long> ends = [];
        for (int attempt = 0; attempt < 120 && seen.Count is 0 or 400; attempt++)
        {
            await Task.Delay(500, TestContext.Current.CancellationToken);
            await using KafkaConsumer consumer = KafkaReading.Consumer(Servers);
            await consumer.AssignAsync([new(partition, 0)], CancellationToken.None);
            seen = await KafkaReading.ReadToEndAsync(consumer, [partition], ends);
        }

        Assert.InRange(seen.Count, 4, 399);
        Assert.Equal(400, ends[partition]);
        Assert.Equal(["v396", "v397", "v398", null], seen.TakeLast(4).Select(s => s.Value));
        Assert.Equal(seen.OrderBy(s => s.Offset), seen);
    }

    [Fact]
    public async Task Offsets_that_are_not_in_the_log_are_an_error_with_both_watermarks()
    {
        TopicPartition[] partitions = CreateTopic("expired", 2);
        using var producer = KafkaReading.Producer(Servers);
        for (int i = 0; i < 200; i++)
        {
            KafkaReading.Produce(producer, partitions[i % 2], null, $"{i}", i);
        }

        await producer.FlushAsync(CancellationToken.None);
        using var admin = new KafkaAdmin(Servers, TimeProvider.System);
        admin.DeleteRecords(partitions[0], 60);
        await using KafkaConsumer consumer = KafkaReading.Consumer(Servers);
        await consumer.AssignAsync([new(partitions[0], 10), new(partitions[1], 500)], CancellationToken.None);
        foreach ((TopicPartition partition, long offset, Watermarks held) in new[]
            { (partitions[0], 10L, new Watermarks(60, 100)), (partitions[1], 500L, new Watermarks(0, 100)) })
        {
            OffsetOutOfRangeException error = await Assert.ThrowsAsync<OffsetOutOfRangeException>(
                () => KafkaReading.ReadToEndAsync(consumer, [partition]));
            Assert.Equal((partition, offset, held), (error.Partition, error.Offset, error.Watermarks));
        }
    }

    [Theory]
    [InlineData("range", 4)]
    [InlineData("cooperative-sticky", 2)]
    public async Task Two_members_share_the_partitions_and_one_that_leaves_hands_them_over(string strategy, int revokedAtOnce)
    {
        string topic = "shared-" + strategy;
        TopicPartition[] partitions = CreateTopic(topic, 4);
        using var producer = KafkaReading.Producer(Servers);
        foreach (TopicPartition partition in partitions)
        {
            KafkaReading.Produce(producer, partition, null, "1", 1);
        }

        await producer.FlushAsync(CancellationToken.None);
        (string, string)[] properties = [("partition.assignment.strategy", strategy), ("heartbeat.interval.ms", "200")];
        var group = new KafkaReading.Group();
        await using KafkaConsumer a = KafkaReading.Consumer(Servers, topic, properties);
        await using (KafkaConsumer b = KafkaReading.Consumer(Servers, topic, properties))
        {
            await a.SubscribeAsync([topic], CancellationToken.None);
            await group.UntilAsync(() => group.Of(a).Count == 4, a);
            Assert.Equal(4, (await KafkaReading.ReadToEndAsync(a, partitions)).Count);
            await b.SubscribeAsync([topic], CancellationToken.None);
            await group.UntilAsync(() => group.Of(a).Count == 2 && group.Of(b).Count == 2, a, b);
            Assert.Empty(group.Of(a).Intersect(group.Of(b)));
            Assert.Equal(revokedAtOnce, group.RevokedCounts[^1]);
            Assert.Equal(2, (await KafkaReading.ReadToEndAsync(b, [.. group.Of(b)])).Count);
        }

        await group.UntilAsync(() => group.Of(a).Count == 4, a);
    }

    [Theory]
    [InlineData("range")]
    [InlineData("cooperative-sticky")]
    public async Task Of_two_processes_with_one_worker_id_the_newer_stays_and_the_older_is_told_why(string strategy)
    {
        string topic = "twice-" + strategy;
        CreateTopic(topic, 2);
        KafkaConsumer Worker() => new(
            new KafkaConsumerOptions
            {
                BootstrapServers = Servers,
                Group = topic,
                InstanceId = "worker-7",
                Properties = new Dictionary<string, string> { ["partition.assignment.strategy"] = strategy, ["heartbeat.interval.ms"] = "200" },
            },
            TimeProvider.System);
        var group = new KafkaReading.Group();
        await using KafkaConsumer older = Worker();
        await older.SubscribeAsync([topic], CancellationToken.None);
        await group.UntilAsync(() => group.Of(older).Count == 2, older);
        await using KafkaConsumer newer = Worker();
        await newer.SubscribeAsync([topic], CancellationToken.None);
        KafkaException error = await Assert.ThrowsAsync<KafkaException>(
            () => group.UntilAsync(() => false, newer, older));
        Assert.True(error.IsReplaced);
        Assert.False(error.IsTransient);
        Assert.Contains("as 'worker-7'", error.Message, StringComparison.Ordinal);
        await older.DisposeAsync();
        await group.UntilAsync(() => group.Of(newer).Count == 2, newer);
    }

    [Theory]
    [InlineData("range")]
    [InlineData("cooperative-sticky")]
    public async Task A_member_that_never_answered_can_leave(string strategy)
    {
        string topic = "unanswered-" + strategy;
        CreateTopic(topic, 2);
        await using KafkaConsumer consumer = KafkaReading.Consumer(Servers, topic, ("partition.assignment.strategy", strategy));
        await consumer.SubscribeAsync([topic], CancellationToken.None);
        GroupEvent? given = null;
        for (int i = 0; i < 600 && given is null; i++)
        {
            given = await consumer.PollGroupAsync(CancellationToken.None);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.IsType<GroupEvent.Assigned>(given);
        long start = TimeProvider.System.GetTimestamp();
        await consumer.DisposeAsync();
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(9));
    }

    [Theory]
    [InlineData("range")]
    [InlineData("cooperative-sticky")]
    public async Task A_member_that_was_never_assigned_anything_can_leave(string strategy)
    {
        string topic = "unassigned-" + strategy;
        CreateTopic(topic, 1);
        (string, string)[] properties = [("partition.assignment.strategy", strategy), ("heartbeat.interval.ms", "200")];
        var group = new KafkaReading.Group();
        await using KafkaConsumer first = KafkaReading.Consumer(Servers, topic, properties);
        await first.SubscribeAsync([topic], CancellationToken.None);
        await group.UntilAsync(() => group.Of(first).Count == 1, first);
        for (int millis = 0; millis < 1_000; millis += 100)
        {
            // < It joins, and leaves at some moment before or after the group has heard of it.
            await using KafkaConsumer brief = KafkaReading.Consumer(Servers, topic, properties);
            await brief.SubscribeAsync([topic], CancellationToken.None);
            for (int waited = 0; waited < millis; waited += 20)
            {
                await group.AnswerAsync(first);
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }

        await group.UntilAsync(() => group.Of(first).Count == 1, first);
    }

    [Fact]
    public async Task A_recreated_topic_has_another_id_where_the_library_can_ask()
    {
        using var admin = new KafkaAdmin(Servers, TimeProvider.System);
        admin.CreateTopic("recreated", 1);
        await using KafkaConsumer consumer = KafkaReading.Consumer(Servers);
        IReadOnlyDictionary<string, string> first = (await consumer.DescribeAsync(["recreated"], CancellationToken.None)).TopicIds;
        if (Librdkafka.Version < 0x02030000)
        {
            Assert.Empty(first);
            return;
        }

        admin.DeleteTopic("recreated");
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        admin.CreateTopic("recreated", 1);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        Assert.NotEqual(first["recreated"], (await consumer.DescribeAsync(["recreated"], CancellationToken.None)).TopicIds["recreated"]);
    }

    private TopicPartition[] CreateTopic(string topic, int partitions)
    {
        using var admin = new KafkaAdmin(Servers, TimeProvider.System);
        admin.CreateTopic(topic, partitions, ("retention.ms", "-1")); // The messages are from 1970.
        return [.. Enumerable.Range(0, partitions).Select(partition => new TopicPartition(topic, partition))];
    }
}
