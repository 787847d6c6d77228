using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Ingest;

/// <summary>
/// Ten good records (one is filtered), ten long ones (three are filtered) and ten broken ones per partition: 18 rows and 40 dead letters, of
/// which a corrected pipeline makes 14 rows and drops 6.
/// </summary>
public sealed class DeadLetterReplayTests
{
    [Fact]
    public async Task Records_that_are_rows_now_move_under_their_identity_and_the_others_stay()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        (List<string> rows, List<string> letters) = (await bench.SeqnosAsync(ReplayBench.Table), await bench.SeqnosAsync(ReplayBench.Letters));
        Assert.Equal((18, 40), (rows.Count, letters.Count));

        ReplayResult result = await bench.ReplayAsync();
        Assert.Equal((14, 6), (result.Counts.Sum(c => c.Written), result.Counts.Sum(c => c.Filtered)));
        Assert.Equal(["trips-0", "trips-1"], result.Counts.Select(c => $"{c.Key.Topic}-{c.Key.Partition}"));
        List<string> now = await bench.SeqnosAsync(ReplayBench.Table);
        List<string> left = await bench.SeqnosAsync(ReplayBench.Letters);
        Assert.Equal((32, 20), (now.Count, left.Count));
        Assert.Equal(14, now.Except(rows).Intersect(letters).Count());
        Assert.Empty(left.Except(letters));
        Assert.Equal((32, 20), await bench.ProveAsync());
        Assert.Equal(await bench.Pipelines.TextsAsync(ReplayBench.Table, MetaColumns.CommitSeqno),
            await bench.Pipelines.TextsAsync(ReplayBench.Table, MetaColumns.RecordKey));
        foreach (string location in (string[])[ReplayBench.Table, ReplayBench.Letters])
        {
            await TableInvariants.CheckAllAsync(await bench.OpenAsync(location), Stop);
        }
    }

    [Fact]
    public async Task A_replayed_table_holds_what_a_pipeline_that_was_right_at_once_would_have_written()
    {
        ReplayBench bench = await ReplayBench.MakeAsync(2);
        await bench.ReplayAsync();
        var right = new ReplayBench();
        await right.CopyLogAsync(bench);
        await right.Pipelines.RunAsync(ReplayBench.Corrected, Stop);
        foreach (string location in (string[])[ReplayBench.Table, ReplayBench.Letters])
        {
            Assert.Equal(
                (await DeepAsync(right, location)).Columns.Where(c => c.Name != "reason"),
                (await DeepAsync(bench, location)).Columns.Where(c => c.Name != "reason"));
        }
    }

    [Fact]
    public async Task A_second_replay_adds_nothing_and_commits_nothing()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        await bench.ReplayAsync();
        string[] instants = await bench.InstantsAsync(ReplayBench.Table);
        ReplayResult again = await bench.ReplayAsync();
        Assert.Equal((null, 0, 0), (again.Instant, again.Counts.Length, again.FilesReplaced));
        Assert.Equal(instants, await bench.InstantsAsync(ReplayBench.Table));
        Assert.Equal((32, 20), await bench.ProveAsync());
    }

    [Fact]
    public async Task Where_there_are_no_dead_letters_yet_there_is_nothing_to_replay()
    {
        var bench = new ReplayBench();
        bench.Pipelines.Log.CreateTopic("trips", 1);
        await bench.RunAsync();
        Assert.Null((await bench.ReplayAsync()).Instant);
        bench.Pipelines.Produce(new Lakehouse.Kafka.TopicPartition("trips", 0), 5);
        await bench.RunAsync();
        Assert.Null((await bench.ReplayAsync()).Instant);
        Assert.Equal((5, 0), await bench.ProveAsync());
    }

    [Fact]
    public async Task Only_matching_dead_letters_are_touched()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        ReplayResult none = await bench.ReplayAsync("kind = 'MalformedJson'");
        Assert.Null(none.Instant);
        ReplayResult some = await bench.ReplayAsync("kind = 'Oversized' AND kafka_partition = 1");
        Assert.Equal((1, 7, 3), (some.Counts[0].Key.Partition, some.Counts[0].Written, some.Counts[0].Filtered));
        Assert.Single(some.Counts);
        Assert.Equal((25, 30), await bench.ProveAsync());
    }

    [Fact]
    public async Task Records_that_a_filter_drops_leave_without_a_row()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        ReplayResult result = await bench.ReplayAsync(
            yaml: ReplayBench.Corrected.Replace("fare >= 0", "fare > 1000", StringComparison.Ordinal));
        Assert.NotNull(result.Instant);
        Assert.Equal((0, 20), (result.Counts.Sum(c => c.Written), result.Counts.Sum(c => c.Filtered)));
        Assert.Equal((18, 20), await bench.ProveAsync());
    }

    [Fact]
    public async Task A_plan_says_what_a_replay_does_and_changes_nothing()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        var store = new ProcessStore(bench.Pipelines.Store(ReplayBench.Table))
        {
            Before = call => call.Mutates ? throw new InvalidOperationException($"a plan did {call}") : Task.CompletedTask,
        };
        DeadLetterReplay? found = null;
        ReplayResult plan = await (await bench.ReplayerAsync(store)).PlanAsync(
            await bench.WhereAsync("true"), await bench.BeginAsync(began: r => found = r), Stop);
        Assert.Equal((40, 20, 0), (found!.Matched, found.StillBad, found.OfOtherPipelines));
        Assert.Equal(["dt=2025-11-19", "dt=2025-11-20"], found.Partitions.Keys.Order());
        Assert.Null(plan.Instant);
        ReplayResult done = await bench.ReplayAsync();
        Assert.Equal(plan.Counts, done.Counts);
        Assert.Equal(plan.FilesReplaced, done.FilesReplaced);
    }

    [Fact]
    public async Task Records_of_another_pipeline_stay()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        DeadLetterReplay? found = null;
        string other = ReplayBench.Corrected.Replace("pipeline: trips", "pipeline: others", StringComparison.Ordinal);
        ReplayResult result = await (await bench.ReplayerAsync()).RunAsync(
            await bench.WhereAsync("true"), await bench.BeginAsync(other, r => found = r), Stop);
        Assert.Null(result.Instant);
        Assert.Equal((40, 40), (found!.Matched, found.OfOtherPipelines));
    }

    [Fact]
    public async Task A_replayed_row_goes_where_its_route_says()
    {
        ReplayBench bench = await ReplayBench.MakeAsync(routes: ReplayBench.TwoRoutes);
        (long rows, _) = await bench.ProveAsync();
        List<string>[] before = await Task.WhenAll(bench.Locations.Select(l => bench.SeqnosAsync(l)));
        DeadLetterReplay? found = null;
        await (await bench.ReplayerAsync()).PlanAsync(await bench.WhereAsync("true"), await bench.BeginAsync(began: r => found = r), Stop);
        ReplayResult result = await bench.ReplayAsync();
        List<string>[] after = await Task.WhenAll(bench.Locations.Select(l => bench.SeqnosAsync(l)));
        Assert.Equal((4, 6, 10), (result.Counts.Sum(c => c.Written), result.Counts.Sum(c => c.Filtered), result.Counts.Sum(c => c.Routed)));
        Assert.Equal([4, 4, 6, -20], after.Zip(before, static (a, b) => a.Count - b.Count));
        Assert.Equal([4L, 6L], found!.RouteCounts);
        Assert.Equal((rows + 14, 20), await bench.ProveAsync());

        // The same as of a pipeline that was right at once.
        var right = new ReplayBench { Routes = ReplayBench.TwoRoutes };
        await right.CopyLogAsync(bench);
        await right.Pipelines.RunAsync(ReplayBench.Corrected + right.Routes.Yaml, Stop);
        Assert.Equal(await Task.WhenAll(right.Locations.Select(l => right.SeqnosAsync(l))), after);

        await (await bench.UpkeepAsync()).RestoreAsync(new RestoreTarget.BeforeLast(1), Stop);
        Assert.Equal((rows, 40), await bench.ProveAsync());
        Assert.Equal(before, await Task.WhenAll(bench.Locations.Select(l => bench.SeqnosAsync(l))));
    }

    [Fact]
    public async Task Dead_letters_that_several_tables_share_are_refused()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        await bench.Pipelines.RunAsync(ReplayBench.Strict.Replace("lake/trips", "lake/other", StringComparison.Ordinal), Stop);
        HudiException refused = await Assert.ThrowsAsync<HudiException>(() => bench.ReplayAsync());
        Assert.Contains("Give each pipeline dead letters of its own", refused.Message);
    }

    [Fact]
    public async Task Of_two_replays_of_one_state_the_second_does_not_fit_whatever_else_is_committed()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        FollowerReplay late = await bench.ReplayerAsync();
        (ReplayProposal? planned, _) = await late.PlanAsync(
            await bench.WhereAsync("true"), await bench.BeginAsync(), Staging(1), Stop);
        await bench.ReplayAsync("kafka_partition = 0");
        await bench.IngestAsync(3);
        Assert.IsType<CommitResult.Conflicted>(await late.CommitAsync(planned!, Stop));
        await bench.ProveAsync();
        await bench.ReplayAsync(late);
        Assert.Equal(26, (await bench.ProveAsync()).DeadLetters);
    }

    [Fact]
    public async Task Commits_of_the_pipeline_in_between_do_not_disturb_a_replay()
    {
        ReplayBench bench = await ReplayBench.MakeAsync();
        FollowerReplay replay = await bench.ReplayerAsync();
        (ReplayProposal? planned, _) = await replay.PlanAsync(
            await bench.WhereAsync("true"), await bench.BeginAsync(), Staging(1), Stop);
        (long rows, long letters) = await bench.ProveAsync();
        await bench.IngestAsync(3);
        (long rowsNow, long lettersNow) = await bench.ProveAsync();
        Assert.IsType<CommitResult.Committed>(await replay.CommitAsync(planned!, Stop));
        Assert.Equal((rowsNow + 14, lettersNow - 20), await bench.ProveAsync());
        Assert.True(rowsNow > rows && lettersNow > letters);
        await bench.IngestAsync(2);
        await bench.ProveAsync();
    }

    [Fact]
    public async Task A_restore_in_between_makes_a_replay_plan_again()
    {
        ReplayBench bench = await ReplayBench.MakeAsync(2);
        string first = (await bench.InstantsAsync(ReplayBench.Table))[1];
        FollowerReplay replay = await bench.ReplayerAsync();
        (ReplayProposal? planned, _) = await replay.PlanAsync(
            await bench.WhereAsync("true"), await bench.BeginAsync(), Staging(1), Stop);
        await (await bench.UpkeepAsync()).RestoreAsync(new RestoreTarget.To(first), Stop);
        Assert.IsType<CommitResult.Conflicted>(await replay.CommitAsync(planned!, Stop));
        await bench.ReplayAsync(replay);
        await bench.ProveAsync();
    }

    private static Lakehouse.Storage.ObjectPath Staging(long id) => HudiTable.StagingFolder("replay", "rows", "late", id);

    private static async Task<DeepReport> DeepAsync(ReplayBench bench, string location)
    {
        HudiTable table = await bench.OpenAsync(location);
        return await DeepReader.ReadAsync(table, await table.SnapshotAsync(null, Stop), null, Stop);
    }
}
