using System.Globalization;
using System.Text;
using System.Text.Json;
using Lakehouse.Hudi;
using Lakehouse.Kafka;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// Dead letters of a pipeline on a real Kafka, replayed with a corrected one while it goes on, replays killed among them. Every record is a
/// row, a dead letter or filtered, once, for every reader. <c>LAKEHOUSE_CHAOS=full</c> takes two minutes and kills twenty.
/// </summary>
public sealed class ReplayTests(RealKafka broker, ITestOutputHelper output)
{
    private const string Topic = "replayed-trips";
    private const int Partitions = 4;
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("LAKEHOUSE_CHAOS") == "full";
    private static readonly int OlderInstants = IsFull ? 5 : 1;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Dead_letters_are_replayed_once_while_the_pipeline_goes_on()
    {
        int seed = int.Parse(Environment.GetEnvironmentVariable("LAKEHOUSE_SEED") ?? Random.Shared.Next().ToString(CultureInfo.InvariantCulture));
        var random = new Random(seed);
        output.WriteLine($"seed {seed} (LAKEHOUSE_SEED)");
        KafkaService kafka = broker.Service;
        using var folder = new TemporaryFolder();
        using var elsewhere = new TemporaryFolder();
        kafka.CreateTopic(Topic, Partitions);
        string strict = Pipeline(folder, "strict.yaml", kafka, "lake", "1KiB");
        string corrected = Pipeline(folder, "corrected.yaml", kafka, folder["lake"], "1MiB");

        // Relative paths in its file, and commands in another folder: commits name the dead letters so that both find them.
        using var producing = new CancellationTokenSource();
        Task<Produced> produced = Task.Run(() => ProduceAsync(kafka.BootstrapServers, producing.Token), Stop);
        long rounds = 0;
        using (LakehouseProcess running = LakehouseProcess.Start(folder.Path, "run", strict))
        {
            long replayed = 0;
            for (int round = 0; round < (IsFull ? 20 : 2) || replayed == 0; round++)
            {
                Assert.True(round < 200, $"nothing was replayed in {round} rounds: {running.Said}");
                await Task.Delay(1_500, Stop);
                if (!Directory.Exists(folder["lake/dead/.hoodie"]) || running.HasExited)
                {
                    Assert.False(running.HasExited, running.Said);
                    continue;
                }

                using (LakehouseProcess killed = LakehouseProcess.Start(elsewhere.Path, Replay(folder, corrected)))
                {
                    await Task.Delay(random.Next(100, 1_500), Stop);
                    killed.Kill();
                }

                JsonElement answer = await RunAsync(elsewhere, Replay(folder, corrected));
                replayed += answer.GetProperty("written").GetInt64() + answer.GetProperty("filtered").GetInt64();
                rounds++;
            }

            output.WriteLine($"{replayed} dead letters replayed in {rounds} rounds while the pipeline went on, {rounds} replays killed");
            await producing.CancelAsync();
            await produced;
            running.Terminate();
            (int exitCode, string said, string error) = await running.EndAsync();
            Assert.True(exitCode == 0, said + error);
        }

        await RunAsync(folder, "run", strict, "--until-caught-up", "--json");
        Produced log = await produced;
        JsonElement last = await RunAsync(elsewhere, Replay(folder, corrected));
        JsonElement again = await RunAsync(elsewhere, Replay(folder, corrected));
        output.WriteLine($"after the pipeline: {last.GetProperty("written").GetInt64()} written");
        Assert.Equal(JsonValueKind.Null, again.GetProperty("instant").ValueKind);
        Assert.Equal(0, again.GetProperty("matched").GetInt64());
        await ProveAsync(folder, log);
    }

    /// <summary>Verification, and what foreign readers see of both tables at the newest and at older instants.</summary>
    private async Task ProveAsync(TemporaryFolder folder, Produced log)
    {
        JsonElement proof = await RunAsync(folder, "verify", folder["lake/trips"], "--offsets", "--deep", "--json");
        JsonElement letters = Assert.Single(proof.GetProperty("followers").EnumerateArray());
        Assert.Equal(
            (log.Good + log.LongRows, log.Broken, log.LongRows + log.LongFiltered),
            (proof.GetProperty("row_count").GetInt64(), letters.GetProperty("row_count").GetInt64(), proof.GetProperty("rows_replayed").GetInt64()));
        foreach (JsonElement one in (JsonElement[])[proof, letters])
        {
            Assert.Equal(one.GetProperty("row_count").GetInt64(), one.GetProperty("offsets_proven").GetInt64());
        }

        output.WriteLine($"lakehouse verify: {log}");
        foreach (string table in (string[])["trips", "dead"])
        {
            await EveryReaderAgreesAsync(folder[$"lake/{table}"]);
        }
    }

