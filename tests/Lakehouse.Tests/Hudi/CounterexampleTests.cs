using Lakehouse.Hudi;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>
/// What the model of the protocol finds when one rule is left out, replayed against the code with the rule in. "P0 sleeps" means that one
/// store call is held back while others go on.
/// </summary>
public class CounterexampleTests
{
    [Fact]
    public async Task An_aborted_outcome_survives_pruning_so_a_sleeping_owner_cannot_commit_a_range_twice()
    {
        // P0 claims 1, sleeps before its outcome; P1 aborts 1, commits 2 with a floor above 1, prunes; P0 wakes.
        ProtocolWorld world = LateHelperTests.PruningWorld(kept: 1);
        await world.CreateAsync();
        (ProcessStore p0, TableCommitter c0) = await world.ProcessAsync("worker-0", "a");
        Hold hold = Hold.At(p0, call => call.Is("put-if-absent", ".outcome"));
        Task<CommitResult> sleeping = c0.CommitAsync(await world.StageAsync("worker-0", "a", 1, 0, 5), Stop);
        await hold.Reached;

        await world.CommitAsync("worker-1", "a", 1, 0, 4);
        await LateHelperTests.GoOnAsync(world, 4, 10);
        Assert.Null(await SequenceFolder.ReadClaimAsync(world.Shared, 1, Stop));
        Assert.False((await SequenceFolder.ReadOutcomeAsync(world.Shared, 1, Stop))!.IsCommitted);
        Assert.Null(await SequenceFolder.ReadOutcomeAsync(world.Shared, 2, Stop));

        hold.Release();
        Assert.IsType<CommitResult.Conflicted>(await sleeping);
        Assert.Equal(10, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task Who_wins_a_claim_that_was_pruned_before_sees_higher_numbers_and_gives_up()
    {
        // P1 reads 0 and sleeps before claim 1; P0 commits 1, 2, ... and prunes 1; P1 wins claim 1.
        ProtocolWorld world = LateHelperTests.PruningWorld(kept: 1);
        await world.CreateAsync();
        (ProcessStore p1, TableCommitter c1) = await world.ProcessAsync("worker-1", "a");
        Hold hold = Hold.At(p1, call => call.Is("put-if-absent", "001.claim"));
        Task<CommitResult> sleeping = c1.CommitAsync(await world.StageAsync("worker-1", "a", 1, 0, 5), Stop);
        await hold.Reached;

        await LateHelperTests.GoOnAsync(world, 0, 6);
        Assert.Null(await SequenceFolder.ReadOutcomeAsync(world.Shared, 1, Stop));
        Assert.Null(await SequenceFolder.ReadClaimAsync(world.Shared, 1, Stop));

        hold.Release();
        Assert.IsType<CommitResult.Conflicted>(await sleeping);
        Assert.NotNull(await SequenceFolder.ReadClaimAsync(world.Shared, 1, Stop));
        Assert.Null(await SequenceFolder.ReadOutcomeAsync(world.Shared, 1, Stop));
        Assert.Equal(6, await world.Oracle.CheckAsync());

        // Nobody will decide that claim; pruning takes it.
        await LateHelperTests.GoOnAsync(world, 6, 7);
        Assert.Null(await SequenceFolder.ReadClaimAsync(world.Shared, 1, Stop));
    }

    [Fact]
    public async Task A_committed_outcome_is_published_before_the_next_number_is_claimed()
    {
        // P0 commits 1 and sleeps before it publishes; P1 commits 2: instant 1 must be visible before instant 2.
        var world = new ProtocolWorld();
        await world.CreateAsync();
        (ProcessStore p0, TableCommitter c0) = await world.ProcessAsync("worker-0", "a");
        Hold hold = Hold.At(p0, call => call.Is("put-if-absent", ".commit.requested"));
        Task<CommitResult> sleeping = c0.CommitAsync(await world.StageAsync("worker-0", "a", 1, 0, 5), Stop);
        await hold.Reached;
        Assert.Equal(0, await world.Oracle.CheckAsync());

        (ProcessStore p1, TableCommitter c1) = await world.ProcessAsync("worker-1", "a");
        List<StoreCall> calls = [];
        p1.After = async call =>
        {
            calls.Add(call);
            await world.Oracle.CheckAsync();
        };
        Assert.IsType<CommitResult.Committed>(await c1.CommitAsync(await world.StageAsync("worker-1", "a", 1, 5, 7), Stop));
        int published = calls.FindIndex(
            static c => c.Operation == "copy-if-absent" && c.Path.Name.EndsWith(".commit", StringComparison.Ordinal));
        int claimed = calls.FindIndex(static c => c.Is("put-if-absent", ".claim"));
        Assert.InRange(published, 0, claimed - 1);

        hold.Release();
        Assert.IsType<CommitResult.Committed>(await sleeping);
        Assert.Equal(7, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task Files_become_public_only_after_the_outcome_so_no_reader_sees_those_of_an_aborted_claim()
    {
        // P0 claims 1, makes its files, sleeps before the outcome; P1 aborts 1 and commits 2; P0 never wakes, then wakes.
        var world = new ProtocolWorld();
        await world.CreateAsync();
        (ProcessStore p0, TableCommitter c0) = await world.ProcessAsync("worker-0", "a");
        Hold hold = Hold.At(p0, call => call.Is("put-if-absent", ".outcome"));
        Task<CommitResult> sleeping = c0.CommitAsync(await world.StageAsync("worker-0", "a", 1, 0, 5), Stop);
        await hold.Reached;

        Assert.IsType<CommitResult.Committed>(await world.CommitAsync("worker-1", "a", 1, 0, 3));
        Assert.Equal(3, await world.Oracle.CheckAsync());
        hold.Release();
        Assert.IsType<CommitResult.Conflicted>(await sleeping);
        Assert.Equal(3, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task An_aborter_that_loses_the_put_leaves_the_staging_of_the_committed_outcome_alone()
    {
        // P0 claims 1 and sleeps; P1 means to abort 1 and sleeps before its put; P0 commits 1 and dies unpublished; P1 finds it decided.
        var world = new ProtocolWorld();
        await world.CreateAsync();
        (ProcessStore p0, TableCommitter c0) = await world.ProcessAsync("worker-0", "a");
        Hold commit = Hold.At(p0, call => call.Is("put-if-absent", ".outcome"));
        Task<CommitResult> sleeping = c0.CommitAsync(await world.StageAsync("worker-0", "a", 1, 0, 5), Stop);
        await commit.Reached;

        (ProcessStore p1, TableCommitter c1) = await world.ProcessAsync("worker-1", "a");
        Hold abort = Hold.At(p1, call => call.Is("put-if-absent", ".outcome"));
        Task<CommitResult> aborting = c1.CommitAsync(await world.StageAsync("worker-1", "a", 1, 0, 3), Stop);
        await abort.Reached;

        p0.After = call =>
        {
            p0.IsDead = true;
            return Task.CompletedTask;
        };
        commit.Release();
        await Assert.ThrowsAsync<ProcessDiedException>(() => sleeping);
        Assert.True((await SequenceFolder.ReadOutcomeAsync(world.Shared, 1, Stop))!.IsCommitted);

        abort.Release();
        Assert.IsType<CommitResult.Conflicted>(await aborting);
        Assert.Equal(5, await world.Oracle.CheckAsync());
    }
}
