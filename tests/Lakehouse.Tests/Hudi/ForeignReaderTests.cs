using System.Diagnostics;
using System.Text.Json;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>
/// Hudi's own Java code reads the tables, in every state that a commit goes through. Skipped where the reader or Java is not there.
/// </summary>
public class ForeignReaderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hudi_Java_reads_every_row_once_and_the_table_as_it_was(bool partitioned)
    {
        using var folder = new TemporaryFolder();
        var table = new RealTable(new LocalObjectStore(folder.Path), partitioned, TimeProvider.System);
        await table.CreateAsync();
        TableCommitter committer = table.Committer();
        var first = (CommitResult.Committed)await committer.CommitAsync(await table.StageAsync(1, 0, 100), Stop);
        var second = (CommitResult.Committed)await committer.CommitAsync(await table.StageAsync(2, 100, 250), Stop);
        Assert.Equal(250, await JavaRowsAsync(folder.Path));
        Assert.Equal(100, await JavaRowsAsync(folder.Path, "--as-of", first.Instant));
        Assert.Equal(250, await JavaRowsAsync(folder.Path, "--as-of", second.Instant));
        Assert.Equal(100, (await table.Table.SnapshotAsync(first.Instant, Stop)).FileSlices.Sum(static s => s.RowCount));
    }

    [Fact]
    public async Task Hudi_Java_sees_only_committed_rows_at_every_step_of_a_commit()
    {
        using var folder = new TemporaryFolder();
        var store = new ProcessStore(new LocalObjectStore(folder.Path));
        var table = new RealTable(new LocalObjectStore(folder.Path), partitioned: true, TimeProvider.System);
        await table.CreateAsync();
        await table.Committer().CommitAsync(await table.StageAsync(1, 0, 30), Stop);
        Committable work = await table.StageAsync(2, 30, 60);
        List<(string Call, long Rows)> seen = [];
        store.After = async call =>
        {
            if (call.Is("put-if-absent", ".claim") || call.Is("put-if-absent", ".outcome") || call.Is("put-if-absent", ".inflight")
                || call.Is("copy-if-absent", ".parquet") || call.Is("put-if-absent", ".commit"))
            {
                seen.Add((call.Path.Name, await JavaRowsAsync(folder.Path)));
            }
        };
        await table.Committer("b", store).CommitAsync(work, Stop);
        Assert.True(seen.Count >= 7, $"only {seen.Count} steps");
        Assert.All(seen[..^1], static s => Assert.True(s.Rows == 30, $"{s.Rows} rows after {s.Call}"));
        Assert.Equal(60, seen[^1].Rows);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hudi_rs_reads_every_row_once_also_with_a_claim_pending_aborted_or_not_yet_published(bool partitioned)
    {
        using var folder = new TemporaryFolder();
        var local = new LocalObjectStore(folder.Path);
        var table = new RealTable(local, partitioned, TimeProvider.System);
        await table.CreateAsync();
        await table.Committer().CommitAsync(await table.StageAsync(1, 0, 40), Stop);
        Assert.Equal((40, 40), await HudiRsRowsAsync(folder.Path));

        Committable work = await table.StageAsync(2, 40, 90);
        await DieAfterAsync(table, local, work, ".claim");
        Assert.Equal((40, 40), await HudiRsRowsAsync(folder.Path));
        await table.Committer("c").RecoverAsync(Stop);
        Assert.Equal((40, 40), await HudiRsRowsAsync(folder.Path));
        await DieAfterAsync(table, local, work, ".outcome");
        Assert.Equal((40, 40), await HudiRsRowsAsync(folder.Path));
        await table.Committer("d").RecoverAsync(Stop);
        Assert.Equal((90, 90), await HudiRsRowsAsync(folder.Path));
    }

    private static async Task DieAfterAsync(RealTable table, LocalObjectStore local, Committable work, string put)
    {
        var store = new ProcessStore(local);
        store.After = call =>
        {
            store.IsDead |= call.Is("put-if-absent", put);
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<ProcessDiedException>(() => table.Committer("b", store).CommitAsync(work, Stop));
    }

    /// <summary>Rows and distinct (partition, offset) pairs as hudi-rs counts them, by a Python that has it.</summary>
    private static async Task<(long Rows, long Distinct)> HudiRsRowsAsync(string table)
    {
        string? script = Surroundings.Shared("services", "verify", "exactly_once.py");
        string? python = Environment.GetEnvironmentVariable("LAKEHOUSE_HUDI_RS_PYTHON");
        Assert.SkipWhen(script is null || python is null, "LAKEHOUSE_HUDI_RS_PYTHON names no Python with hudi-rs");
        using JsonDocument document = JsonDocument.Parse(await RunAsync(python, [script, table]));
        return (document.RootElement.GetProperty("rows").GetInt64(), document.RootElement.GetProperty("distinct").GetInt64());
    }

    private static async Task<long> JavaRowsAsync(string table, params string[] more)
    {
        string? script = Surroundings.Shared("services", "verify", "java_read.sh");
        Assert.SkipWhen(script is null, "the shared folder with Hudi's Java reader is not beside the repository");
        string[] folders = Environment.GetEnvironmentVariable("PATH")!.Split(':');
        Assert.SkipWhen(folders.All(static p => !File.Exists(Path.Combine(p, "java"))), "there is no java");
        using JsonDocument document = JsonDocument.Parse(await RunAsync("bash", [script, table, .. more]));
        return document.RootElement.GetProperty("rows").GetInt64();
    }

    private static async Task<string> RunAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(Stop);
        string output = await process.StandardOutput.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {output} {await errors}");
        return output;
    }
}
