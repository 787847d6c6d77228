using System.Collections.Immutable;
using Lakehouse.Compaction;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Service;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Hudi;
using Xunit;

namespace Lakehouse.Tests.Service;

/// <summary>Merging the small files of real tables in memory: what every other service and reader makes of it.</summary>
public sealed class CompactionTests
{
    private static readonly CompactionPolicy Policy = new() { InputsMin = 2 };
    private readonly MemoryObjectStore _store = new("table", TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_merge_changes_files_and_no_row()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(5);
        TableCheck before = await CheckAsync(trips);
        CompactionResult result = await CompactAsync(trips.Table);
        Assert.Equal((10, 2, 900), (result.FilesMerged, result.FilesWritten, result.RowCount));
        TableSnapshot snapshot = await trips.Table.SnapshotAsync(null, Stop);
        Assert.Equal(2, snapshot.FileSlices.Length);
        Assert.All(snapshot.FileSlices, f => Assert.Equal(result.Instants.Single(), f.Instant));
        TableCheck after = await CheckAsync(trips);
        Assert.Empty(after.Report.Findings);
        Assert.Equal((before.Report.RowCount, before.Report.Deep!.Hash), (after.Report.RowCount, after.Report.Deep!.Hash));
        Assert.Equal(before.Report.RowCount, after.Report.OffsetsProven);
        await TableInvariants.CheckAllAsync(trips.Table, Stop);
        Assert.Empty((await CompactAsync(trips.Table)).Instants);
        Assert.Equal(instants.Length + 1, (await trips.Table.CompletedInstantsAsync(Stop)).Length);
    }

    [Fact]
    public async Task The_instant_is_a_clustering_that_carries_the_ledger_and_has_a_real_plan()
    {
        (TripTable trips, _) = await MakeAsync(3);
        await CompactAsync(trips.Table);
        ImmutableArray<CompletedInstant> timeline = (await trips.Table.SnapshotAsync(null, Stop)).Timeline;
        CommitMetadata merge = timeline[^1].Metadata;
        Assert.True(merge.IsMerge);
        Assert.Equal(timeline[^2].Metadata.Ledger!.Entries, merge.Ledger!.Entries);
        Assert.Equal(timeline[^2].Metadata.Checkpoint, merge.Checkpoint);
        Assert.Equal(timeline[^2].Metadata.ExtraMetadata["schema"], merge.ExtraMetadata["schema"]);
        Assert.Empty(merge.Ranges);
        Assert.Equal(6, merge.ReplacedGroups.Count());
        byte[] requested = (await _store.GetAsync(new ObjectPath($".hoodie/{timeline[^1].Time}.replacecommit.requested"), Stop))!; // It is there.
        string text = System.Text.Encoding.Latin1.GetString(requested);
        Assert.StartsWith("Obj\u0001", text, StringComparison.Ordinal);
        Assert.All(timeline[..^1].SelectMany(i => i.Metadata.WriteStats), s => Assert.Contains(s.Path, text));
    }

