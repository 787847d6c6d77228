using Lakehouse.Kafka;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests;

/// <summary>A broker that dies and comes back while it is read.</summary>
public sealed class BrokerDeathTests(RealKafka kafka) : IClassFixture<RealKafka>
{
    [Fact]
    public async Task Reading_goes_on_without_loss_when_the_broker_is_killed_and_booted()
    {
        const int Count = 200_000;
        string servers = kafka.Service.BootstrapServers;
        using (var admin = new KafkaAdmin(servers, TimeProvider.System))
        {
            admin.CreateTopic("survives", 2, ("retention.ms", "-1")); // The messages are from 1970.
        }

        TopicPartition[] partitions = [new("survives", 0), new("survives", 1)];
        using var producer = KafkaReading.Producer(servers);
        string padding = new('x', 500);
        for (int i = 0; i < Count; i++)
        {
            KafkaReading.Produce(producer, partitions[i % 2], null, $"{i}{padding}", i);
        }

        await producer.FlushAsync(CancellationToken.None);

        // Little is fetched ahead, so that most is still with the broker when it dies.
        await using KafkaConsumer consumer = KafkaReading.Consumer(servers, "test", ("queued.max.messages.kbytes", "512"));
        await consumer.AssignAsync([new(partitions[0], 0), new(partitions[1], 0)], CancellationToken.None);
        Task? restart = null;
        KafkaException? seenError = null;
        List<KafkaReading.Seen> seen = await KafkaReading.ReadToEndAsync(consumer, partitions, progress: count =>
        {
            seenError ??= consumer.LastError;
            if (count > Count / 10 && restart is null)
            {
                kafka.Service.Kill(1);
                restart = Task.Factory.StartNew(
                    () => kafka.Service.Boot(1), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
        });
        Assert.NotNull(restart);
        await restart;
        Assert.NotNull(seenError);
        Assert.True(seenError.IsTransient);
        Assert.Equal(Count, seen.Count);
        Assert.Equal(Count, seen.Select(s => (s.Partition, s.Offset)).Distinct().Count());
    }
}
