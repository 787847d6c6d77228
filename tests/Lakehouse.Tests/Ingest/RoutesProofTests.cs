using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Service;
using Lakehouse.Storage;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Ingest;

/// <summary>What <c>verify</c>, restore and the services make of a first table, a route's and dead letters.</summary>
public sealed class RoutesProofTests
{
    private const string First = "lake/trips";
    private const string Route = "lake/dear";
    private const string Letters = "lake/dead";
    private const string Yaml = PipelineBench.Trips + "\nroutes: [ { where: \"fare >= 5\", table: { path: lake/dear, partition_by: [dt] } } ]";
    private readonly PipelineBench _bench = new();
    private readonly TopicPartition _p0 = new("trips", 0);
    private readonly TopicPartition _p1 = new("trips", 1);

    public RoutesProofTests() => _bench.Log.CreateTopic("trips", 2);

    [Fact]
    public async Task All_tables_are_proven_together()
    {
        await IngestAsync(3);
        TableCheck check = await CheckAsync();
        Assert.Empty(Findings(check));
        Assert.True(check is { IsProven: true, IsTogether: true });
        Assert.Equal(2, check.Followers.Length);
        Assert.Equal(3 * (2 * 18 + 1), check.Report.RowCount + check.Followers.Sum(f => f.Report.RowCount));
        Assert.Equal(3 * 2 * 13, check.Report.Partitions.Sum(p => p.Routed));
    }

    [Fact]
    public async Task A_routes_table_alone_proves_what_it_has()
    {
        await IngestAsync(2);
        TableCheck check = await CheckAsync(Route);
        Assert.True(check is { IsProven: true, IsTogether: false, OffsetsSkipped: null });
        Assert.Equal(2 * 2 * 13, check.Report.OffsetsProven);
        Assert.Equal(InstantCount(await _bench.SnapshotAsync(Route)), check.Report.InstantCount);
    }

    [Fact]
    public async Task A_part_of_the_history_is_proven_together_too()
    {
        await IngestAsync(1);
        string first = (await _bench.SnapshotAsync(First)).Instant!;
        await IngestAsync(1);
        foreach (InstantRange range in (InstantRange[])[new(null, first), new(first, null)])
        {
            TableCheck check = await CheckAsync(First, range);
            Assert.Empty(Findings(check));
            Assert.True(check.IsTogether);
            Assert.Equal(2 * 18 + 1, check.Report.RowCount + check.Followers.Sum(f => f.Report.RowCount));
        }
    }

    [Theory]
    [InlineData(Route)]
    [InlineData(Letters)]
    public async Task A_follower_that_lost_a_commit_is_named_with_that_commit(string location)
    {
        await IngestAsync(2);
        string lost = (await _bench.SnapshotAsync(location)).Timeline[^1].Time;
        await _bench.Store(location).DeleteAsync(new ObjectPath($".hoodie/{lost}.commit"), Stop);
        string commit = (await _bench.SnapshotAsync(First)).Timeline[^1].Time;

        TableCheck check = await CheckAsync();

        Assert.Contains(check.Report.Findings, f => f.Kind == FindingKind.FollowerMismatch && f.Where == $"{commit} {location}"
            && f.What.EndsWith(" 0 of them came there.", StringComparison.Ordinal));
        Assert.Contains(check.Report.Findings, f => f.Kind == FindingKind.MissingRecord && f.Where.StartsWith("trips-", StringComparison.Ordinal));
        Assert.False(check.IsProven);
    }

    [Fact]
    public async Task A_record_in_two_tables_is_found()
    {
        await IngestAsync(1);
        await SwapAsync(Route, First);
        TableCheck check = await CheckAsync();
        Assert.Contains(Findings(check), f => f.Kind == FindingKind.DuplicateRecord);
    }

