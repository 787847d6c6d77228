using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>Clean, savepoints and restore on a table whose oracle looks on.</summary>
public class UpkeepTests
{
    [Fact]
    public async Task A_restore_takes_rows_ledger_and_dead_letters_back_and_the_rest_is_read_again_once()
    {
        (ProtocolWorld world, string[] instants) = await TableAsync(3, letters: 2);
        (_, TableCommitter running) = await world.ProcessAsync("worker-1", "b");
        Committable begun = await world.StageAsync("worker-1", "b", 9, 12, 16, letters: 1);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();

        RestorePlan plan = await upkeep.RestoreAsync(new RestoreTarget.To(instants[0]), Stop);
        Assert.Equal([instants[2], instants[1]], plan.Undone.Select(static u => u.Instant));
        Assert.Equal([(ProtocolWorld.Key, 12L, (long?)4)], plan.Rewound);
        Assert.Equal(4, await world.Oracle.CheckAsync());
        Assert.Equal(2, await world.LettersAsync());
        TableState state = await running.ReadStateAsync(Stop);
        Assert.Equal((1, 4, instants[0]), (state.Ledger.HistoryEpoch, state.Ledger.Entries[ProtocolWorld.Key].EndOffset, state.Instant));
        Assert.Equal(1, state.CheckpointOf("trips", "worker-1")?.Id);

        // The worker that went on meanwhile is refused, also where its offsets happen to fit.
        Assert.IsType<CommitResult.Conflicted>(await running.CommitAsync(begun, Stop));
        Committable fitting = await world.StageAsync("worker-1", "b", 10, 4, 8);
        Assert.IsType<CommitResult.Conflicted>(await running.CommitAsync(fitting, Stop));
        Assert.IsType<CommitResult.Committed>(await world.CommitAsync("worker-1", "c", 11, 4, 10, letters: 3, historyEpoch: 1));
        Assert.Equal(10, await world.Oracle.CheckAsync());
        Assert.Equal(5, await world.LettersAsync());
    }

    [Fact]
    public async Task A_plan_changes_nothing()
    {
        (ProtocolWorld world, string[] instants) = await TableAsync(3);
        (ProcessStore store, TableUpkeep upkeep) = await world.OperatorAsync();
        store.Before = call => call.Mutates ? throw new InvalidOperationException($"a plan did {call}") : Task.CompletedTask;
        RestorePlan restore = await upkeep.PlanRestoreAsync(new RestoreTarget.BeforeLast(2), Stop);
        Assert.Equal(instants[0], restore.Target);
        await world.ReplaceAllAsync();
        await world.CommitAsync("worker-1", "a", 9, 12, 13);
        CleanReport clean = await upkeep.PlanCleanAsync(new CleanPolicy.KeepCommits(1), Stop);
        Assert.Equal(3, clean.Plan.Files.Length);
    }