    private async Task EveryReaderAgreesAsync(string folder)
    {
        HudiTable table = await HudiTable.OpenAsync(new LocalObjectStore(folder), TimeProvider.System, new Random(1), Stop)
            ?? throw new InvalidOperationException($"There is no table in {folder}.");
        string[] all = [.. await table.CompletedInstantsAsync(Stop)];
        string[] instants =
            [.. Enumerable.Range(0, OlderInstants + 1).Select(i => all[i * (all.Length - 1) / OlderInstants]).Distinct()];
        List<long> expected = [];
        foreach (string instant in instants)
        {
            using var scratch = new TemporaryFolder();
            JsonElement proof = await RunAsync(scratch, "verify", folder, "--at", instant, "--offsets", "--json");
            expected.Add(proof.GetProperty("row_count").GetInt64());
        }

        IReadOnlyList<(string Name, Func<Task<IReadOnlyList<(long, long)>>> Count, Task<string?> Missing)> readers =
        [
            ("hudi-rs", async () => [.. (await ForeignReaders.HudiRust.CountRecordsAsync(folder, [.. instants], null, Stop))
                .Select(static c => (c.RowCount, c.DistinctCount))], ForeignReaders.HudiRust.MissingAsync()),
            ("DuckDB", () => EachAsync(instants, async i =>
            {
                RecordCount count = await ForeignReaders.DuckDb.CountRecordsAsync(table, Stop, asOf: i);
                return (count.RowCount, count.DistinctCount);
            }), ForeignReaders.DuckDb.MissingAsync()),
            ("Hudi Java", () => EachAsync(instants, i => ForeignReaders.HudiJava.CountRecordsAsync(folder, Stop, asOf: i)),
                ForeignReaders.HudiJava.MissingAsync()),
        ];
        foreach ((string name, Func<Task<IReadOnlyList<(long, long)>>> count, Task<string?> missing) in readers)
        {
            if (await missing is { } why)
            {
                output.WriteLine($"SKIPPED: {why}");
                continue;
            }

            Assert.Equal(expected.Select(e => (name, e, e)), (await count()).Select(c => (name, c.Item1, c.Item2)));
            output.WriteLine($"{name}: {string.Join(", ", expected)} rows of {Path.GetFileName(folder)}, each once");
        }
    }

    private static async Task<IReadOnlyList<(long, long)>> EachAsync(string[] instants, Func<string, Task<(long, long)>> count)
    {
        List<(long, long)> counts = [];
        foreach (string instant in instants)
        {
            counts.Add(await count(instant));
        }

        return counts;
    }

    private static string[] Replay(TemporaryFolder folder, string pipeline) =>
        ["dead-letters", "replay", folder["lake/trips"], "--where", "kind = 'Oversized'", "--with", pipeline, "--json"];

    private static async Task<JsonElement> RunAsync(TemporaryFolder folder, params string[] arguments)
    {
        (int exitCode, string answer, string error) = await LakehouseProcess.RunAsync(folder.Path, arguments);
        Assert.True(exitCode == 0, $"lakehouse {string.Join(' ', arguments)}: {answer}{error}");
        using JsonDocument document = JsonDocument.Parse(answer);
        return document.RootElement.Clone();
    }

    private static string Pipeline(TemporaryFolder folder, string file, KafkaService kafka, string lake, string recordBytesMax)
    {
        File.WriteAllText(folder[file], $$"""
            pipeline: trips
            source: { kafka: { bootstrap_servers: "{{kafka.BootstrapServers}}", topics: [{{Topic}}], group: lakehouse-replay, start: earliest } }
            format: { json: { max_record_size: {{recordBytesMax}} } }
            schema:
              - { name: trip_id, type: string, required: true }
              - { name: event_time, type: timestamp_millis }
              - { name: fare, type: double }
              - { name: notes, type: string }
            steps:
              - filter: "fare >= 0"
              - derive: { dt: "date_format(event_time, 'yyyy-MM-dd')" }
            table: { path: "{{lake}}/trips", partition_by: [dt], kafka_columns: [partition, offset] }
            dead_letters: { path: "{{lake}}/dead" }
            checkpoint: { interval: 1s }
            """);
        return folder[file];
    }

    /// <summary>500 records a second: one in ten is long, half of which the filter drops, one in fifty broken.</summary>
    private static async Task<Produced> ProduceAsync(string bootstrapServers, CancellationToken stop)
    {
        using var producer = new KafkaProducer(
            bootstrapServers, new Dictionary<string, string> { ["enable.idempotence"] = "true" }, TimeProvider.System);
        var sent = new Produced(0, 0, 0, 0);
        for (int n = 0; !stop.IsCancellationRequested; n++)
        {
            bool isLong = n % 10 == 3;
            bool isFiltered = n % 20 == 3;
            bool isBroken = n % 50 == 7;
            byte[] trip = isBroken ? "{\"trip_id\":"u8.ToArray() : Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $$"""{"trip_id":"trip-{{n}}","event_time":{{1_763_510_400_000 + (n * 7_919L % 172_800_000)}},"fare":{{(isFiltered ? -1 : n)}},""")
                + $"\"notes\":\"{new string('n', isLong ? 1500 : 5)}\"}}");
            while (!producer.TryProduce(new TopicPartition(Topic, n % Partitions), default, true, trip, false, -1))
            {
                await Task.Delay(10, CancellationToken.None);
            }

            sent = isBroken ? sent with { Broken = sent.Broken + 1 }
                : !isLong ? sent with { Good = sent.Good + 1 }
                : isFiltered ? sent with { LongFiltered = sent.LongFiltered + 1 }
                : sent with { LongRows = sent.LongRows + 1 };
            if (n % 50 == 49)
            {
                await Task.Delay(100, CancellationToken.None);
            }
        }

        await producer.FlushAsync(CancellationToken.None);
        return sent;
    }

    private sealed record Produced(long Good, long LongRows, long LongFiltered, long Broken);
}
