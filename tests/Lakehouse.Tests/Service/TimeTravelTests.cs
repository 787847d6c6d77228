using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Service;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Service;

public sealed class TimeTravelTests
{
    private static readonly string[] Instants = ["20260301120000000", "20260301120010500", "20260301120020000"];
    private readonly MemoryObjectStore _store = new("table", TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("20260301120010500", null, null, "20260301120010500")]
    [InlineData("2026-03-01T12:00:10.500Z", null, null, "20260301120010500")]
    [InlineData("2026-03-01T12:00:19Z", null, null, "20260301120010500")]
    [InlineData("2026-03-01T13:00:05+01:00", null, null, "20260301120000000")]
    [InlineData("2027-01-01", null, null, "20260301120020000")]
    [InlineData(null, "20260301120000000", "20260301120000000", null)]
    [InlineData(null, "2026-03-01", null, null)]
    [InlineData("20260301120020000", "20260301120000000", "20260301120000000", "20260301120020000")]
    public void An_instant_or_a_time_names_the_newest_commit_up_to_it(string? at, string? since, string? first, string? last) =>
        Assert.Equal(new InstantRange(first, last), InstantChoice.Range(Instants, at, since));

    [Theory]
    [InlineData("20260301120010501", null, 5, "the nearest is 20260301120010500, the oldest 20260301120000000, the newest 20260301120020000")]
    [InlineData("2026-02-01", null, 5, "before the oldest instant that the table still has, 20260301120000000")]
    [InlineData("yesterday", null, 2, "no time")]
    [InlineData("2026030112", null, 2, "no instant")]
    [InlineData("20261301120010501", null, 2, "no instant")]
    [InlineData("20260301120000000", "20260301120020000", 2, "is after")]
    [InlineData(null, "20260301120000001", 5, "the nearest is 20260301120000000")]
    public void What_is_not_there_is_refused_with_what_is(string? at, string? since, int exitCode, string says)
    {
        var e = Assert.Throws<CommandFailedException>(() => InstantChoice.Range(Instants, at, since));
        Assert.Equal(exitCode, e.ExitCode);
        Assert.Contains(says, e.Message);
    }

    [Fact]
    public async Task A_query_sees_the_rows_of_the_commits_up_to_one_and_after_another()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(3);
        Assert.Equal(540, await trips.CountAsync(new InstantRange(null, null), Stop));
        Assert.Equal(180, await trips.CountAsync(new InstantRange(null, instants[0]), Stop));
        Assert.Equal(360, await trips.CountAsync(new InstantRange(null, instants[1]), Stop));
        Assert.Equal(180, await trips.CountAsync(new InstantRange(instants[1], null), Stop));
        Assert.Equal(180, await trips.CountAsync(new InstantRange(instants[0], instants[1]), Stop));
        Assert.Equal(0, await trips.CountAsync(new InstantRange(instants[2], null), Stop));
        QueryResult result = await TableQuery.RunAsync(trips.Table, new QueryRequest
        {
            Select = ["kafka_offset"],
            Where = "kafka_partition = 0 AND kafka_offset % 10 = 3",
            Range = new InstantRange(instants[0], instants[1]),
            Limit = 100,
        }, Stop);
        Assert.Equal(Enumerable.Range(10, 10).Select(i => (10L * i) + 3), result.Rows.Select(r => (long)r[0]!).Order());
        Assert.Equal(2, result.FilesRead);
    }

    [Fact]
    public async Task A_query_refuses_an_instant_whose_files_are_gone()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(2);
        FileSlice gone = (await trips.Table.SnapshotAsync(null, Stop)).FileSlices.First(f => f.Instant == instants[1]);
        await _store.DeleteAsync(gone.Path, Stop);
        Assert.Equal(180, await trips.CountAsync(new InstantRange(null, instants[0]), Stop));
        var e = await Assert.ThrowsAsync<CommandFailedException>(() => trips.CountAsync(InstantRange.Whole, Stop));
        Assert.Contains(gone.Path.Value, e.Message);
    }

    [Fact]
    public async Task A_part_of_the_history_is_proven_by_itself()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(4);
        TableCheck before = await CheckAsync(trips, new InstantRange(null, instants[1]));
        Assert.Empty(before.Report.Findings);
        Assert.Equal((2, 360, 360), (before.Report.InstantCount, before.Report.RowCount, before.Report.OffsetsProven));
        TableCheck between = await CheckAsync(trips, new InstantRange(instants[1], instants[2]));
        Assert.Empty(between.Report.Findings);
        Assert.Equal([(200L, 300L), (200L, 300L)], between.Report.Partitions.Select(p => (p.FirstOffset, p.EndOffset)));
        TableCheck nothing = await CheckAsync(trips, new InstantRange(instants[3], null));
        Assert.Empty(nothing.Report.Findings);
        Assert.Equal(0, nothing.Report.RowCount);
    }

    [Fact]
    public async Task A_part_is_held_against_the_ledger_before_it()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(3);
        CompletedInstant second = (await trips.Table.SnapshotAsync(null, Stop)).Timeline[1];
        string ledger = second.Metadata.ExtraMetadata[CommitMetadata.LedgerKey].Replace("\"start\":100", "\"start\":110");
        await _store.PutAsync(new ObjectPath($".hoodie/{second.Time}.commit"),
            (second.Metadata with { ExtraMetadata = second.Metadata.ExtraMetadata.SetItem(CommitMetadata.LedgerKey, ledger) }).ToJson(), Stop);
        Assert.Contains((await CheckAsync(trips, new InstantRange(instants[0], null))).Report.Findings, f => f.Kind == FindingKind.Gap);
        Assert.Empty((await CheckAsync(trips, new InstantRange(instants[1], null))).Report.Findings);
        Assert.Empty((await CheckAsync(trips, new InstantRange(null, instants[0]))).Report.Findings);
    }

    private static Task<TableCheck> CheckAsync(TripTable trips, InstantRange range) =>
        TableCheck.RunAsync(trips.Table, range, offsets: true, deep: false, Stop);

    private async Task<(TripTable Trips, ImmutableArray<string> Instants)> MakeAsync(int commits)
    {
        TripTable trips = await TripTable.CreateAsync(_store, commits, Stop);
        return (trips, await trips.Table.CompletedInstantsAsync(Stop));
    }
}
