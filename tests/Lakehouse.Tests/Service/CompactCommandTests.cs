using System.Text.Json;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Service;

/// <summary>compact as a user runs it.</summary>
public sealed class CompactCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_plan_names_files_and_how_columns_move_then_a_run_merges_and_the_table_is_proven()
    {
        TripTable trips = await MakeAsync(5);
        (int exitCode, string text, string error) = await RunAsync("compact", "table", "--plan");
        Assert.True(exitCode == 0, error);
        Assert.Contains("dt=2026-01-01", text);
        Assert.Contains("10 files of", text);
        Assert.Contains("kafka_offset", text);
        Assert.Equal(10, (await trips.Table.SnapshotAsync(null, Stop)).FileSlices.Length);
        using (JsonDocument plan = await AnswerAsync("compact", "table", "--plan"))
        {
            JsonElement output = plan.RootElement.GetProperty("tables")[0].GetProperty("outputs")[0];
            Assert.Equal(5, output.GetProperty("inputs").GetArrayLength());
            JsonElement column = output.GetProperty("row_groups")[0].GetProperty("columns").EnumerateArray()
                .Single(static c => c.GetProperty("name").GetString() == "city");
            Assert.Equal(5, column.GetProperty("steps").GetArrayLength());
            Assert.NotEqual("", column.GetProperty("steps")[0].GetProperty("reason").GetString());
        }

        (exitCode, text, error) = await RunAsync("compact", "table");
        Assert.True(exitCode == 0, error);
        Assert.Contains("10 files of", text);
        Assert.Contains("are merged into 2 of", text);
        using JsonDocument verified = await AnswerAsync("verify", "table", "--deep");
        Assert.Equal((900, 900), (Number(verified.RootElement, "row_count"), Number(verified.RootElement, "offsets_proven")));
        (_, text, _) = await RunAsync("timeline", "table");
        Assert.Contains("10 files merged", text);
        (_, text, _) = await RunAsync("compact", "table");
        Assert.Contains("Nothing was merged.", text);
        Assert.Contains("2 small files of", text);
    }

    [Fact]
    public async Task Options_say_which_files_are_merged()
    {
        await MakeAsync(3);
        using JsonDocument few = await AnswerAsync("compact", "table");
        Assert.Equal(0, Number(few.RootElement.GetProperty("tables")[0], "files_merged"));
        using JsonDocument young = await AnswerAsync("compact", "table", "--min-inputs", "2", "--min-age-minutes", "5");
        Assert.Equal("young", young.RootElement.GetProperty("tables")[0].GetProperty("left")[0].GetProperty("reason").GetString());
        using JsonDocument hot = await AnswerAsync("compact", "table", "--min-inputs", "2", "--quiet-minutes", "5");
        Assert.Equal("hot", hot.RootElement.GetProperty("tables")[0].GetProperty("left")[0].GetProperty("reason").GetString());
        using JsonDocument one = await AnswerAsync(
            "compact", "table", "--min-inputs", "2", "--partition", "dt=2026-01-02", "--any-order", "--io-mib", "100", "--concurrency", "2");
        Assert.Equal(3, Number(one.RootElement.GetProperty("tables")[0], "files_merged"));
    }

    [Fact]
    public async Task Orders_reach_a_process_that_compacts_on_a_schedule()
    {
        TripTable trips = await MakeAsync(4);
        (_, string text, _) = await RunAsync("compact", "table", "--status");
        Assert.Contains("Nobody has merged this table on a schedule yet", text);
        (await AnswerAsync("compact", "table", "--pause")).Dispose();
        using var process = LakehouseProcess.Start(_folder.Path, "compact", "table", "--every", "0/1 * * * * ?");
        await UntilAsync(process, async () => (await StatusAsync()).Contains("waiting: paused", StringComparison.Ordinal));
        Assert.Equal(8, (await trips.Table.SnapshotAsync(null, Stop)).FileSlices.Length);
        (await AnswerAsync("compact", "table", "--run-now")).Dispose();
        await UntilAsync(process, async () => (await trips.Table.SnapshotAsync(null, Stop)).FileSlices.Length == 2);
        for (int i = 0; i < 4; i++)
        {
            await trips.CommitAsync(Stop);
        }

        (await AnswerAsync("compact", "table", "--resume")).Dispose();
        await UntilAsync(process, async () => (await trips.Table.SnapshotAsync(null, Stop)).FileSlices.Length < 6);
        process.Terminate();
        (int exitCode, _, string error) = await process.EndAsync();
        Assert.True(exitCode == 0, error);
        Assert.Contains("merged 8 files", error);
    }

    private async Task<string> StatusAsync() => (await RunAsync("compact", "table", "--status", "--json")).Output;

    private static async Task UntilAsync(LakehouseProcess process, Func<Task<bool>> holds)
    {
        for (int i = 0; !await holds(); i++)
        {
            Assert.True(i < 300 && !process.HasExited, process.Said);
            await Task.Delay(100, Stop);
        }
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] command) => LakehouseProcess.RunAsync(_folder.Path, command);

    private async Task<JsonDocument> AnswerAsync(params string[] command)
    {
        (int exitCode, string output, string error) = await RunAsync([.. command, "--json"]);
        Assert.True(exitCode == 0, error);
        return JsonDocument.Parse(output);
    }

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();

    private Task<TripTable> MakeAsync(int commits) => TripTable.CreateAsync(new LocalObjectStore(_folder["table"]), commits, Stop);
}