    [Fact]
    public async Task Rows_keep_the_instant_that_wrote_them_so_that_nobody_gets_them_again()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(4);
        await CompactAsync(trips.Table);
        Assert.Equal(360, await trips.CountAsync(new InstantRange(instants[1], null), Stop));
        Assert.Equal(0, await trips.CountAsync(new InstantRange(instants[^1], null), Stop));
        await trips.CommitAsync(Stop);
        Assert.Equal(180, await trips.CountAsync(new InstantRange(instants[^1], null), Stop));
        Assert.Equal(360, await trips.CountAsync(new InstantRange(null, instants[1]), Stop));
        Assert.Empty((await TableCheck.RunAsync(trips.Table, new InstantRange(instants[1], null), offsets: true, deep: true, Stop)).Report.Findings);
    }

    [Fact]
    public async Task A_restore_to_before_the_merge_brings_its_inputs_back_and_a_clean_takes_them_later()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(3);
        FileSlice[] inputs = [.. (await trips.Table.SnapshotAsync(null, Stop)).FileSlices];
        await CompactAsync(trips.Table);
        var upkeep = new TableUpkeep(trips.Table, new CommitterOptions(), TimeProvider.System, new Random(11));
        await upkeep.RestoreAsync(new RestoreTarget.To(instants[^1]), Stop);
        Assert.Equal(inputs, (await trips.Table.SnapshotAsync(null, Stop)).FileSlices);
        Assert.Empty((await CheckAsync(trips)).Report.Findings);

        await CompactAsync(trips.Table);
        await upkeep.CleanAsync(new CleanPolicy.KeepVersions(1), Stop);
        foreach (FileSlice input in inputs)
        {
            Assert.Null(await _store.StatAsync(input.Path, Stop));
        }

        Assert.Equal(540, await trips.CountAsync(InstantRange.Whole, Stop));
        Assert.Empty((await CheckAsync(trips)).Report.Findings);
        await Assert.ThrowsAsync<HudiException>(() => upkeep.RestoreAsync(new RestoreTarget.To(instants[^1]), Stop));
    }

    [Fact]
    public async Task A_savepoint_keeps_what_a_merge_replaced()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(3);
        var upkeep = new TableUpkeep(trips.Table, new CommitterOptions(), TimeProvider.System, new Random(11));
        await upkeep.CreateSavepointAsync("monday", null, Stop);
        await CompactAsync(trips.Table);
        await upkeep.CleanAsync(new CleanPolicy.KeepVersions(1), Stop);
        Assert.Equal(540, await trips.CountAsync(new InstantRange(null, instants[^1]), Stop));
        await upkeep.RestoreAsync(new RestoreTarget.To("monday"), Stop);
        Assert.Equal(540, await trips.CountAsync(InstantRange.Whole, Stop));
        Assert.Empty((await CheckAsync(trips)).Report.Findings);
    }

    [Fact]
    public async Task Merged_files_are_merged_again_and_erased_from_like_any_other()
    {
        (TripTable trips, _) = await MakeAsync(3);
        await CompactAsync(trips.Table);
        for (int i = 0; i < 3; i++)
        {
            await trips.CommitAsync(Stop);
        }

        await CompactAsync(trips.Table);
        ErasureResult erased = await DeleteCommand.RunAsync(trips.Table, "city = 'city0'", Stop);
        TableCheck check = await CheckAsync(trips);
        Assert.Empty(check.Report.Findings);
        Assert.Equal(1080 - erased.RowsErased, check.Report.RowCount);
        Assert.Equal(2, (await trips.Table.SnapshotAsync(null, Stop)).FileSlices.Length);
    }

    /// <summary>Of two at once the later one finds its inputs replaced, drops its work and doubles nothing.</summary>
    [Fact]
    public async Task Two_that_merge_the_same_files_at_once_leave_each_row_once()
    {
        (TripTable trips, _) = await MakeAsync(4);
        var slow = new ProcessStore(_store);
        Hold staged = Hold.At(slow, static call => call.Is("put-if-absent", ".claim"));
        Task<CompactionResult> late = CompactAsync(trips.Table.Through(slow));
        await staged.Reached;
        CompactionResult first = await CompactAsync(trips.Table);
        await trips.CommitAsync(Stop);
        staged.Release();
        CompactionResult second = await late;
        Assert.Equal((2, 0, 2), (first.FilesWritten, second.FilesWritten, second.FilesDropped));
        Assert.Equal(900, await trips.CountAsync(InstantRange.Whole, Stop));
        Assert.Empty((await CheckAsync(trips)).Report.Findings);
    }

    /// <summary>What replaced other files meanwhile is no reason to do the work again.</summary>
    [Fact]
    public async Task A_merge_whose_inputs_are_still_live_is_proposed_again()
    {
        (TripTable trips, _) = await MakeAsync(4);
        var slow = new ProcessStore(_store);
        Hold staged = Hold.At(slow, static call => call.Is("put-if-absent", ".claim"));
        Task<CompactionResult> late = CompactAsync(trips.Table.Through(slow), Policy with { Partition = "dt=2026-01-01" });
        await staged.Reached;
        await CompactAsync(trips.Table, Policy with { Partition = "dt=2026-01-02" });
        staged.Release();
        Assert.Equal((1, 0), ((await late).FilesWritten, (await late).FilesDropped));
        Assert.Equal(720, await trips.CountAsync(InstantRange.Whole, Stop));
        Assert.Empty((await CheckAsync(trips)).Report.Findings);
    }

    [Fact]
    public async Task One_that_wakes_after_a_restore_doubles_nothing()
    {
        (TripTable trips, ImmutableArray<string> instants) = await MakeAsync(4);
        var slow = new ProcessStore(_store);
        Hold staged = Hold.At(slow, static call => call.Is("put-if-absent", ".claim"));
        Task<CompactionResult> late = CompactAsync(trips.Table.Through(slow));
        await staged.Reached;
        var upkeep = new TableUpkeep(trips.Table, new CommitterOptions(), TimeProvider.System, new Random(11));
        await upkeep.RestoreAsync(new RestoreTarget.To(instants[1]), Stop);
        staged.Release();
        Assert.Equal((0, 2), ((await late).FilesWritten, (await late).FilesDropped));
        Assert.Equal(360, await trips.CountAsync(InstantRange.Whole, Stop));
        Assert.Empty((await CheckAsync(trips)).Report.Findings);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_death_at_any_store_call_leaves_every_row_once_and_nothing_behind(bool after)
    {
        bool survived = false;
        int merged = 0;
        int at = 0;
        for (; !survived; at++)
        {
            var shared = new MemoryObjectStore("table", TimeProvider.System);
            TripTable trips = await TripTable.CreateAsync(shared, 2, Stop);
            var process = new ProcessStore(shared);
            int calls = 0;
            Func<StoreCall, Task> die = call =>
            {
                process.IsDead |= (!after || call.Mutates) && calls++ == at;
                return Task.CompletedTask;
            };
            (process.Before, process.After) = after ? (process.Before, die) : (die, process.After);
            HudiTable mortal = (await HudiTable.OpenAsync(shared, TimeProvider.System, new Random(at), Stop))!; // It was created.
            survived = await Record.ExceptionAsync(() => CompactAsync(mortal.Through(process))) is null;

            await trips.CommitAsync(Stop);
            TableCheck check = await CheckAsync(trips);
            Assert.Empty(check.Report.Findings);
            Assert.Equal(540, check.Report.RowCount);
            await TableInvariants.CheckAllAsync(trips.Table, Stop);
            merged += (await trips.Table.SnapshotAsync(null, Stop)).Timeline.Any(i => i.Metadata.IsMerge) ? 1 : 0;
        }

        Assert.True(at > 15 && merged > 3 && merged < at - 3, $"{merged} of {at} died after the commit");
    }

    [Fact]
    public async Task A_damaged_input_stays_as_it_is_and_is_named()
    {
        (TripTable trips, _) = await MakeAsync(3);
        FileSlice broken = (await trips.Table.SnapshotAsync(null, Stop)).FileSlices[0];
        byte[] bytes = (await _store.GetAsync(broken.Path, Stop))!; // It was listed.
        bytes[^1] = 0;
        await _store.PutAsync(broken.Path, bytes, Stop);
        CompactionResult result = await CompactAsync(trips.Table);
        Assert.Contains(broken.Path.Value, result.Refused.Single());
        Assert.Equal(5, result.FilesMerged);
        Assert.Contains(broken, (await trips.Table.SnapshotAsync(null, Stop)).FileSlices);
    }

    [Fact]
    public async Task It_ends_after_the_file_it_is_at_when_told_to()
    {
        (TripTable trips, _) = await MakeAsync(4);
        int asked = 0;
        var replacement = new TableReplacement(trips.Table, "compaction", new CommitterOptions(), TimeProvider.System, new Random(3));
        var run = new CompactionRun(replacement, Policy, new ParquetGroupMerging(trips.Table, Policy, TimeProvider.System), TimeProvider.System)
        {
            GoesOn = _ => ValueTask.FromResult(asked++ < 1),
        };
        CompactionResult result = await run.RunAsync(Stop);
        Assert.Equal((1, true), (result.FilesWritten, result.IsCutShort));
        Assert.Empty((await CheckAsync(trips)).Report.Findings);
    }

    [Fact]
    public async Task A_plan_changes_nothing_and_tells_how_each_column_moves()
    {
        (TripTable trips, _) = await MakeAsync(3);
        var before = new List<string>();
        await foreach (ObjectStat stat in _store.ListAsync(default, recursive: true, after: null, Stop))
        {
            before.Add(stat.ToString());
        }

        CompactionPlan plan = await CompactionRun.PlanAsync(trips.Table, Policy, TimeProvider.System, Stop);
        var forecasts = new List<GroupForecast>();
        await foreach (GroupForecast forecast in CompactionRun.ForecastAsync(trips.Table, Policy, plan, TimeProvider.System, Stop))
        {
            forecasts.Add(forecast);
        }

        MergedRowGroup group = forecasts[0].Outputs.Single().Plan.RowGroups.Single();
        Assert.Equal(MetaColumns.FileSchema(TripTable.Schema).Fields.Select(f => f.Name), group.Columns.Select(c => c.Name));
        Assert.Equal(3, group.Inputs.Length);
        var after = new List<string>();
        await foreach (ObjectStat stat in _store.ListAsync(default, recursive: true, after: null, Stop))
        {
            after.Add(stat.ToString());
        }

        Assert.Equal(before, after);
    }

    private static Task<CompactionResult> CompactAsync(HudiTable table, CompactionPolicy? policy = null) => CompactionRun.Of(
        table, policy ?? Policy, new CommitterOptions(), TimeProvider.System, new Random(table.GetHashCode())).RunAsync(Stop);

    private static Task<TableCheck> CheckAsync(TripTable trips) =>
        TableCheck.RunAsync(trips.Table, InstantRange.Whole, offsets: true, deep: true, Stop);

    private async Task<(TripTable Trips, ImmutableArray<string> Instants)> MakeAsync(int commits)
    {
        TripTable trips = await TripTable.CreateAsync(_store, commits, Stop);
        return (trips, await trips.Table.CompletedInstantsAsync(Stop));
    }
}
