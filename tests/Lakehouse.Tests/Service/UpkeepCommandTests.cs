using System.Text.Json;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Service;

/// <summary>clean, savepoint, restore and rollback as a user runs them.</summary>
public sealed class UpkeepCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_savepoint_is_made_and_a_restore_to_it_is_planned_then_done_and_verified()
    {
        TripTable trips = await MakeAsync(1);
        using JsonDocument savepoint = await AnswerAsync("savepoint", "table", "create", "monday");
        string instant = savepoint.RootElement.GetProperty("instant").GetString()!;
        await trips.CommitAsync(Stop);
        await trips.CommitAsync(Stop);
        using JsonDocument plan = await AnswerAsync("restore", "table", "--to", "monday", "--plan");
        Assert.Equal(instant, plan.RootElement.GetProperty("target").GetString());
        Assert.Equal([180, 180], plan.RootElement.GetProperty("undone").EnumerateArray().Select(static u => Number(u, "row_count")));
        JsonElement rewound = plan.RootElement.GetProperty("rewound")[1];
        Assert.Equal((300, 100), (Number(rewound, "end_offset_before"), Number(rewound, "end_offset")));
        Assert.Equal(3, (await trips.Table.SnapshotAsync(null, Stop)).Timeline.Length);

        (int exitCode, string text, string error) = await LakehouseProcess.RunAsync(_folder.Path, "restore", "table", "--to", "monday");
        Assert.True(exitCode == 0, error);
        Assert.Contains($"The table is back at {instant} (savepoint 'monday'): 360 rows of 2 instants are gone.", text);
        using JsonDocument verified = await AnswerAsync("verify", "table");
        Assert.True(verified.RootElement.GetProperty("proven").GetBoolean(), verified.RootElement.ToString());
        Assert.Equal(180, Number(verified.RootElement, "offsets_proven"));
        using JsonDocument timeline = await AnswerAsync("timeline", "table");
        Assert.Equal(
            ["savepoint", "restore"],
            timeline.RootElement.GetProperty("services").EnumerateArray().Select(static s => s.GetProperty("action").GetString()));
        (_, text, _) = await LakehouseProcess.RunAsync(_folder.Path, "savepoint", "table", "list");
        Assert.Contains("monday", text);
        await AnswerAsync("savepoint", "table", "delete", "monday");
        using JsonDocument none = await AnswerAsync("savepoint", "table", "list");
        Assert.Empty(none.RootElement.EnumerateArray());
    }

    [Fact]
    public async Task A_rollback_undoes_the_newest_instants_and_no_more_than_there_are()
    {
        TripTable trips = await MakeAsync(3);
        (int exitCode, string text, string error) = await LakehouseProcess.RunAsync(_folder.Path, "rollback", "table", "--last", "2", "--plan");
        Assert.True(exitCode == 0, error);
        Assert.Contains("360 rows of 2 instants would go", text);
        await AnswerAsync("rollback", "table");
        Assert.Equal(2, (await trips.Table.SnapshotAsync(null, Stop)).Timeline.Length);
        (exitCode, _, error) = await LakehouseProcess.RunAsync(_folder.Path, "rollback", "table", "--last", "2");
        Assert.Equal(1, exitCode);
        Assert.Contains("at least one must stay; the oldest possible one is", error);
    }

    [Fact]
    public async Task A_clean_shows_what_it_would_delete_and_deletes_it()
    {
        TripTable trips = await MakeAsync(3);
        TableSnapshot snapshot = await trips.Table.SnapshotAsync(null, Stop);
        FileSlice named = snapshot.FileSlices[0];
        ObjectPath orphan = named.Path.Parent / named.Path.Name.Replace(named.FileId, "00000000-0000-4000-8000-000000000000-0");
        await trips.Table.Store.PutAsync(orphan, "x"u8.ToArray(), Stop);
        using JsonDocument plan = await AnswerAsync("clean", "table", "--keep-commits", "1", "--plan");
        Assert.Equal(orphan.Value, Assert.Single(plan.RootElement.GetProperty("orphans").EnumerateArray()).GetProperty("path").GetString());
        Assert.Empty(plan.RootElement.GetProperty("files").EnumerateArray());
        Assert.NotNull(await trips.Table.Store.StatAsync(orphan, Stop));
        (int exitCode, string text, string error) = await LakehouseProcess.RunAsync(_folder.Path, "clean", "table");
        Assert.True(exitCode == 0, error);
        Assert.Contains("1 orphans that no commit names deleted", text);
        Assert.Null(await trips.Table.Store.StatAsync(orphan, Stop));
        using JsonDocument verified = await AnswerAsync("verify", "table");
        Assert.True(verified.RootElement.GetProperty("proven").GetBoolean());
    }

    [Theory]
    [InlineData(2, "exclude each other", "clean", "table", "--keep-commits", "1", "--keep-hours", "1")]
    [InlineData(2, "must be at least 1", "clean", "table", "--keep-versions", "0")]
    [InlineData(2, "must be at least 1", "rollback", "table", "--last", "0")]
    [InlineData(2, "--to", "restore", "table")]
    [InlineData(2, "delete takes", "savepoint", "table", "delete")]
    [InlineData(2, "list takes no name", "savepoint", "table", "list", "x")]
    [InlineData(2, "--at goes with create", "savepoint", "table", "list", "--at", "x")]
    [InlineData(5, "There is no Hudi table at", "clean", "nowhere")]
    [InlineData(5, "There is no Hudi table at", "restore", "nowhere", "--to", "x")]
    public async Task A_mistake_is_one_sentence_and_an_exit_code(int exitCode, string sentence, params string[] command)
    {
        (int actual, string output, string error) = await LakehouseProcess.RunAsync(_folder.Path, command);
        Assert.True(exitCode == actual, $"exit code {actual}: {error}");
        Assert.Contains(sentence, error);
        Assert.Single(error.Trim().Split('\n'));
        Assert.Equal("", output);
    }

    private static int Number(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private async Task<JsonDocument> AnswerAsync(params string[] command)
    {
        (int exitCode, string output, string error) = await LakehouseProcess.RunAsync(_folder.Path, [.. command, "--json"]);
        Assert.True(exitCode == 0, $"exit code {exitCode}: {error}");
        return JsonDocument.Parse(output);
    }

    private Task<TripTable> MakeAsync(int commits) =>
        TripTable.CreateAsync(new LocalObjectStore(_folder["table"]), commits, Stop);
}
