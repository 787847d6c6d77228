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
        Assert.Equal((250, 250), await ForeignReaders.HudiJava.CountRecordsAsync(folder.Path, Stop));
        Assert.Equal(250, (await ForeignReaders.HudiRust.ReadAsync(folder.Path, null, Stop)).RowCount);
        RecordCount duck = await ForeignReaders.DuckDb.CountRecordsAsync(table.Table, Stop);
        Assert.Equal((250, 250, 0, new PartitionCount(0, 249, 250)), (duck.RowCount, duck.DistinctCount, duck.DoubledCount, duck.Partitions[0]));
        Assert.Equal(100, await JavaRowsAsync(folder.Path, first.Instant));
        Assert.Equal(250, await JavaRowsAsync(folder.Path, second.Instant));
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

    private static async Task<(long Rows, long Distinct)> HudiRsRowsAsync(string table)
    {
        RecordCount count = await ForeignReaders.HudiRust.CountRecordsAsync(table, Stop);
        return (count.RowCount, count.DistinctCount);
    }

    private static async Task<long> JavaRowsAsync(string table, string? asOf = null) =>
        (await ForeignReaders.HudiJava.ReadAsync(table, asOf, 3, Stop)).RowCount;
}
