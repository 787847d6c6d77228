using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// Several workers of one group on a real Kafka: killed, paused for longer than every deadline, started twice under one id, cut off from
/// Kafka, from the store, from both, at random and several at once, while table services come and go. Every record once.
/// </summary>
public sealed class WorkersTests(ITestOutputHelper output)
{
    private const string Topic = "trips";
    private const int Partitions = 4;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_record_stands_once_whatever_happens_to_the_workers_of_a_group()
    {
        Assert.SkipUnless(
            KafkaService.IsAvailable && ToxiproxyService.IsAvailable,
            "SKIPPED: the scripts that start a real Kafka and Toxiproxy are not beside the repository.");
        WorkersPlan plan = WorkersPlan.FromEnvironment();
        int seed = int.Parse(Environment.GetEnvironmentVariable("LAKEHOUSE_SEED") ?? Random.Shared.Next().ToString());
        var random = new Random(seed);
        string assignment = random.Next(2) == 0 ? "cooperative-sticky" : "range";
        output.WriteLine($"seed {seed} (LAKEHOUSE_SEED), {plan}, {assignment}");
        using var folder = new TemporaryFolder();
        using var ways = new Disposables();
        using S3Service? s3 = WorkersPlan.UsesStore ? await S3Service.StartAsync() : null;
        List<ToxiproxyService> toKafka = [];
        using KafkaService kafka = KafkaService.StartBehind(
            port =>
            {
                toKafka.Add(ways.Add(ToxiproxyService.Start(new Uri($"http://127.0.0.1:{port}"))!));
                return toKafka[^1].Endpoint.Port;
            },
            plan.Workers)!;
        kafka.CreateTopic(Topic, Partitions);
        var table = new TableAt(s3 is null ? folder["table"] : $"s3://{S3Service.Bucket}/workers/table", s3);
        string pipeline = Pipeline(folder, table, assignment);
        List<WorkerPlace> places = [];
        for (int i = 0; i < plan.Workers; i++)
        {
            ToxiproxyService? toStore = s3 is null ? null : ways.Add(ToxiproxyService.Start(s3.Endpoint)!);
            places.Add(new WorkerPlace($"worker-{i}", pipeline, kafka.Doors[i], toKafka[i], toStore, Through(table, toStore)));
        }

        using var stop = new CancellationTokenSource();
        Task<long> produced = Task.Run(
            () => PacedProducer.RunAsync(kafka.BootstrapServers, Topic, WorkersPlan.RecordsPerSecond, stop.Token), Stop);
        var services = new ServedTable(table);
        var run = new WorkersRun(plan, random, places, s3 is not null, services, output.WriteLine);
        try
        {
            await run.PlayAsync();
        }
        finally
        {
            await stop.CancelAsync();
            places.ForEach(static place => place.Processes.ForEach(static process => process.Dispose()));
        }

        long sent = await produced;
        output.WriteLine($"{await services.EndAsync()} table services beside them");
        await FinishAsync(pipeline, kafka, table);
        long records = kafka.CountRecords(Topic);
        Assert.True(records >= sent, $"{sent} records were acknowledged, the log has {records}.");
        Report(run, sent, records);
        await TableProof.EveryReaderAgreesAsync(
            table, LogContents.WithoutHoles, records, output.WriteLine, olderInstants: plan.OlderInstants);
        Assert.True(run.Faults.Values.Sum() >= plan.FaultsMin, "Too little happened for the run to mean anything.");
    }

    private static string Pipeline(TemporaryFolder folder, TableAt table, string assignment)
    {
        static string Millis(TimeSpan time) => $"\"{time.TotalMilliseconds:F0}\"";
        string properties = $"session.timeout.ms: {Millis(WorkersPlan.SessionTimeout)}, max.poll.interval.ms: {Millis(WorkersPlan.PollTimeout)}, "
            + $"heartbeat.interval.ms: \"1000\", partition.assignment.strategy: \"{assignment}\"";
        return TripsPipeline.Write(
            folder, "${LAKEHOUSE_DOOR}", Topic, $"3s, claim_deadline: {WorkersPlan.ClaimDeadline.TotalSeconds:F0}s",
            kafka: $", properties: {{ {properties} }}", table: table.Location);
    }

    /// <summary>The environment of a worker whose way to the store leads through a proxy.</summary>
    private static Dictionary<string, string> Through(TableAt table, ToxiproxyService? proxy)
    {
        var environment = new Dictionary<string, string>(table.Environment);
        if (proxy is not null)
        {
            environment["AWS_ENDPOINT_URL"] = proxy.Endpoint.ToString().TrimEnd('/');
        }

        return environment;
    }

    /// <summary>A worker that nobody disturbs: it ends once the group has given it what the others, who are gone, still held.</summary>
    private static async Task FinishAsync(string pipeline, KafkaService kafka, TableAt table)
    {
        var environment = new Dictionary<string, string>(table.Environment) { ["LAKEHOUSE_DOOR"] = kafka.BootstrapServers };
        (int exitCode, _, string said) = await LakehouseProcess.RunAsync(
            TimeSpan.FromMinutes(3), Path.GetDirectoryName(pipeline)!, environment, "run", pipeline, "--worker", "last", "--until-caught-up");
        Assert.True(exitCode == 0, said);
    }

    private void Report(WorkersRun run, long sent, long records)
    {
        output.WriteLine($"{sent} records acknowledged, {records} in the log, faults: "
            + string.Join(", ", run.Faults.Where(static f => f.Value > 0).Select(static f => $"{f.Key} {f.Value}"))
            + $"; {run.Rejoined.Count} times a process joined again by itself, {run.Ended.Count} times one ended by itself");
        foreach (string line in run.Rejoined)
        {
            output.WriteLine(line);
        }
    }

    private sealed class Disposables : IDisposable
    {
        private readonly List<IDisposable> _all = [];

        public T Add<T>(T one)
            where T : IDisposable
        {
            _all.Add(one);
            return one;
        }

        public void Dispose() => _all.ForEach(static one => one.Dispose());
    }
}
