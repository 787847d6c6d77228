using System.Text.Json;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// Ingest, compaction and clean together on a real Kafka, each killed at any moment, while three foreign readers read the table again and
/// again: each record once, at any moment and in the end.
/// </summary>
public sealed class CompactingTests(RealKafka broker, ITestOutputHelper output) : IDisposable
{
    private const string Topic = "trips-of-compaction";
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string Table => _folder["table"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_record_stands_once_at_any_moment_whoever_of_ingest_and_compaction_is_killed()
    {
        CompactingPlan plan = CompactingPlan.FromEnvironment();
        int seed = int.Parse(Environment.GetEnvironmentVariable("LAKEHOUSE_SEED") ?? Random.Shared.Next().ToString());
        output.WriteLine($"seed {seed} (LAKEHOUSE_SEED), {plan}");
        KafkaService kafka = broker.Service;
        kafka.CreateTopic(Topic, 4);
        string pipeline = TripsPipeline.Write(_folder, kafka.BootstrapServers, Topic, "1s");
        File.AppendAllText(pipeline, """

            compaction: { schedule: "0/2 * * * * ?", small_files: 20, look_every: 1s, min_inputs: 2, target_file_size: 1MiB, row_group_size: 1MiB,
                          clean_after: never }
            """);
        using var stop = new CancellationTokenSource();
        Task<long> produced = Task.Run(
            () => PacedProducer.RunAsync(kafka.BootstrapServers, Topic, CompactingPlan.RecordsPerSecond, stop.Token), Stop);
        var readers = new ReaderLoops(Table, output.WriteLine);
        Task reading = Task.Run(() => readers.RunAsync(stop.Token), Stop);
        using var run = new CompactingRun(plan, new Random(seed), pipeline, Table, output.WriteLine);
        try
        {
            await run.PlayAsync(() => HasMergedAndRead(plan, readers), Stop);
        }
        finally
        {
            await stop.CancelAsync();
        }

        long sent = await produced;
        await reading;
        (await AnswerAsync("run", pipeline, "--until-caught-up")).Dispose();
        (await AnswerAsync("compact", Table, "--target-mib", "1", "--min-inputs", "2")).Dispose();
        long records = kafka.CountRecords(Topic);
        Assert.True(records >= sent, $"{sent} records were acknowledged, the log has {records}.");
        await ReportAsync(run, readers, records);
        await TableProof.EveryReaderAgreesAsync(new TableAt(Table), LogContents.WithoutHoles, records, output.WriteLine, olderInstants: 0);
        Assert.True(
            run.Kills.Values.Sum() >= plan.KillsMin && HasMergedAndRead(plan, readers), "Too little happened for the run to mean anything.");
    }

    private bool HasMergedAndRead(CompactingPlan plan, ReaderLoops readers) =>
        readers.Readings.Values.All(n => n >= plan.ReadingsMin) && MergeCount() >= plan.MergesMin;

    /// <summary>Proves the table to its values, then that what a clean leaves is the table and nothing else.</summary>
    private async Task ReportAsync(CompactingRun run, ReaderLoops readers, long records)
    {
        string hash = await ProveAsync(records);
        (await AnswerAsync("clean", Table, "--keep-versions", "1")).Dispose();
        Assert.Equal(hash, await ProveAsync(records));
        string[] left =
        [
            .. Directory.GetDirectories(Path.Combine(Table, ".hoodie", ".temp"), "compaction-*")
                .Where(static folder => Directory.EnumerateFiles(folder).Any()),
        ];

        // Of a single compaction that was killed nobody knows whether it sleeps: a clean gives its staging up after a day.
        Assert.True(left.Length <= run.Kills["single compaction"], string.Join('\n', left));
        output.WriteLine($"{records} records, killed: {string.Join(", ", run.Kills.Select(static k => $"{k.Key} {k.Value}"))}; {MergeCount()} merges, "
            + $"{run.SingleCount} single compactions and {run.CleanCount} cleans begun; "
            + $"readings: {string.Join(", ", readers.Readings.Select(static r => $"{r.Key} {r.Value}"))}, {readers.Lost} broke off; "
            + $"{Directory.GetFiles(Table, "*.parquet", SearchOption.AllDirectories).Length} files in the end");
    }

    private int MergeCount()
    {
        string sequence = Path.Combine(Table, ".hoodie", ".sequence");
        return Directory.Exists(sequence) ? Directory.GetFiles(sequence, "*.outcome", SearchOption.AllDirectories).Count(IsMerge) : 0;
    }

    private static bool IsMerge(string outcome)
    {
        try
        {
            return File.ReadAllText(outcome).Contains("\"operationType\":\"CLUSTER\"", StringComparison.Ordinal);
        }
        catch (FileNotFoundException)
        {
            return false; // It was pruned meanwhile.
        }
    }

    private async Task<string> ProveAsync(long records)
    {
        using JsonDocument proof = await AnswerAsync("verify", Table, "--deep");
        Assert.Equal(records, proof.RootElement.GetProperty("row_count").GetInt64());
        Assert.Equal(records, proof.RootElement.GetProperty("offsets_proven").GetInt64());
        return proof.RootElement.GetProperty("deep").GetProperty("hash").GetString()!;
    }

    private async Task<JsonDocument> AnswerAsync(params string[] command)
    {
        (int exitCode, string said, string error) = await LakehouseProcess.RunAsync(TimeSpan.FromMinutes(5), _folder.Path, [.. command, "--json"]);
        Assert.True(exitCode == 0, $"lakehouse {string.Join(' ', command)}: {said}{error}");
        return JsonDocument.Parse(said);
    }
}
