using System.Text;
using System.Text.Json;
using Lakehouse.Hudi;
using Lakehouse.Kafka;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Service;

public sealed class RunCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly EmbeddedBroker _broker = new(TimeProvider.System);

    public RunCommandTests() => _broker.CreateTopic("trips", 2);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bounded_run_reads_to_the_end_commits_and_exits_and_the_next_one_goes_on()
    {
        await WritePipelineAsync(deadLetters: true);
        await ProduceAsync(Enumerable.Range(0, 500).Select(Trip));
        (int exitCode, string output, string error) = await LakehouseProcess.RunAsync(
            _folder.Path, "run", "trips.yaml", "--until-caught-up", "--json");
        Assert.True(exitCode == 0, error);
        using JsonDocument first = JsonDocument.Parse(output);
        Assert.Equal(500, first.RootElement.GetProperty("pipelines")[0].GetProperty("records_read").GetInt64());
        Assert.Equal(0, first.RootElement.GetProperty("pipelines")[0].GetProperty("lag").GetInt64());

        await ProduceAsync([.. Enumerable.Range(500, 100).Select(Trip), "no json"]);
        (exitCode, output, error) = await LakehouseProcess.RunAsync(
            _folder.Path, "run", "trips.yaml", "--until-caught-up", "--json");
        Assert.True(exitCode == 0, error);
        using JsonDocument second = JsonDocument.Parse(output);
        Assert.Equal(101, second.RootElement.GetProperty("pipelines")[0].GetProperty("records_read").GetInt64());

        (exitCode, output, error) = await LakehouseProcess.RunAsync(_folder.Path, "verify", "lake/trips", "--json");
        Assert.True(exitCode == 0, output + error);
        using JsonDocument proof = JsonDocument.Parse(output);
        Assert.Equal(600, proof.RootElement.GetProperty("offsets_proven").GetInt64());
        Assert.Equal(1, proof.RootElement.GetProperty("followers")[0].GetProperty("row_count").GetInt64());
    }

    [Fact]
    public async Task A_bad_record_without_dead_letters_stops_with_its_place_and_exit_code_3()
    {
        await WritePipelineAsync(deadLetters: false);
        await ProduceAsync([Trip(0), Trip(1), "no json"]);
        (int exitCode, _, string error) = await LakehouseProcess.RunAsync(_folder.Path, "run", "trips.yaml", "--until-caught-up");
        Assert.Equal(3, exitCode);
        Assert.Contains("trips-0 offset 1", error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public async Task A_termination_signal_commits_what_was_read_and_exits_with_0()
    {
        await WritePipelineAsync(deadLetters: false, interval: "1h");
        await ProduceAsync(Enumerable.Range(0, 1000).Select(Trip));
        using LakehouseProcess run = LakehouseProcess.Start(_folder.Path, "run", "trips.yaml", "--json");
        await WaitForStagedRowsAsync();
        run.Terminate();
        (int exitCode, string output, string error) = await run.EndAsync();
        Assert.True(exitCode == 0, error);
        using JsonDocument answer = JsonDocument.Parse(output);
        Assert.True(answer.RootElement.GetProperty("stopped").GetBoolean());
        long read = answer.RootElement.GetProperty("pipelines")[0].GetProperty("records_read").GetInt64();
        HudiTable table = await HudiTable.OpenAsync(new LocalObjectStore(_folder["lake/trips"]), TimeProvider.System, new Random(1), Stop)
            ?? throw new InvalidOperationException("There is no table.");
        Assert.Equal(read, (await table.SnapshotAsync(null, Stop)).FileSlices.Sum(f => f.RowCount));
    }

    [Fact]
    public async Task A_run_merges_small_files_beside_what_it_reads()
    {
        await WritePipelineAsync(deadLetters: false, interval: "100ms");
        await File.AppendAllTextAsync(
            _folder["trips.yaml"], "\ncompaction: { small_files: 4, look_every: 1s, min_inputs: 2, clean_after: never }\n", Stop);
        using LakehouseProcess run = LakehouseProcess.Start(_folder.Path, "run", "trips.yaml");
        int produced = 0;
        while (!run.Said.Contains(": merged ", StringComparison.Ordinal))
        {
            Assert.True(produced < 3_000 && !run.HasExited, run.Said);
            await ProduceAsync(Enumerable.Range(produced, 10).Select(Trip));
            produced += 10;
            await Task.Delay(TimeSpan.FromMilliseconds(200), Stop);
        }

        run.Terminate();
        (int exitCode, _, string error) = await run.EndAsync();
        Assert.True(exitCode == 0, error);
        await LakehouseProcess.RunAsync(_folder.Path, "run", "trips.yaml", "--until-caught-up");
        (exitCode, string output, error) = await LakehouseProcess.RunAsync(_folder.Path, "verify", "lake/trips", "--deep", "--json");
        Assert.True(exitCode == 0, output + error);
        using JsonDocument proof = JsonDocument.Parse(output);
        Assert.Equal(produced, proof.RootElement.GetProperty("offsets_proven").GetInt64());
        (_, output, _) = await LakehouseProcess.RunAsync(_folder.Path, "compact", "lake/trips", "--status");
        Assert.Contains("worker-0", output);
    }

    [Fact]
    public async Task A_termination_signal_ends_a_run_whose_broker_is_away()
    {
        await WritePipelineAsync(deadLetters: false);
        await File.WriteAllTextAsync(
            _folder["away.yaml"], (await File.ReadAllTextAsync(_folder["trips.yaml"], Stop)).Replace(_broker.BootstrapServers, "127.0.0.1:1"), Stop);
        using LakehouseProcess run = LakehouseProcess.Start(_folder.Path, "run", "away.yaml");
        while (!run.Said.Contains("nothing is committed yet"))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), Stop);
        }

        run.Terminate();
        (int exitCode, _, string error) = await run.EndAsync(TimeSpan.FromSeconds(25));
        Assert.True(exitCode == 0, error);
        Assert.DoesNotContain("did not end in time", error);
    }

    [Fact]
    public async Task A_plan_shows_what_waits_and_what_is_bad_and_touches_nothing()
    {
        await WritePipelineAsync(deadLetters: true);
        await ProduceAsync([.. Enumerable.Range(0, 99).Select(Trip), "no json"]);
        (int exitCode, string output, string error) = await LakehouseProcess.RunAsync(_folder.Path, "plan", "trips.yaml", "--json");
        Assert.True(exitCode == 0, error);
        using JsonDocument plan = JsonDocument.Parse(output);
        Assert.Equal(99, plan.RootElement.GetProperty("sample").GetProperty("written").GetInt64());
        Assert.Equal(1, plan.RootElement.GetProperty("sample").GetProperty("dead_lettered").GetInt64());
        Assert.Equal(2, plan.RootElement.GetProperty("splits").GetArrayLength());
        Assert.False(Directory.Exists(_folder["lake/trips/.hoodie"]));
    }

    [Fact]
    public async Task The_demo_ends_green()
    {
        (int exitCode, string output, string error) = await LakehouseProcess.RunAsync(
            _folder.Path, "demo", "--records", "20000", "--path", _folder["demo"], "--json");
        Assert.True(exitCode == 0, output + error);
        using JsonDocument demo = JsonDocument.Parse(output);
        Assert.True(demo.RootElement.GetProperty("proven").GetBoolean());
        Assert.Equal(20_000, demo.RootElement.GetProperty("partitions").EnumerateArray().Sum(p => p.GetProperty("sent").GetInt64()));
        (exitCode, _, error) = await LakehouseProcess.RunAsync(_folder.Path, "demo", "--path", _folder["demo"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("is not empty", error);
    }

    public void Dispose()
    {
        _broker.Dispose();
        _folder.Dispose();
    }

    private static string Trip(int number) => $$"""{"trip_id":"t{{number}}","fare":{{number}}.25}""";

    private async Task ProduceAsync(IEnumerable<string> messages)
    {
        using var producer = new KafkaProducer(_broker.BootstrapServers, new Dictionary<string, string>(), TimeProvider.System);
        int at = 0;
        foreach (string message in messages)
        {
            Assert.True(producer.TryProduce(
                new TopicPartition("trips", at++ % 2), [], true, Encoding.UTF8.GetBytes(message), false, 1_763_510_400_000));
        }

        await producer.FlushAsync(Stop);
    }

    private async Task WritePipelineAsync(bool deadLetters, string interval = "500ms") => await File.WriteAllTextAsync(_folder["trips.yaml"], $$"""
        pipeline: trips
        source:
          kafka:
            bootstrap_servers: "{{_broker.BootstrapServers}}"
            topics: [trips]
            group: lakehouse-trips
            # The embedded broker does not give a member that comes back its place: it waits for the session to expire.
            properties: { session.timeout.ms: 6000 }
        format: { json: { unknown_fields: ignore } }
        schema:
          - { name: trip_id, type: string, required: true }
          - { name: fare, type: double }
        table: { path: lake/trips, kafka_columns: [partition, offset] }
        {{(deadLetters ? "dead_letters: { path: lake/trips_dead_letters }" : "")}}
        checkpoint: { interval: {{interval}} }
        """, Stop);

    /// <summary>The start is committed as an empty checkpoint before the first poll; a moment after it there is something in flight.</summary>
    private async Task WaitForStagedRowsAsync()
    {
        for (int tries = 0; tries < 600; tries++)
        {
            if (Directory.Exists(_folder["lake/trips/.hoodie"]) && Directory.EnumerateFiles(_folder["lake/trips/.hoodie"], "*.commit").Any())
            {
                await Task.Delay(TimeSpan.FromSeconds(3), Stop);
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), Stop);
        }

        Assert.Fail("The pipeline did not start within a minute.");
    }
}
