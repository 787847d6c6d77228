using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>The promise itself: real Kafka, the real binary, SIGKILL at any moment, every record once.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const string Topic = "trips";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_record_stands_once_whenever_the_worker_or_the_broker_is_killed()
    {
        Assert.SkipUnless(KafkaService.IsAvailable, "SKIPPED: the scripts that start a real Kafka are not beside the repository.");
        ChaosPlan plan = ChaosPlan.FromEnvironment();
        int seed = int.Parse(Environment.GetEnvironmentVariable("LAKEHOUSE_SEED") ?? Random.Shared.Next().ToString());
        output.WriteLine($"seed {seed} (LAKEHOUSE_SEED), {plan}");
        using var folder = new TemporaryFolder();
        using KafkaService kafka = KafkaService.Start()!;
        kafka.CreateTopic(Topic, 4);
        string pipeline = TripsPipeline.Write(folder, kafka.BootstrapServers, Topic);
        string table = folder["table"];

        using var stop = new CancellationTokenSource();
        Task<long> produced = Task.Run(() => PacedProducer.RunAsync(kafka.BootstrapServers, Topic, ChaosPlan.RecordsPerSecond, stop.Token), Stop);
        List<ProtocolStep> kills = await new ChaosRun(plan, new Random(seed), kafka, pipeline, table, output.WriteLine).PlayAsync();
        await stop.CancelAsync();
        long sent = await produced;

        (int exitCode, _, string said) = await LakehouseProcess.RunAsync(TimeSpan.FromMinutes(5), folder.Path, "run", pipeline, "--until-caught-up");
        Assert.True(exitCode == 0, said);
        long records = kafka.CountRecords(Topic);
        Assert.True(records >= sent, $"{sent} records were acknowledged, the log has {records}.");
        output.WriteLine($"{sent} records acknowledged, {records} in the log, {new TableOnDisk(table).CommitCount()} commits, kills: "
            + string.Join(", ", kills.GroupBy(k => k).OrderBy(g => g.Key).Select(g => $"{g.Key} {g.Count()}")));
        await TableProof.EveryReaderSeesEachRecordOnceAsync(table, records, output.WriteLine);
        Assert.True(new TableOnDisk(table).CommitCount() >= plan.CommitsMin, "Too few commits for the run to mean anything.");
        if (plan.EveryStep)
        {
            Assert.Equal(Enum.GetValues<ProtocolStep>(), kills.Distinct().Order());
        }
    }
}
