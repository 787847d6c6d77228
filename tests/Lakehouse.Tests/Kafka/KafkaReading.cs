using System.Text;
using Lakehouse.Kafka;
using Xunit;

namespace Lakehouse.Tests;

/// <summary>What the Kafka tests do again and again: start, send, read all, follow a group.</summary>
internal static class KafkaReading
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public sealed record Seen(int Partition, long Offset, long TimestampMillis, string? Key, string? Value);

    public static EmbeddedBroker StartBroker(string topic, int partitions)
    {
        var broker = new EmbeddedBroker(TimeProvider.System);
        broker.CreateTopic(topic, partitions);
        return broker;
    }

    public static KafkaProducer Producer(string servers, params (string Name, string Value)[] properties) =>
        new(servers, properties.ToDictionary(p => p.Name, p => p.Value), TimeProvider.System);

    public static KafkaConsumer Consumer(string servers, string group = "test", params (string Name, string Value)[] properties) => new(
        new KafkaConsumerOptions
        {
            BootstrapServers = servers,
            Group = group,
            Properties = properties.ToDictionary(p => p.Name, p => p.Value),
        },
        TimeProvider.System);

    public static void Produce(KafkaProducer producer, TopicPartition partition, string? key, string? value, long timestampMillis)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!producer.TryProduce(
            partition, Encoding.UTF8.GetBytes(key ?? ""), key is null, Encoding.UTF8.GetBytes(value ?? ""), value is null, timestampMillis))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "the producer's queue stays full");
            Thread.Sleep(1);
        }
    }

    /// <summary>Reads until every partition has told its end (again). The position told there is checked to be behind all messages.</summary>
    public static async Task<List<Seen>> ReadToEndAsync(
        IKafkaConsumer consumer, IReadOnlyList<TopicPartition> partitions, Dictionary<TopicPartition, long>? ends = null, Action<int>? progress = null)
    {
        var seen = new List<Seen>();
        var open = partitions.ToHashSet();
        long start = TimeProvider.System.GetTimestamp();
        while (open.Count > 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, $"no end after {seen.Count} messages: {consumer.LastError?.Message}");
            await consumer.PollGroupAsync(CancellationToken.None);
            foreach (TopicPartition partition in partitions)
            {
                using RawBatch? batch = consumer.Poll(partition, 1000);
                if (batch is null)
                {
                    continue;
                }

                Take(batch, seen);
                if (batch.ReachedEnd)
                {
                    open.Remove(partition);
                    ends?[partition] = batch.NextOffset;
                }
                else
                {
                    open.Add(partition);
                }
            }

            progress?.Invoke(seen.Count);
            await consumer.WaitAsync([.. open], TimeSpan.FromMilliseconds(100), CancellationToken.None);
        }

        return seen;
    }

    public static void Take(RawBatch batch, List<Seen> seen)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            seen.Add(new Seen(
                batch.Partition.Partition,
                batch.OffsetAt(i),
                batch.TimestampAt(i),
                batch.IsKeyNull(i) ? null : Encoding.UTF8.GetString(batch.KeyAt(i)),
                batch.IsTombstone(i) ? null : Encoding.UTF8.GetString(batch.ValueAt(i))));
        }

        Assert.True(batch.Count == 0 || batch.NextOffset > batch.OffsetAt(batch.Count - 1));
    }

    /// <summary>Answers the events of group members and remembers who holds what.</summary>
    public sealed class Group
    {
        private readonly Dictionary<KafkaConsumer, HashSet<TopicPartition>> _held = [];

        /// <summary>Where a partition is read from when it is given to a member: the ledger of the test.</summary>
        public Dictionary<TopicPartition, long> Positions { get; } = [];

        /// <summary>How many partitions each revocation took.</summary>
        public List<int> RevokedCounts { get; } = [];

        public HashSet<TopicPartition> Of(KafkaConsumer consumer) =>
            _held.TryGetValue(consumer, out HashSet<TopicPartition>? held) ? held : _held[consumer] = [];

        public async Task UntilAsync(Func<bool> isReached, params KafkaConsumer[] members)
        {
            long start = TimeProvider.System.GetTimestamp();
            while (!isReached())
            {
                Assert.True(TimeProvider.System.GetElapsedTime(start) < Patience, "the group did not get there");
                foreach (KafkaConsumer member in members)
                {
                    await AnswerAsync(member);
                }

                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }

        public async Task AnswerAsync(KafkaConsumer member)
        {
            switch (await member.PollGroupAsync(CancellationToken.None))
            {
                case GroupEvent.Assigned assigned:
                    await member.AssignAsync(
                        [.. assigned.Partitions.Select(p => KeyValuePair.Create(p, Positions.GetValueOrDefault(p)))], CancellationToken.None);
                    Of(member).UnionWith(assigned.Partitions);
                    break;
                case GroupEvent.Revoked revoked:
                    await member.UnassignAsync(revoked.Partitions, CancellationToken.None);
                    RevokedCounts.Add(revoked.Partitions.Count);
                    Of(member).ExceptWith(revoked.Partitions);
                    break;
            }
        }
    }
}
