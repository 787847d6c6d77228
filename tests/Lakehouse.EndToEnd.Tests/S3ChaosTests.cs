using System.Diagnostics;
using Amazon.S3;
using Amazon.S3.Model;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>The promise where tables really live: real Kafka, a real object store behind faults, the real binary, SIGKILL at any moment.</summary>
public sealed class S3ChaosTests(RealKafka broker, ITestOutputHelper output)
{
    private const string Topic = "trips-to-a-store";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_record_stands_once_in_a_store_that_is_slow_resets_and_goes_away()
    {
        Assert.SkipUnless(ToxiproxyService.IsAvailable, "SKIPPED: the scripts that start Toxiproxy are not beside the repository.");
        S3ChaosPlan plan = S3ChaosPlan.FromEnvironment();
        int seed = int.Parse(Environment.GetEnvironmentVariable("LAKEHOUSE_SEED") ?? Random.Shared.Next().ToString());
        output.WriteLine($"seed {seed} (LAKEHOUSE_SEED), {plan}");
        var clock = Stopwatch.StartNew();
        using S3Service store = await S3Service.StartAsync();
        KafkaService kafka = broker.Service;
        Assert.SkipUnless(store.IsOwn, "SKIPPED: a store that was not started here cannot be stopped for a while.");
        using ToxiproxyService proxy = ToxiproxyService.Start(store.Endpoint)!;
        using var tap = new RequestTap(proxy.Endpoint);
        using var folder = new TemporaryFolder();
        kafka.CreateTopic(Topic, 4);
        var table = new TableAt($"s3://{S3Service.Bucket}/chaos/table", store);
        string pipeline = TripsPipeline.Write(folder, kafka.BootstrapServers, Topic, plan.Interval, table: table.Location, hasNotes: true);

        output.WriteLine($"{clock.Elapsed.TotalSeconds:F0} s: Kafka and the store run");
        using var stop = new CancellationTokenSource();
        Task<long> produced = Task.Run(
            () => PacedProducer.RunAsync(kafka.BootstrapServers, Topic, plan.RecordsPerSecond, stop.Token, plan.NoteBytes), Stop);
        var run = new S3ChaosRun(plan, new Random(seed), store, proxy, tap, pipeline, output.WriteLine);
        await run.PlayAsync();
        await Task.Delay(500, Stop); // So that the last run has something to commit, with which it tidies up.
        await stop.CancelAsync();
        long sent = await produced;

        await SucceedAsync(folder, store, "run", pipeline, "--until-caught-up");
        await SucceedAsync(folder, store, "clean", table.Location);
        long records = kafka.CountRecords(Topic);
        Assert.True(records >= sent, $"{sent} records were acknowledged, the log has {records}.");
        output.WriteLine($"{clock.Elapsed.TotalSeconds:F0} s: {sent} records acknowledged, {records} in the log, "
            + $"{run.Kills} kills, {run.OwnEnds} ends by itself");
        Assert.Empty(await LeftAsync(store));
        await TableProof.EveryReaderAgreesAsync(
            table, LogContents.WithoutHoles, records, output.WriteLine, olderInstants: plan.OlderInstants);
    }

    private static async Task SucceedAsync(TemporaryFolder folder, S3Service store, params string[] arguments)
    {
        (int exitCode, string said, string error) = await LakehouseProcess.RunAsync(
            TimeSpan.FromMinutes(5), folder.Path, store.Environment, arguments);
        Assert.True(exitCode == 0, said + error);
    }

    /// <summary>
    /// Staged files and uploads that were begun and neither completed nor given up. The few bytes of a probe whose prober was killed may
    /// stay for a day: deleting one that is in use would look like a store that loses objects.
    /// </summary>
    private static async Task<IReadOnlyList<string>> LeftAsync(S3Service store)
    {
        using IAmazonS3 client = store.NewClient();
        ListObjectsV2Response staged = await client.ListObjectsV2Async(
            new ListObjectsV2Request { BucketName = S3Service.Bucket, Prefix = "chaos/table/.hoodie/.temp/" }, Stop);
        ListMultipartUploadsResponse uploads = await client.ListMultipartUploadsAsync(S3Service.Bucket, Stop);
        return
        [
            .. (staged.S3Objects ?? []).Select(static o => o.Key).Where(static k => !k.Contains("/.temp/probe-", StringComparison.Ordinal)),
            .. (uploads.MultipartUploads ?? []).Select(static u => $"upload of {u.Key} begun {u.Initiated:O}"),
        ];
    }
}
