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
        ChaosPlan plan = ChaosPlan.IsFull ? ChaosPlan.Full : ChaosPlan.Smoke;
        using var folder = new TemporaryFolder();
        using KafkaService kafka = KafkaService.Start()!;
        kafka.CreateTopic(Topic, 4);
        string table = folder["table"];
        long records = await PlayAsync(
            plan, kafka, folder, TripsPipeline.Write(folder, kafka.BootstrapServers, Topic), new TablesOnDisk(table), static (_, _) => Task.CompletedTask);
        await TableProof.EveryReaderAgreesAsync(
            new TableAt(table), LogContents.WithoutHoles, records, output.WriteLine, olderInstants: plan.OlderInstants);
        Assert.True(new TableOnDisk(table).CommitCount() >= plan.CommitsMin, "Too few commits for the run to mean anything.");
    }

    [Fact]
    public async Task Every_record_stands_in_exactly_one_of_three_tables_whenever_the_worker_is_killed_in_any_of_their_commits()
    {
        Assert.SkipUnless(KafkaService.IsAvailable, "SKIPPED: the scripts that start a real Kafka are not beside the repository.");
        ChaosPlan plan = ChaosPlan.IsFull ? ChaosPlan.TablesFull : ChaosPlan.TablesSmoke;
        using var folder = new TemporaryFolder();
        using KafkaService kafka = KafkaService.Start()!;
        kafka.CreateTopic(Topic, 4);
        string[] tables = [.. RoutedTrips.Tables.Select(name => folder[name])];
        long records = await PlayAsync(
            plan, kafka, folder, RoutedTrips.Write(folder, kafka.BootstrapServers, Topic), new TablesOnDisk(tables[0], tables[1..]),
            (servers, stop) => RoutedTrips.ProduceBadAsync(servers, Topic, stop));
        long found = 0;
        foreach (string table in tables)
        {
            LogContents own = await LogContents.ReadAsync(
                kafka.BootstrapServers, Topic, 4, value => RoutedTrips.TableOf(value) == Path.GetFileName(table));
            output.WriteLine($"{Path.GetFileName(table)}: {own.RecordCount} records of the log, {new TableOnDisk(table).CommitCount()} commits");
            await TableProof.EveryReaderAgreesAsync(
                new TableAt(table), own, own.RecordCount, output.WriteLine, table == tables[0] ? null : tables[0], plan.OlderInstants);
            Assert.True(new TableOnDisk(table).CommitCount() >= plan.CommitsMin, "Too few commits for the run to mean anything.");
            found += own.RecordCount;
        }

        Assert.Equal(records, found);
    }

    /// <summary>Produces, kills, lets the last worker read to the end, and returns how many records the log has.</summary>
    private async Task<long> PlayAsync(
        ChaosPlan plan, KafkaService kafka, TemporaryFolder folder, string pipeline, TablesOnDisk tables,
        Func<string, CancellationToken, Task> produceBeside)
    {
        int seed = int.Parse(Environment.GetEnvironmentVariable("LAKEHOUSE_SEED") ?? Random.Shared.Next().ToString());
        output.WriteLine($"seed {seed} (LAKEHOUSE_SEED), {plan}");
        using var stop = new CancellationTokenSource();
        Task<long> produced = Task.Run(() => PacedProducer.RunAsync(kafka.BootstrapServers, Topic, ChaosPlan.RecordsPerSecond, stop.Token), Stop);
        Task beside = Task.Run(() => produceBeside(kafka.BootstrapServers, stop.Token), Stop);
        List<TableStep> kills = await new ChaosRun(plan, new Random(seed), kafka, pipeline, tables, output.WriteLine).PlayAsync();
        await stop.CancelAsync();
        long sent = await produced;
        await beside;

        (int exitCode, _, string said) = await LakehouseProcess.RunAsync(TimeSpan.FromMinutes(5), folder.Path, "run", pipeline, "--until-caught-up");
        Assert.True(exitCode == 0, said);
        long records = kafka.CountRecords(Topic);
        Assert.True(records >= sent, $"{sent} records were acknowledged, the log has {records}.");
        output.WriteLine($"{sent} records acknowledged, {records} in the log, kills: "
            + string.Join(", ", kills.GroupBy(static k => k).OrderBy(static g => g.Key.ToString(), StringComparer.Ordinal)
                .Select(static g => $"{g.Key} {g.Count()}")));
        if (plan.EveryStep)
        {
            Assert.Empty(tables.Steps.Except(kills));
        }

        return records;
    }
}
