using Lakehouse.Kafka;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests;

public class SimulatedLogTests
{
    private static readonly TopicPartition First = new("trips", 0);

    [Fact]
    public async Task A_reader_sees_committed_messages_once_in_order_and_the_end_behind_the_marker()
    {
        int seed = Environment.ProcessId;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var log = new SimulatedLog();
        log.CreateTopic("trips", 1);
        log.Append(First, null, [1], 10);
        log.BeginTransaction(First);
        log.Append(First, null, [2], 20);
        await using var consumer = new SimulatedConsumer(log, "g", "a", TimeProvider.System, new Random(seed));
        await consumer.AssignAsync([new(First, 0)], CancellationToken.None);

        (long[] offsets, long next) = ReadToEnd(consumer);
        Assert.Equal([0], offsets);
        Assert.Equal(1, next);
        log.EndTransaction(First, commit: false);
        (offsets, next) = ReadToEnd(consumer);
        Assert.Empty(offsets);
        Assert.Equal(3, next);
        log.Append(First, [7], null, 30);
        (offsets, next) = ReadToEnd(consumer);
        Assert.Equal([3], offsets);
        Assert.Equal(4, next);
    }

    [Fact]
    public async Task Expired_offsets_are_named_with_both_watermarks()
    {
        var log = new SimulatedLog();
        log.CreateTopic("trips", 1);
        for (int i = 0; i < 10; i++)
        {
            log.Append(First, null, [1], i);
        }

        log.TrimTo(First, 6);
        await using var consumer = new SimulatedConsumer(log, "g", "a", TimeProvider.System, new Random(1));
        await consumer.AssignAsync([new(First, 3)], CancellationToken.None);
        var error = Assert.Throws<OffsetOutOfRangeException>(() => consumer.Poll(First, 10));
        Assert.Equal(new Watermarks(6, 10), error.Watermarks);
        Assert.Equal(3, error.Offset);
    }

    [Fact]
    public async Task The_group_deals_partitions_again_only_when_all_are_given_back()
    {
        var log = new SimulatedLog();
        log.CreateTopic("trips", 4);
        await using var a = new SimulatedConsumer(log, "g", "a", TimeProvider.System, new Random(1));
        await using var b = new SimulatedConsumer(log, "g", "b", TimeProvider.System, new Random(1));
        await a.SubscribeAsync(["trips"], CancellationToken.None);
        Assert.Equal(4, Assert.IsType<GroupEvent.Assigned>(await a.PollGroupAsync(CancellationToken.None)).Partitions.Count);

        await b.SubscribeAsync(["trips"], CancellationToken.None);
        Assert.Null(await b.PollGroupAsync(CancellationToken.None));
        var revoked = Assert.IsType<GroupEvent.Revoked>(await a.PollGroupAsync(CancellationToken.None));
        Assert.Equal(4, revoked.Partitions.Count);
        await a.UnassignAsync(revoked.Partitions, CancellationToken.None);
        Assert.Equal([0, 1], Numbers(await a.PollGroupAsync(CancellationToken.None)));
        Assert.Equal([2, 3], Numbers(await b.PollGroupAsync(CancellationToken.None)));

        log.Expel(b);
        Assert.True(Assert.IsType<GroupEvent.Revoked>(await b.PollGroupAsync(CancellationToken.None)).Lost);
        revoked = Assert.IsType<GroupEvent.Revoked>(await a.PollGroupAsync(CancellationToken.None));
        Assert.False(revoked.Lost);
        await a.UnassignAsync(revoked.Partitions, CancellationToken.None);
        Assert.Equal([0, 1, 2, 3], Numbers(await a.PollGroupAsync(CancellationToken.None)));
    }

    [Fact]
    public async Task A_cooperative_group_takes_back_only_what_others_are_to_get()
    {
        var log = new SimulatedLog { IsCooperative = true };
        log.CreateTopic("trips", 4);
        await using var a = new SimulatedConsumer(log, "g", "a", TimeProvider.System, new Random(1));
        await using var b = new SimulatedConsumer(log, "g", "b", TimeProvider.System, new Random(1));
        await a.SubscribeAsync(["trips"], CancellationToken.None);
        Assert.Equal([0, 1, 2, 3], Numbers(await a.PollGroupAsync(CancellationToken.None)));

        await b.SubscribeAsync(["trips"], CancellationToken.None);
        Assert.Null(await b.PollGroupAsync(CancellationToken.None));
        var revoked = Assert.IsType<GroupEvent.Revoked>(await a.PollGroupAsync(CancellationToken.None));
        Assert.Equal([2, 3], revoked.Partitions.Select(static p => p.Partition));
        await a.UnassignAsync(revoked.Partitions, CancellationToken.None);
        Assert.Equal([], Numbers(await a.PollGroupAsync(CancellationToken.None)));
        Assert.Equal([2, 3], Numbers(await b.PollGroupAsync(CancellationToken.None)));

        log.Expel(b);
        Assert.Equal([2, 3], Numbers(await a.PollGroupAsync(CancellationToken.None)));
    }

    private static IEnumerable<int> Numbers(GroupEvent? given) =>
        Assert.IsType<GroupEvent.Assigned>(given).Partitions.Select(partition => partition.Partition);

    private static (long[] Offsets, long Next) ReadToEnd(SimulatedConsumer consumer)
    {
        var offsets = new List<long>();
        for (int poll = 0; poll < 100; poll++)
        {
            using RawBatch? batch = consumer.Poll(First, 3);
            for (int i = 0; i < batch?.Count; i++)
            {
                offsets.Add(batch.OffsetAt(i));
            }

            if (batch?.ReachedEnd == true)
            {
                return ([.. offsets], batch.NextOffset);
            }
        }

        throw new InvalidOperationException("The end was never told.");
    }
}
