using System.Text;
using System.Text.Json;
using Lakehouse.Kafka;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Service;

/// <summary>dead-letters replay as a user runs it, on what a pipeline with too small a limit has put aside.</summary>
public sealed class ReplayCommandTests : IDisposable
{
    private const int Good = 20;
    private const int Oversized = 5;
    private readonly TemporaryFolder _folder = new();
    private readonly EmbeddedBroker _broker = new(TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _broker.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Dead_letters_are_planned_then_replayed_and_a_second_replay_adds_nothing()
    {
        await PutAsideAsync();
        using (JsonDocument plan = await AnswerAsync("replay", "lake/trips", "--where", "true", "--with", "corrected.yaml", "--plan"))
        {
            Assert.True(plan.RootElement.GetProperty("is_plan").GetBoolean());
            Assert.Equal((Oversized + 1, Oversized, 1), Counts(plan.RootElement));
            Assert.Equal("WrongType", Assert.Single(plan.RootElement.GetProperty("causes").EnumerateArray()).GetProperty("kind").GetString());
        }

        Assert.Equal(Good, await CountRowsAsync());
        (int exitCode, string said, string error) = await RunAsync(
            "dead-letters", "replay", "lake/dead", "--where", "kind = 'Oversized'", "--with", "corrected.yaml");
        Assert.True(exitCode == 0, error);
        Assert.Contains($"{Oversized} dead letters became rows of {_folder["lake/trips"]}", said);
        Assert.Equal(Good + Oversized, await CountRowsAsync());
        using JsonDocument again = await AnswerAsync("replay", "lake/trips", "--where", "kind = 'Oversized'", "--with", "corrected.yaml");
        Assert.Equal((0, 0, 0), Counts(again.RootElement));
        Assert.Equal(JsonValueKind.Null, again.RootElement.GetProperty("instant").ValueKind);
        (exitCode, said, error) = await RunAsync("verify", "lake/trips");
        Assert.True(exitCode == 0, said + error);
    }

    [Fact]
    public async Task What_does_not_fit_together_is_refused_with_what_to_do()
    {
        await PutAsideAsync();
        await WriteAsync("silent.yaml", "1MiB", deadLetters: false);
        await WriteAsync("other.yaml", "1MiB", field: "price");
        await RefusedAsync(2, "name its file, corrected, by --with PIPELINE", "lake/trips", "--where", "true");
        await RefusedAsync(2, "has no 'dead_letters' that could be replayed", "lake/trips", "--where", "true", "--with", "silent.yaml");
        await RefusedAsync(2, "is neither of them", "lake/elsewhere", "--where", "true", "--with", "corrected.yaml");
        await RefusedAsync(2, "does not fit the table at", "lake/trips", "--where", "true", "--with", "other.yaml");
        await RefusedAsync(2, "'knd'", "lake/trips", "--where", "knd = 'Oversized'", "--with", "corrected.yaml");
        await RefusedAsync(5, "There is no pipeline file", "lake/trips", "--where", "true", "--with", "nowhere.yaml");
        Assert.Equal(Good, await CountRowsAsync());
    }

    private static (long Matched, long Written, long StillBad) Counts(JsonElement answer) => (
        answer.GetProperty("matched").GetInt64(), answer.GetProperty("written").GetInt64(), answer.GetProperty("still_bad").GetInt64());

    private async Task RefusedAsync(int expected, string sentence, params string[] arguments)
    {
        (int exitCode, string said, string error) = await RunAsync(["dead-letters", "replay", .. arguments]);
        Assert.True(exitCode == expected, $"exit code {exitCode}: {error}");
        Assert.Contains(sentence, error);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Equal("", said);
    }

    /// <summary>Runs a pipeline to which some records are too large and one is no JSON.</summary>
    private async Task PutAsideAsync()
    {
        await WriteAsync("strict.yaml", "1KiB");
        await WriteAsync("corrected.yaml", "1MiB");
        _broker.CreateTopic("trips", 1);
        using (var producer = new KafkaProducer(_broker.BootstrapServers, new Dictionary<string, string>(), TimeProvider.System))
        {
            string[] messages =
            [
                .. Enumerable.Range(0, Good).Select(static i => $$"""{"trip_id":"t{{i}}","fare":1.5}"""),
                .. Enumerable.Range(0, Oversized).Select(static i => $$"""{"trip_id":"{{new string('x', 1_100)}}{{i}}","fare":1.5}"""),
                "no json",
            ];
            foreach (string message in messages)
            {
                Assert.True(producer.TryProduce(new TopicPartition("trips", 0), [], true, Encoding.UTF8.GetBytes(message), false, 1_763_510_400_000));
            }

            await producer.FlushAsync(Stop);
        }

        (int exitCode, _, string error) = await RunAsync("run", "strict.yaml", "--until-caught-up");
        Assert.True(exitCode == 0, error);
        Assert.Equal(Good, await CountRowsAsync());
    }

    private async Task WriteAsync(string file, string recordBytesMax, bool deadLetters = true, string field = "fare") =>
        await File.WriteAllTextAsync(_folder[file], $$"""
            pipeline: trips
            source: { kafka: { bootstrap_servers: "{{_broker.BootstrapServers}}", topics: [trips], group: lakehouse-trips } }
            format: { json: { max_record_size: {{recordBytesMax}} } }
            schema:
              - { name: trip_id, type: string, required: true }
              - { name: {{field}}, type: double }
            table: { path: lake/trips, kafka_columns: [partition, offset] }
            {{(deadLetters ? "dead_letters: { path: lake/dead }" : "")}}
            checkpoint: { interval: 500ms }
            """, Stop);

    private async Task<long> CountRowsAsync()
    {
        (int exitCode, string said, string error) = await RunAsync("query", "lake/trips", "--aggregate", "count(*)", "--json");
        Assert.True(exitCode == 0, error);
        using JsonDocument answer = JsonDocument.Parse(said);
        return answer.RootElement.GetProperty("rows")[0].GetProperty("count(*)").GetInt64();
    }

    private async Task<JsonDocument> AnswerAsync(params string[] arguments)
    {
        (int exitCode, string said, string error) = await RunAsync(["dead-letters", .. arguments, "--json"]);
        Assert.True(exitCode == 0, error);
        return JsonDocument.Parse(said);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments) =>
        LakehouseProcess.RunAsync(_folder.Path, arguments);
}
