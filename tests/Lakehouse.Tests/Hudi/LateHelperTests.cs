using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>
/// Stories that random seeds have found: somebody sleeps in the middle of helping or reading, and wakes when the table has gone on. The
/// oracle looks after every call.
/// </summary>
public class LateHelperTests
{
    [Fact]
    public async Task A_publisher_that_wakes_when_its_instant_was_pruned_does_not_bring_it_back()
    {
        ProtocolWorld world = PruningWorld(kept: 1);
        await world.CreateAsync();
        (ProcessStore p0, TableCommitter c0) = await world.ProcessAsync("worker-0", "a");
        Hold hold = Hold.At(p0, call => call.Is("put-if-absent", ".inflight"));
        Task<CommitResult> sleeping = c0.CommitAsync(await world.StageAsync("worker-0", "a", 1, 0, 2), Stop);
        await hold.Reached;
        await GoOnAsync(world, 2, 8);
        string[] before = await NamesAsync(world);

        Look(p0, world);
        hold.Release();
        Assert.IsType<CommitResult.Committed>(await sleeping);
        Assert.Equal(before, await NamesAsync(world));
        Assert.Equal(8, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task A_publisher_that_wakes_when_its_instant_was_undone_does_not_bring_it_back()
    {
        (ProtocolWorld world, string[] instants) = await UpkeepTests.TableAsync(1);
        (ProcessStore p0, TableCommitter c0) = await world.ProcessAsync("worker-0", "a");
        Hold hold = Hold.At(p0, call => call.Mutates && call.Path.Value.StartsWith(".hoodie/2", StringComparison.Ordinal)
            && call.Path.Name.EndsWith(".commit", StringComparison.Ordinal));
        Task<CommitResult> sleeping = c0.CommitAsync(await world.StageAsync("worker-0", "a", 1, 4, 6), Stop);
        await hold.Reached;
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.RestoreAsync(new RestoreTarget.To(instants[0]), Stop);
        string[] before = await NamesAsync(world);

        Look(p0, world);
        hold.Release();
        await sleeping;
        Assert.Equal(before, await NamesAsync(world));
        Assert.Equal(4, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task A_follower_prunes_nothing_that_its_primary_may_take_back_nor_what_would_then_be_its_newest()
    {
        ProtocolWorld world = PruningWorld(kept: 1);
        await world.CreateAsync();
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        for (int i = 0; i < 6; i++)
        {
            Assert.IsType<CommitResult.Committed>(await world.CommitAsync("worker-0", "a", i + 1, 2 * i, 2 * (i + 1), letters: 1));
            world.Time.Advance(TimeSpan.FromSeconds(1));
            if (i == 2)
            {
                await upkeep.CreateSavepointAsync("kept", null, Stop);
            }
        }

        HudiTable letters = (await HudiTable.OpenAsync(world.FollowerShared, world.Time, world.Random, Stop))!; // It was created.
        Assert.Equal(4, (await letters.CompletedInstantsAsync(Stop)).Length);
        Assert.Equal(6, (await letters.SnapshotAsync(null, Stop)).FileSlices.Length);
        await upkeep.RestoreAsync(new RestoreTarget.To("kept"), Stop);
        Assert.Equal(3, (await letters.SnapshotAsync(null, Stop)).FileSlices.Length);
        Assert.Equal(6, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task A_savepoint_begun_by_a_call_that_came_after_its_release_goes_with_a_clean_after_a_day()
    {
        (ProtocolWorld world, string[] instants) = await UpkeepTests.TableAsync(2);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.CreateSavepointAsync("kept", instants[0], Stop);
        Savepoint released = await upkeep.CreateSavepointAsync("released", instants[1], Stop);
        await upkeep.DeleteSavepointAsync("released", Stop);
        string[] before = await NamesAsync(world);
        var late = new TimelineFile(released.Instant, TimelineFile.Savepoint, InstantState.Inflight);
        await world.Shared.PutIfAbsentAsync(late.Path, ReadOnlyMemory<byte>.Empty, Stop);

        await upkeep.CleanAsync(new CleanPolicy.KeepCommits(10), Stop);
        Assert.Contains(late.Path.Name, await NamesAsync(world)); // It may be another program's, just being created.
        world.Time.Advance(TimeSpan.FromDays(2));
        await upkeep.CleanAsync(new CleanPolicy.KeepCommits(10), Stop);
        Assert.Equal(before, await NamesAsync(world));
    }

    [Fact]
    public async Task A_publisher_that_sees_a_floor_above_its_instant_leaves_it_to_the_pruning_which_goes_in_order()
    {
        // Instant 1 is there, 2 is just complete, the outcome of 3 has raised the floor above both: 2 must not go before 1.
        ProtocolWorld world = PruningWorld(kept: 1);
        await world.CreateAsync();
        await world.CommitAsync("worker-0", "a", 1, 0, 2);
        (ProcessStore p2, TableCommitter c2) = await world.ProcessAsync("worker-2", "a");
        Hold second = Hold.At(p2, call => call.Is("delete", ".hoodie/.temp/0000"));
        Task<CommitResult> completing = c2.CommitAsync(await world.StageAsync("worker-2", "a", 1, 2, 4), Stop);
        await second.Reached;
        (ProcessStore p3, TableCommitter c3) = await world.ProcessAsync("worker-3", "a");
        Hold third = Hold.At(p3, call => call.Is("put-if-absent", ".commit.requested"));
        Task<CommitResult> deciding = c3.CommitAsync(await world.StageAsync("worker-3", "a", 1, 4, 6), Stop);
        await third.Reached;
        Assert.Equal(4, await world.Oracle.CheckAsync());

        Look(p2, world);
        second.Release();
        await completing;
        third.Release();
        await deciding;
        Assert.Equal(6, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task Nor_does_one_that_sees_its_instant_undone_while_a_later_one_is_still_to_be()
    {
        (ProtocolWorld world, string[] instants) = await UpkeepTests.TableAsync(1);
        (ProcessStore p2, TableCommitter c2) = await world.ProcessAsync("worker-2", "a");
        Hold second = Hold.At(p2, call => call.Is("delete", ".hoodie/.temp/0000"));
        Task<CommitResult> completing = c2.CommitAsync(await world.StageAsync("worker-2", "a", 1, 4, 6), Stop);
        await second.Reached;
        await world.CommitAsync("worker-3", "a", 1, 6, 8);
        (ProcessStore p4, TableUpkeep upkeep) = await world.OperatorAsync();
        Hold restore = Hold.At(p4, call => call.Is("put-if-absent", ".restore.inflight"));
        Task<RestorePlan> restoring = upkeep.RestoreAsync(new RestoreTarget.To(instants[0]), Stop);
        await restore.Reached;
        Assert.Equal(8, await world.Oracle.CheckAsync());

        Look(p2, world);
        second.Release();
        await completing;
        restore.Release();
        await restoring;
        Assert.Equal(4, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task Nothing_is_pruned_while_the_only_instant_that_would_stay_is_not_yet_visible()
    {
        ProtocolWorld world = PruningWorld(kept: 1);
        await world.CreateAsync();
        await world.CommitAsync("worker-0", "a", 1, 0, 1);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await world.CommitAsync("worker-0", "a", 2, 1, 2);
        (ProcessStore opener, TableCommitter opening) = await world.ProcessAsync("worker-1", "a");

        // The opener has seen that number 2 is published, and looks again to prune.
        bool hasSeen = false;
        Hold look = Hold.At(opener, call => hasSeen && call.Is("list", ".sequence"));
        opener.After = call =>
        {
            hasSeen |= call.Is("stat", ".commit");
            return call.Mutates ? world.Oracle.CheckAsync() : Task.CompletedTask;
        };
        Task<TableState> recovering = opening.RecoverAsync(Stop);
        await look.Reached;
        (ProcessStore p2, TableCommitter c2) = await world.ProcessAsync("worker-2", "a");
        Hold publish = Hold.At(p2, call => call.Is("put-if-absent", ".commit.requested"));
        Task<CommitResult> deciding = c2.CommitAsync(await world.StageAsync("worker-2", "a", 1, 2, 4), Stop);
        await publish.Reached;

        look.Release();
        await recovering;
        Assert.Equal(2, await world.Oracle.CheckAsync());
        publish.Release();
        await deciding;
        Assert.Equal(4, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task A_reader_whose_timeline_is_pruned_under_its_hands_sees_no_timeline_with_a_hole()
    {
        ProtocolWorld world = PruningWorld(kept: 3);
        await world.CreateAsync();
        await GoOnAsync(world, 0, 4);
        string[] instants = [.. world.Oracle.Visible];
        var reader = new ProcessStore(world.Shared);
        HudiTable table = (await HudiTable.OpenAsync(reader, world.Time, world.Random, Stop))!; // It was created.
        Hold hold = Hold.At(reader, call => call.Is("get", instants[1] + ".commit"));
        Task<TableSnapshot> reading = table.SnapshotAsync(null, Stop);
        await hold.Reached;
        await GoOnAsync(world, 4, 8);
        Assert.DoesNotContain(instants[1], world.Oracle.Visible);

        hold.Release();
        TableSnapshot snapshot = await reading;
        Assert.Null(world.Oracle.WhyNot(snapshot.Instant!, await RowsAsync(world, snapshot))); // The table has rows.
    }

    [Fact]
    public async Task A_snapshot_that_has_lost_files_of_pruned_instants_to_a_clean_says_so()
    {
        ProtocolWorld world = PruningWorld(kept: 4);
        await world.CreateAsync();
        await GoOnAsync(world, 0, 2);
        string empty = Assert.IsType<CommitResult.Committed>(await world.CommitAsync("worker-1", "a", 2, 2, 2)).Instant;
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await world.ReplaceAllAsync();
        await world.CommitAsync("worker-1", "a", 3, 2, 4);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.CleanAsync(new CleanPolicy.KeepCommits(1), Stop);
        await world.CommitAsync("worker-1", "a", 4, 4, 6);
        HudiTable table = (await HudiTable.OpenAsync(world.Shared, world.Time, world.Random, Stop))!; // It was created.
        TableSnapshot snapshot = await table.SnapshotAsync(empty, Stop);

        // The files that it showed came with instants that are pruned, and a clean has deleted them.
        Assert.Equal(empty, snapshot.Timeline[0].Time);
        Assert.Empty(snapshot.FileSlices);
        Assert.Empty(snapshot.MissingFiles);
        Assert.NotNull(snapshot.WholeFrom);
        Assert.Null((await table.SnapshotAsync(null, Stop)).WholeFrom);
    }

    [Fact]
    public async Task A_worker_started_twice_aborts_its_twin_once_and_then_waits_for_it()
    {
        var world = new ProtocolWorld(time: new ManualTime { FiresAlone = false });
        await world.CreateAsync();
        (ProcessStore p0, TableCommitter c0) = await world.ProcessAsync("worker-0", "a");
        Hold first = Hold.At(p0, call => call.Is("put-if-absent", "001.outcome"));
        Task<CommitResult> twin = c0.CommitAsync(await world.StageAsync("worker-0", "a", 1, 0, 2), Stop);
        await first.Reached;
        (_, TableCommitter c1) = await world.ProcessAsync("worker-0", "b");
        await c1.RecoverAsync(Stop);
        Hold second = Hold.At(p0, call => call.Is("put-if-absent", "002.outcome"));
        first.Release();
        await second.Reached;

        Task<CommitResult> other = c1.CommitAsync(await world.StageAsync("worker-0", "b", 1, 0, 3), Stop);
        Assert.False(other.IsCompleted);
        second.Release();
        Assert.IsType<CommitResult.Committed>(await twin);
        while (!other.IsCompleted)
        {
            world.Time.FireNext();
        }

        Assert.IsType<CommitResult.Conflicted>(await other);
        Assert.Equal(2, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task A_commit_costs_the_same_however_long_a_replacement_has_kept_the_floor_down()
    {
        ProtocolWorld world = PruningWorld(kept: 1);
        await world.CreateAsync();
        await world.CommitAsync("worker-9", "a", 1, 0, 1);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await world.ReplaceAllAsync();
        await GoOnAsync(world, 1, 40);
        (ProcessStore store, TableCommitter committer) = await world.ProcessAsync("worker-9", "b");
        int reads = 0;
        store.Before = call =>
        {
            reads += call.Is("get", ".outcome") ? 1 : 0;
            return Task.CompletedTask;
        };
        Assert.IsType<CommitResult.Committed>(await committer.CommitAsync(await world.StageAsync("worker-9", "b", 99, 40, 41), Stop));
        Assert.InRange(reads, 3, 12);
    }

    /// <summary>A world in which every commit raises the floor and numbers need no age to go.</summary>
    internal static ProtocolWorld PruningWorld(int kept) => new()
    {
        Options = new CommitterOptions
        {
            ClaimDeadline = TimeSpan.FromSeconds(10),
            PollInterval = TimeSpan.FromSeconds(5),
            ActiveInstantsKept = kept,
            NumberRetention = TimeSpan.Zero,
        },
    };

    /// <summary>One row per commit from start to end by a worker that recovers, and so prunes, after each.</summary>
    internal static async Task GoOnAsync(ProtocolWorld world, long start, long end)
    {
        (_, TableCommitter committer) = await world.ProcessAsync("worker-9", "a");
        for (long offset = start; offset < end; offset++)
        {
            Committable work = await world.StageAsync("worker-9", "a", offset + 1, offset, offset + 1);
            Assert.IsType<CommitResult.Committed>(await committer.CommitAsync(work, Stop));
            world.Time.Advance(TimeSpan.FromSeconds(1));
            await committer.RecoverAsync(Stop);
            await world.Oracle.CheckAsync();
        }
    }

    private static void Look(ProcessStore store, ProtocolWorld world) =>
        store.After = call => call.Mutates ? world.Oracle.CheckAsync() : Task.CompletedTask;

    private static async Task<string[]> NamesAsync(ProtocolWorld world) =>
        [.. (await ActiveTimeline.LoadAsync(world.Shared, Stop)).Files.Select(static f => f.Path.Name)];

    private static async Task<IEnumerable<TextRow>> RowsAsync(ProtocolWorld world, TableSnapshot snapshot)
    {
        List<TextRow> rows = [];
        foreach (FileSlice slice in snapshot.FileSlices)
        {
            rows.AddRange(TextFiles.Read(slice.Path, (await world.Shared.GetAsync(slice.Path, Stop))!)); // It was listed.
        }

        return rows;
    }
}
