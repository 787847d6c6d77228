using System.Text;
using Lakehouse.Kafka;
using Lakehouse.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(RealKafka))]

namespace Lakehouse.EndToEnd.Tests;

/// <summary>Logs with holes: transactions, aborted ones too, and compaction. Read to the end, every visible record once.</summary>
public sealed class LogShapesTests(RealKafka broker, ITestOutputHelper output)
{
    private const int Partitions = 4;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_topic_with_aborted_transactions_gives_exactly_the_committed_records()
    {
        KafkaService kafka = broker.Service;
        using var folder = new TemporaryFolder();
        kafka.CreateTopic("transactions", Partitions);
        var properties = new Dictionary<string, string> { ["transactional.id"] = "end-to-end" };
        long committed = 0;
        using (var producer = new KafkaProducer(kafka.BootstrapServers, properties, TimeProvider.System))
        {
            producer.InitTransactions();
            for (int transaction = 0; transaction < 10; transaction++)
            {
                producer.BeginTransaction();
                for (int i = 0; i < 100; i++)
                {
                    byte[] trip = PacedProducer.Trip((transaction * 100) + i);
                    Assert.True(producer.TryProduce(new TopicPartition("transactions", i % Partitions), default, true, trip, false, -1));
                }

                // The last one is aborted too: behind the last record there are only markers.
                bool abort = transaction % 3 == 0;
                await (abort ? producer.AbortTransactionAsync(Stop) : producer.CommitTransactionAsync(Stop));
                committed += abort ? 0 : 100;
            }
        }

        LogContents log = await LogContents.ReadAsync(kafka.BootstrapServers, "transactions", Partitions);
        await IngestAsync(TripsPipeline.Write(folder, kafka.BootstrapServers, "transactions"));
        await TableProof.EveryReaderAgreesAsync(new TableAt(folder["table"]), log, committed, output.WriteLine);
        await IngestAsync(TripsPipeline.Write(folder, kafka.BootstrapServers, "transactions"));
        await TableProof.EveryReaderAgreesAsync(new TableAt(folder["table"]), log, committed, output.WriteLine);
    }

    [Fact]
    public async Task A_compacted_topic_gives_the_records_that_compaction_left()
    {
        KafkaService kafka = broker.Service;
        using var folder = new TemporaryFolder();
        kafka.CreateTopic("compacted", Partitions, "cleanup.policy=compact", "segment.ms=100", "min.cleanable.dirty.ratio=0.001",
            "max.compaction.lag.ms=100");
        for (int round = 0; round < 5; round++)
        {
            using var producer = new KafkaProducer(kafka.BootstrapServers, new Dictionary<string, string>(), TimeProvider.System);
            for (int i = 0; i < 200; i++)
            {
                byte[] key = Encoding.UTF8.GetBytes($"k{i}");
                Assert.True(producer.TryProduce(
                    new TopicPartition("compacted", i % Partitions), key, false, PacedProducer.Trip((round * 200) + i), false, -1));
            }

            await producer.FlushAsync(Stop);
            await Task.Delay(300, Stop);
        }

        LogContents left = await WaitForCompactionAsync(kafka);
        await IngestAsync(TripsPipeline.Write(folder, kafka.BootstrapServers, "compacted"));
        await TableProof.EveryReaderAgreesAsync(new TableAt(folder["table"]), left, left.RecordCount, output.WriteLine);
    }

    private static async Task IngestAsync(string pipeline)
    {
        (int exitCode, string said, string error) = await LakehouseProcess.RunAsync(Path.GetDirectoryName(pipeline)!, "run", pipeline, "--until-caught-up");
        Assert.True(exitCode == 0, said + error);
    }

    /// <summary>Waits until the cleaner has removed records and twice the same number is left; returns them.</summary>
    private static async Task<LogContents> WaitForCompactionAsync(KafkaService kafka)
    {
        long before = -1;
        for (int look = 0; look < 60; look++)
        {
            await Task.Delay(2_000, Stop);
            LogContents now = await LogContents.ReadAsync(kafka.BootstrapServers, "compacted", Partitions);
            if (now.RecordCount == before && now.RecordCount < 1_000)
            {
                return now;
            }

            before = now.RecordCount;
        }

        throw new TimeoutException("Kafka's log cleaner removed nothing within two minutes.");
    }
}