    [Fact]
    public async Task A_second_restore_to_the_same_instant_starts_another_history()
    {
        (ProtocolWorld world, string[] instants) = await TableAsync(2);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.RestoreAsync(new RestoreTarget.To(instants[0]), Stop);
        RestorePlan again = await upkeep.RestoreAsync(new RestoreTarget.To(instants[0]), Stop);
        Assert.Empty(again.Undone);
        await world.CommitAsync("worker-1", "b", 3, 4, 6, historyEpoch: 1);
        await upkeep.RestoreAsync(new RestoreTarget.BeforeLast(1), Stop);
        Assert.IsType<CommitResult.Conflicted>(await world.CommitAsync("worker-1", "b", 4, 4, 6, historyEpoch: 1));
        Assert.IsType<CommitResult.Committed>(await world.CommitAsync("worker-1", "b", 4, 4, 7, historyEpoch: 2));
        Assert.Equal(7, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task A_target_that_cannot_be_is_refused_with_the_oldest_possible_one()
    {
        (ProtocolWorld world, string[] instants) = await TableAsync(3);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.CreateSavepointAsync("monday", instants[0], Stop);
        string replaced = await world.ReplaceAllAsync();
        await world.CommitAsync("worker-1", "a", 9, 12, 13);
        await world.Oracle.CheckAsync();
        await upkeep.CleanAsync(new CleanPolicy.KeepCommits(1), Stop);
        await world.Oracle.CheckAsync();

        // The savepoint holds the files of the first instant; those of the third are gone.
        await RefusedAsync(instants[2], $"a clean has deleted files of instant {instants[2]}; the oldest possible one is {instants[0]}");
        await RefusedAsync("20200101000000000", "neither a savepoint nor an instant");
        HudiException all = await Assert.ThrowsAsync<HudiException>(
            () => upkeep.PlanRestoreAsync(new RestoreTarget.BeforeLast(4), Stop));
        Assert.Contains("at least one must stay", all.Message);
        await RefusedAsync(instants[0], $"instant {replaced} was made by another program");

        async Task RefusedAsync(string target, string reason)
        {
            HudiException refused = await Assert.ThrowsAsync<HudiException>(
                () => upkeep.RestoreAsync(new RestoreTarget.To(target), Stop));
            Assert.Contains(reason, refused.Message);
        }
    }

    [Fact]
    public async Task A_restore_does_not_go_behind_a_newer_savepoint()
    {
        (ProtocolWorld world, string[] instants) = await TableAsync(3);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.CreateSavepointAsync("tuesday", instants[1], Stop);
        HudiException refused = await Assert.ThrowsAsync<HudiException>(
            () => upkeep.RestoreAsync(new RestoreTarget.To(instants[0]), Stop));
        Assert.Contains("'tuesday'", refused.Message);
        await upkeep.RestoreAsync(new RestoreTarget.To("tuesday"), Stop);
        Assert.Equal(8, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task Savepoints_are_made_listed_and_released()
    {
        (ProtocolWorld world, string[] instants) = await TableAsync(2);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.CreateSavepointAsync("first", instants[0], Stop);
        await upkeep.CreateSavepointAsync(null, null, Stop);
        Assert.Equal(["first", instants[1]], (await upkeep.ReadSavepointsAsync(Stop)).Select(static s => s.Name));
        Assert.NotNull(await world.Shared.StatAsync(new ObjectPath($".hoodie/{instants[0]}.savepoint"), Stop));
        await Assert.ThrowsAsync<HudiException>(() => upkeep.CreateSavepointAsync("first", null, Stop));
        await Assert.ThrowsAsync<HudiException>(() => upkeep.CreateSavepointAsync("x", "20200101000000000", Stop));
        await Assert.ThrowsAsync<HudiException>(() => upkeep.DeleteSavepointAsync("second", Stop));
        await upkeep.DeleteSavepointAsync("first", Stop);
        Assert.Equal([instants[1]], (await upkeep.ReadSavepointsAsync(Stop)).Select(static s => s.Instant));
        Assert.DoesNotContain(
            (await ActiveTimeline.LoadAsync(world.Shared, Stop)).Files,
            f => f.Action == TimelineFile.Savepoint && f.Instant == instants[0]);
    }

    [Fact]
    public async Task Pruning_stops_before_a_savepoint_until_it_is_released()
    {
        ProtocolWorld world = new()
        {
            Options = new CommitterOptions { ActiveInstantsKept = 3, NumberRetention = TimeSpan.Zero },
        };
        await world.CreateAsync();
        await CommitRowsAsync(world, 0, 3);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        Savepoint kept = await upkeep.CreateSavepointAsync("kept", null, Stop);
        await CommitRowsAsync(world, 3, 15);
        Assert.Equal(13, (await TimelineAsync(world)).Length);
        Assert.Equal(kept.Instant, (await TimelineAsync(world))[0]);
        await upkeep.DeleteSavepointAsync("kept", Stop);
        await CommitRowsAsync(world, 15, 18);
        Assert.InRange((await TimelineAsync(world)).Length, 3, 5);
    }

    [Fact]
    public async Task A_replacecommit_stays_on_the_timeline_until_its_files_are_cleaned()
    {
        ProtocolWorld world = new()
        {
            Options = new CommitterOptions { ActiveInstantsKept = 3, NumberRetention = TimeSpan.Zero },
        };
        await world.CreateAsync();
        await CommitRowsAsync(world, 0, 2);
        string replaced = await world.ReplaceAllAsync();
        await CommitRowsAsync(world, 2, 12);
        Assert.Contains(replaced, await TimelineAsync(world));
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        Assert.Equal(2, (await upkeep.CleanAsync(new CleanPolicy.KeepCommits(2), Stop)).Plan.Files.Length);
        await CommitRowsAsync(world, 12, 16);
        Assert.DoesNotContain(replaced, await TimelineAsync(world));
    }

    [Fact]
    public async Task A_replacecommit_stays_as_long_as_a_clean_has_spared_its_files()
    {
        ProtocolWorld world = new()
        {
            Options = new CommitterOptions { ActiveInstantsKept = 3, NumberRetention = TimeSpan.Zero },
        };
        await world.CreateAsync();
        await CommitRowsAsync(world, 0, 2);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.CreateSavepointAsync("kept", null, Stop);
        string first = await world.ReplaceAllAsync();
        await CommitRowsAsync(world, 2, 3);
        string second = await world.ReplaceAllAsync();
        await CommitRowsAsync(world, 3, 5);
        Assert.NotEmpty((await upkeep.CleanAsync(new CleanPolicy.KeepCommits(1), Stop)).Plan.Files);

        // The clean came past both, and left to the savepoint what the first one replaced: taken off, it would come back.
        await upkeep.DeleteSavepointAsync("kept", Stop);
        await CommitRowsAsync(world, 5, 15);
        Assert.Contains(first, await TimelineAsync(world));
        await world.Oracle.CheckAsync();

        await upkeep.CleanAsync(new CleanPolicy.KeepCommits(1), Stop);
        await CommitRowsAsync(world, 15, 19);
        Assert.DoesNotContain(first, await TimelineAsync(world));
        Assert.DoesNotContain(second, await TimelineAsync(world));
        await world.Oracle.CheckAsync();
    }

    [Fact]
    public async Task A_clean_without_anything_to_delete_leaves_no_instant()
    {
        (ProtocolWorld world, _) = await TableAsync(3);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.CleanAsync(new CleanPolicy.KeepCommits(1), Stop);
        Assert.DoesNotContain((await ActiveTimeline.LoadAsync(world.Shared, Stop)).Files, static f => f.Action == TimelineFile.Clean);
    }

    [Fact]
    public async Task A_clean_removes_orphans_and_given_up_staging_and_leaves_what_is_on_its_way()
    {
        (ProtocolWorld world, string[] instants) = await TableAsync(3);
        world.Time.Advance(TimeSpan.FromDays(2));
        ObjectPath folder = new("dt=2026-03-01");
        ObjectPath orphan = folder / new DataFileName("0-0", "0-0-0", instants[1]).ToString();
        ObjectPath coming = folder / new DataFileName("0-1", "0-0-0", "20990101000000000").ToString();
        ObjectPath older = folder / new DataFileName("0-2", "0-0-0", "20200101000000000").ToString();
        ObjectPath fresh = HudiTable.StagingFolder("trips", "worker-1", "z", 5) / "a.parquet";
        ObjectPath stale = HudiTable.StagingFolder("trips", "worker-1", "y", 5) / "a.parquet";
        ObjectPath decided = SequenceFolder.Staging(2, "0123456789abcdef") / "a.parquet";
        ObjectPath undecided = SequenceFolder.Staging(4, "0123456789abcdef") / "a.parquet";
        await world.Shared.PutAsync(stale, "x"u8.ToArray(), Stop);
        world.Time.Advance(TimeSpan.FromDays(2));
        foreach (ObjectPath path in (ObjectPath[])[orphan, coming, older, fresh, decided, undecided])
        {
            await world.Shared.PutAsync(path, "x"u8.ToArray(), Stop);
        }

        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        CleanReport report = await upkeep.CleanAsync(new CleanPolicy.KeepCommits(1), Stop);
        Assert.Equal([orphan], report.Orphans.Select(static f => f.Path));
        Assert.Equal(new[] { stale, decided }.Order(), report.Staging.Select(static f => f.Path).Order());
        foreach ((ObjectPath path, bool stays) in
            ((ObjectPath, bool)[])[(orphan, false), (stale, false), (decided, false), (coming, true), (older, true), (fresh, true), (undecided, true)])
        {
            Assert.True(stays == (await world.Shared.StatAsync(path, Stop) is not null), path.Value);
        }
    }

    [Fact]
    public async Task What_a_publisher_puts_back_before_it_dies_the_next_opener_removes()
    {
        (ProtocolWorld world, string[] instants) = await TableAsync(2);
        byte[] commit = (await world.Shared.GetAsync(new ObjectPath($".hoodie/{instants[1]}.commit"), Stop))!;
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.RestoreAsync(new RestoreTarget.To(instants[0]), Stop);
        await world.Shared.PutAsync(new ObjectPath($".hoodie/{instants[1]}.commit"), commit, Stop);
        (_, TableCommitter next) = await world.ProcessAsync("worker-1", "b");
        await next.RecoverAsync(Stop);
        Assert.Equal([instants[0]], await TimelineAsync(world));
        Assert.Equal(4, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task A_helper_that_sleeps_through_the_release_of_a_savepoint_does_not_bring_it_back()
    {
        (ProtocolWorld world, _) = await TableAsync(1);
        (ProcessStore p0, TableUpkeep sleeper) = await world.OperatorAsync();
        Hold hold = Hold.At(p0, call => call.Operation == "put-if-absent" && call.Path.Name.EndsWith(".savepoint", StringComparison.Ordinal));
        Task<Savepoint> sleeping = sleeper.CreateSavepointAsync("s", null, Stop);
        await hold.Reached;
        (_, TableUpkeep other) = await world.OperatorAsync();
        await other.DeleteSavepointAsync("s", Stop);
        hold.Release();
        await sleeping;
        Assert.Empty(await other.ReadSavepointsAsync(Stop));
    }

    [Fact]
    public async Task A_released_savepoint_that_its_sleeping_maker_puts_back_stops_nobody_although_the_next_number_is_claimed()
    {
        (ProtocolWorld world, string[] instants) = await TableAsync(1);
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.CreateSavepointAsync("s", null, Stop);
        await upkeep.DeleteSavepointAsync("s", Stop);
        (ProcessStore p0, TableCommitter c0) = await world.ProcessAsync("worker-1", "b");
        Hold hold = Hold.At(p0, static call => call.Is("put-if-absent", "004.outcome"));
        Task<CommitResult> sleeping = c0.CommitAsync(await world.StageAsync("worker-1", "b", 9, 4, 8), Stop);
        await hold.Reached;
        await world.Shared.PutAsync(new TimelineFile(instants[0], TimelineFile.Savepoint, InstantState.Completed).Path, new byte[1], Stop);

        Assert.IsType<CommitResult.Committed>(await world.CommitAsync("worker-2", "a", 1, 4, 8));
        hold.Release();
        Assert.IsType<CommitResult.Conflicted>(await sleeping);
        Assert.Equal(8, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task A_claim_whose_owner_is_dead_goes_with_a_clean_after_a_day_although_nobody_commits_any_more()
    {
        (ProtocolWorld world, _) = await TableAsync(2);
        (ProcessStore p0, TableCommitter c0) = await world.ProcessAsync("worker-1", "b");
        Hold hold = Hold.At(p0, static call => call.Is("put-if-absent", "003.outcome"));
        Task<CommitResult> sleeping = c0.CommitAsync(await world.StageAsync("worker-1", "b", 9, 8, 12), Stop);
        await hold.Reached;
        (_, TableUpkeep upkeep) = await world.OperatorAsync();
        await upkeep.CleanAsync(new CleanPolicy.KeepCommits(10), Stop);
        Assert.Null(await SequenceFolder.ReadOutcomeAsync(world.Shared, 3, Stop)); // Its owner may be at work.

        world.Time.Advance(TimeSpan.FromDays(2));
        await upkeep.CleanAsync(new CleanPolicy.KeepCommits(10), Stop);
        Assert.False((await SequenceFolder.ReadOutcomeAsync(world.Shared, 3, Stop))!.IsCommitted);
        List<ObjectPath> staged = [];
        await foreach (ObjectStat left in world.Shared.ListAsync(HudiTable.TemporaryFolder, true, null, Stop))
        {
            staged.Add(left.Path);
        }

        Assert.Empty(staged);
        hold.Release();
        Assert.IsType<CommitResult.Conflicted>(await sleeping); // Its records are read again.
        Assert.Equal(8, await world.Oracle.CheckAsync());
    }

    /// <summary>A table of so many commits of four rows each, a second apart.</summary>
    internal static async Task<(ProtocolWorld World, string[] Instants)> TableAsync(int commits, int letters = 0)
    {
        var world = new ProtocolWorld();
        await world.CreateAsync();
        List<string> instants = [];
        for (int i = 0; i < commits; i++)
        {
            CommitResult result = await world.CommitAsync("worker-1", "a", i + 1, 4 * i, 4 * (i + 1), letters);
            instants.Add(Assert.IsType<CommitResult.Committed>(result).Instant);
            world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        return (world, [.. instants]);
    }

    private static async Task CommitRowsAsync(ProtocolWorld world, long start, long end)
    {
        for (long offset = start; offset < end; offset++)
        {
            Assert.IsType<CommitResult.Committed>(await world.CommitAsync("worker-1", "a", offset + 1, offset, offset + 1));
            world.Time.Advance(TimeSpan.FromSeconds(1));
            await world.Oracle.CheckAsync();
        }
    }

    private static async Task<string[]> TimelineAsync(ProtocolWorld world) =>
        [.. (await ActiveTimeline.LoadAsync(world.Shared, Stop)).CompletedCommits.Select(static f => f.Instant)];
}
