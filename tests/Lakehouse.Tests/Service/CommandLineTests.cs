using System.Text.Json;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Service;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("run")]
    [InlineData("demo")]
    [InlineData("plan")]
    [InlineData("verify")]
    [InlineData("timeline")]
    [InlineData("table")]
    [InlineData("query")]
    [InlineData("dead-letters", "list")]
    [InlineData("dead-letters", "replay")]
    [InlineData("delete")]
    [InlineData("compact")]
    [InlineData("clean")]
    [InlineData("savepoint")]
    [InlineData("restore")]
    [InlineData("rollback")]
    [InlineData("parquet", "meta")]
    [InlineData("parquet", "check")]
    [InlineData("test")]
    public async Task Every_command_has_help(params string[] command)
    {
        (int exitCode, string output, string error) = await LakehouseProcess.RunAsync(_folder.Path, [.. command, "--help"]);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("--json", output);
    }

    [Theory]
    [InlineData(2, "'frobnicate'", "frobnicate")]
    [InlineData(2, "PIPELINE", "run")]
    [InlineData(2, "--limit must not be negative", "query", ".", "--limit", "-1")]
    [InlineData(2, "is not an aggregate", "query", ".", "--aggregate", "median(fare)")]
    [InlineData(2, "cannot go with", "query", ".", "--select", "a", "--group-by", "b")]
    [InlineData(2, "there is no store for 's4'", "verify", "s4://lake/trips")]
    [InlineData(5, "There is no Hudi table at", "verify", "nowhere")]
    [InlineData(5, "There is no Hudi table at", "timeline", "nowhere")]
    [InlineData(5, "There is no file", "parquet", "meta", "nowhere.parquet")]
    [InlineData(5, "There is no pipeline file", "run", "nowhere.yaml")]
    [InlineData(5, "There is no pipeline file", "compact", "nowhere.yaml")]
    [InlineData(5, "There is no Hudi table at", "compact", "nowhere")]
    [InlineData(2, "--target-mib must be from 1", "compact", "nowhere", "--target-mib", "0")]
    [InlineData(2, "exclude each other", "compact", "nowhere", "--pause", "--resume")]
    [InlineData(2, "exclude each other", "compact", "nowhere", "--plan", "--scheduled")]
    public async Task A_mistake_is_one_sentence_and_an_exit_code(int exitCode, string sentence, params string[] command)
    {
        (int actual, string output, string error) = await LakehouseProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == actual, $"exit code {actual}: {error}");
        Assert.Contains(sentence, error);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Equal("", output);
    }

    [Fact]
    public async Task Stack_traces_are_shown_only_when_asked_for()
    {
        await File.WriteAllTextAsync(_folder["wrong.yaml"], "pipelin: x\n", Stop);
        (int exitCode, _, string error) = await LakehouseProcess.RunAsync(_folder.Path, "run", "wrong.yaml");
        Assert.Equal(2, exitCode);
        Assert.StartsWith("wrong.yaml:1:1: ", error);
        Assert.DoesNotContain("   at ", error);
        (_, _, error) = await LakehouseProcess.RunAsync(_folder.Path, "run", "wrong.yaml", "--verbose");
        Assert.Contains("   at ", error);
    }

    [Fact]
    public async Task Verify_answers_in_json_and_exits_with_1_once_a_file_is_gone()
    {
        TripTable trips = await MakeAsync();
        (int exitCode, string output, _) = await LakehouseProcess.RunAsync(_folder.Path, "verify", "table", "--json");
        Assert.Equal(0, exitCode);
        using JsonDocument proven = JsonDocument.Parse(output);
        Assert.True(proven.RootElement.GetProperty("proven").GetBoolean());
        Assert.Equal(360, proven.RootElement.GetProperty("offsets_proven").GetInt64());
        JsonElement partition = proven.RootElement.GetProperty("partitions")[1];
        Assert.Equal((1, 0, 200, 180), (Number(partition, "partition"), Number(partition, "first_offset"),
            Number(partition, "end_offset"), Number(partition, "written")));

        TableSnapshot snapshot = await trips.Table.SnapshotAsync(null, Stop);
        await trips.Table.Store.DeleteAsync(snapshot.FileSlices[0].Path, Stop);
        (exitCode, output, _) = await LakehouseProcess.RunAsync(_folder.Path, "verify", "table", "--json");
        Assert.Equal(1, exitCode);
        using JsonDocument damaged = JsonDocument.Parse(output);
        Assert.False(damaged.RootElement.GetProperty("proven").GetBoolean());
        JsonElement finding = damaged.RootElement.GetProperty("findings")[0];
        Assert.Equal("missing_file", finding.GetProperty("kind").GetString());
        Assert.Contains(snapshot.FileSlices[0].Path.Value, finding.GetProperty("where").GetString());
    }

    [Fact]
    public async Task Timeline_query_and_parquet_meta_answer_in_json_and_in_text()
    {
        TripTable trips = await MakeAsync();
        using JsonDocument timeline = JsonDocument.Parse((await LakehouseProcess.RunAsync(_folder.Path, "timeline", "table", "--json")).Output);
        JsonElement instant = timeline.RootElement.GetProperty("instants")[1];
        Assert.Equal(180, Number(instant, "row_count"));
        Assert.Equal(100, Number(instant.GetProperty("ranges")[0], "start"));
        Assert.Empty(timeline.RootElement.GetProperty("unfinished").EnumerateArray());

        string[] query = ["query", "table", "--where", "dt = '2026-01-01'", "--group-by", "city", "--aggregate", "count(*), sum(fare)"];
        using JsonDocument groups = JsonDocument.Parse((await LakehouseProcess.RunAsync(_folder.Path, [.. query, "--json"])).Output);
        JsonElement first = groups.RootElement.GetProperty("rows")[0];
        Assert.Equal("city0", first.GetProperty("city").GetString());
        Assert.Equal(trips.Rows.Count(r => r is { Day: "2026-01-01", City: "city0" }), Number(first, "count(*)"));
        string text = (await LakehouseProcess.RunAsync(_folder.Path, query)).Output;
        Assert.Matches(@"(?m)^city\s+count\(\*\)\s+sum\(fare\)\r?$", text);
        Assert.DoesNotContain("\u001b", text);

        string file = (await trips.Table.SnapshotAsync(null, Stop)).FileSlices[0].Path.Value;
        using JsonDocument meta = JsonDocument.Parse(
            (await LakehouseProcess.RunAsync(_folder.Path, "parquet", "meta", "table/" + file, "--json")).Output);
        JsonElement column = meta.RootElement.GetProperty("row_groups")[0].GetProperty("columns")[0];
        Assert.Equal("_hoodie_commit_time", column.GetProperty("column").GetString());
        Assert.Equal("DictionaryPage", column.GetProperty("pages")[0].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Parquet_check_says_what_is_wrong_and_fails()
    {
        TripTable trips = await MakeAsync();
        string file = "table/" + (await trips.Table.SnapshotAsync(null, Stop)).FileSlices[0].Path.Value;
        (int exitCode, string sound, _) = await LakehouseProcess.RunAsync(_folder.Path, "parquet", "check", file);
        Assert.Equal(0, exitCode);
        Assert.Contains("nothing is wrong", sound);

        byte[] bytes = await File.ReadAllBytesAsync(_folder[file], Stop);
        bytes[0] ^= 1;
        await File.WriteAllBytesAsync(_folder["damaged.parquet"], bytes, Stop);
        (exitCode, string output, _) = await LakehouseProcess.RunAsync(_folder.Path, "parquet", "check", file, "damaged.parquet", "--json");
        Assert.Equal(1, exitCode);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Empty(json.RootElement[0].GetProperty("findings").EnumerateArray());
        JsonElement finding = json.RootElement[1].GetProperty("findings")[0];
        Assert.Equal(("start_magic", 0), (finding.GetProperty("kind").GetString(), Number(finding, "offset")));
    }

    public void Dispose() => _folder.Dispose();

    private static int Number(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private Task<TripTable> MakeAsync() =>
        TripTable.CreateAsync(new LocalObjectStore(_folder["table"]), 2, Stop);
}