    [Fact]
    public async Task Counts_of_routes_that_are_not_those_of_the_commits_files_are_found()
    {
        await IngestAsync(1);
        CompletedInstant last = (await _bench.SnapshotAsync(First)).Timeline[^1];
        string ledger = last.Metadata.ExtraMetadata[CommitMetadata.LedgerKey];
        Assert.Contains("\"routed\":13", ledger, StringComparison.Ordinal);
        ledger = ledger.Replace("\"routed\":13", "\"routed\":12", StringComparison.Ordinal);
        CommitMetadata bent = last.Metadata with { ExtraMetadata = last.Metadata.ExtraMetadata.SetItem(CommitMetadata.LedgerKey, ledger) };
        await _bench.Store(First).PutAsync(new ObjectPath($".hoodie/{last.Time}.commit"), bent.ToJson(), Stop);

        TableCheck check = await CheckAsync();

        Assert.Contains(check.Report.Findings, f => f.Kind == FindingKind.CountMismatch); // read is not the sum any more
        Assert.Contains(check.Report.Findings, f => f.Kind == FindingKind.FollowerMismatch && f.Where.EndsWith("routes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restore_takes_the_routes_table_back_and_the_records_come_again()
    {
        await IngestAsync(1);
        string before = (await _bench.SnapshotAsync(First)).Instant!;
        await IngestAsync(2);
        TableUpkeep upkeep = new(
            (await _bench.OpenAsync(First))!,
            new CommitterOptions { ClaimDeadline = TimeSpan.Zero, OpenFollower = async (location, _) => (await _bench.OpenAsync(location))! },
            TimeProvider.System, new Random(5));

        RestorePlan plan = await upkeep.RestoreAsync(new RestoreTarget.To(before), Stop);

        Assert.Equal([(Letters, 2L), (Route, 2L * 2 * 13)], plan.Followers.Select(f => (f.Location, f.RowCount)));
        TableCheck restored = await CheckAsync();
        Assert.Empty(Findings(restored));
        Assert.Equal(2 * 18 + 1, restored.Report.RowCount + restored.Followers.Sum(f => f.Report.RowCount));
        await _bench.RunAsync(Yaml, Stop);
        TableCheck again = await CheckAsync();
        Assert.Empty(Findings(again));
        Assert.Equal(3 * (2 * 18 + 1), again.Report.RowCount + again.Followers.Sum(f => f.Report.RowCount));
    }

    [Fact]
    public async Task What_a_dead_life_staged_for_a_route_is_gone_after_the_next_commit()
    {
        await IngestAsync(1);
        var died = new ObjectPath(".hoodie/.temp/trips-worker-0-20200101T000000-00000000000000aa-3/left.parquet");
        await _bench.Store(Route).PutAsync(died, new byte[1], Stop);
        await IngestAsync(1);
        Assert.Null(await _bench.Store(Route).StatAsync(died, Stop));
        Assert.True((await CheckAsync()).IsProven);
    }

    [Theory]
    [InlineData(Route, "lake/new", "cannot be a route's")]
    [InlineData("lake/new", First, "is the first table of a pipeline")]
    public async Task A_table_is_either_the_first_of_a_pipeline_or_follows_one(string forFirst, string forRoute, string says)
    {
        await IngestAsync(1);
        string yaml = Yaml
            .Replace("path: lake/dear", $"path: {forRoute}", StringComparison.Ordinal)
            .Replace("path: lake/trips, partition_by: [dt], kafka", $"path: {forFirst}, partition_by: [dt], kafka", StringComparison.Ordinal);
        var error = await Assert.ThrowsAsync<HudiException>(() => _bench.RunAsync(yaml, Stop));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_are_erased_from_the_first_table_and_not_from_a_routes()
    {
        await IngestAsync(1);
        var options = new CommitterOptions { OpenFollower = async (location, _) => (await _bench.OpenAsync(location))! };
        HudiTable first = (await _bench.OpenAsync(First))!;
        HudiTable route = (await _bench.OpenAsync(Route))!;
        var error = await Assert.ThrowsAsync<HudiException>(() => new TableErasure(route, options, TimeProvider.System, new Random(1))
            .RunAsync(new WhereCondition("fare = 5.5", route), Stop));
        Assert.Contains("files are replaced in that one only", error.Message, StringComparison.Ordinal);
        await new TableErasure(first, options, TimeProvider.System, new Random(2)).RunAsync(new WhereCondition("fare = 1.5", first), Stop);
        await IngestAsync(1);
        TableCheck check = await CheckAsync();
        Assert.Empty(Findings(check));
        Assert.Equal((2L, 2 * (2 * 18 + 1) - 2L), (check.Report.RowsErased, check.Report.RowCount + check.Followers.Sum(f => f.Report.RowCount)));
    }

    private static int InstantCount(TableSnapshot snapshot) => snapshot.Timeline.Length;

    private static Finding[] Findings(TableCheck check) => [.. check.Followers.Prepend(check).SelectMany(c => c.Report.Findings)];

    /// <summary>Each round is a run with commits of its own: two partitions of 20 trips, 2 of them filtered and 13 dear, and a bad record.</summary>
    private async Task IngestAsync(int rounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            _bench.Produce(_p0, 20);
            _bench.Produce(_p1, 20);
            _bench.Produce(_p0, "{\"id\":");
            await _bench.RunAsync(Yaml, Stop);
        }
    }

    /// <summary>Puts a file of one table in the place of one of another, under that one's name and size.</summary>
    private async Task SwapAsync(string from, string to)
    {
        FileSlice source = (await _bench.SnapshotAsync(from)).FileSlices[0];
        FileSlice target = (await _bench.SnapshotAsync(to)).FileSlices[0];
        await _bench.Store(to).PutAsync(target.Path, (await _bench.Store(from).GetAsync(source.Path, Stop))!, Stop);
    }

    private Task<TableCheck> CheckAsync(string location = First) => CheckAsync(location, InstantRange.Whole);

    private async Task<TableCheck> CheckAsync(string location, InstantRange range) => await TableCheck.RunAsync(
        (await _bench.OpenAsync(location))!, range,
        new TableCheckScope((follower, _) => _bench.OpenAsync(follower), new OffsetCoverage(), Offsets: true, IsDeep: false), Stop);
}
