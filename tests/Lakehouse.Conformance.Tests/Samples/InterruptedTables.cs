using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>Tables whose writers died or slept in the middle of a commit: 300 rows are public, others are on the way.</summary>
internal static class InterruptedTables
{
    private const int PublicRowCount = 300;
    private const int WorkRowCount = 200;

    /// <summary>The partition whose file is published last.</summary>
    internal const string LastPartition = "dt=2026-03-02";

    /// <summary>The copy out of staging that makes a commit visible.</summary>
    internal static bool IsCompletion(StoreCall call) =>
        call.Operation == "copy-if-absent" && call.Path.Value.EndsWith(".commit", StringComparison.Ordinal);

    /// <summary>The worker died before the chosen call of its second commit.</summary>
    internal static async Task<SampleTable> DiedAsync(string folder, int seed, Predicate<StoreCall> before, CancellationToken stop) =>
        (await DiedWithWorkAsync(folder, seed, before, stop)).Sample;

    /// <summary>The worker died with its claim pending, and who aborted it died before it deleted anything.</summary>
    internal static async Task<SampleTable> AbortedAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await DiedAsync(folder, 22, static call => call.Is("put-if-absent", ".outcome"), stop);
        await DyingAsync(sample, static call => call.Operation == "delete", async c => await c.RecoverAsync(stop), stop);
        return sample;
    }

    internal static async Task<SampleTable> CommittedAfterAbortAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await AbortedAsync(folder, stop);
        await sample.CommitAsync(150, stop);
        return sample;
    }

    internal static async Task<SampleTable> FirstCommitHalfPublishedAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await SampleTable.CreateAsync(folder, SampleShape.ByDay, 27, stop);
        SampleWork work = await sample.StageAsync(WorkRowCount, stop);
        await DyingAsync(sample, IsCompletion, c => c.CommitAsync(work.Committable, stop), stop);
        return sample;
    }

    internal static async Task<SampleTable> RecoveredAsync(string folder, CancellationToken stop)
    {
        (SampleTable sample, SampleWork work) =
            await DiedWithWorkAsync(folder, 28, static call => call.Is("copy-if-absent", LastPartition), stop);
        await (await sample.CommitterAsync(null, stop)).RecoverAsync(stop);
        await sample.AcceptAsync(work, stop);
        return sample;
    }

    /// <summary>A writer slept before its outcome; its claim was aborted, others committed; then it went on.</summary>
    internal static async Task<SampleTable> ZombieWriterAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(folder, SampleShape.ByDay, 29, stop);
        SampleWork lost = await sample.StageAsync(WorkRowCount, stop);
        CommitResult result = await SleepingAsync(
            sample,
            static call => call.Is("put-if-absent", ".outcome"),
            lost,
            async () =>
            {
                await (await sample.CommitterAsync(null, stop)).RecoverAsync(stop);
                await sample.CommitAsync(70, stop);
            },
            stop);
        Assert.IsType<CommitResult.Conflicted>(result);
        return sample;
    }

    /// <summary>A publisher slept; others published its commit, made more, and pruned it; then it went on.</summary>
    internal static async Task<SampleTable> ZombiePublisherAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(folder, SampleShape.ByDay, 30, stop, new() { ActiveInstantsKept = 2 });
        SampleWork work = await sample.StageAsync(WorkRowCount, stop);
        await SleepingAsync(
            sample,
            static call => call.Is("copy-if-absent", ".parquet"),
            work,
            async () =>
            {
                await (await sample.CommitterAsync(null, stop)).RecoverAsync(stop);
                await sample.AcceptAsync(work, stop);
                for (int i = 0; i < 5; i++)
                {
                    await sample.CommitAsync(20, stop);
                }
            },
            stop);
        return sample;
    }

    /// <summary>A worker died after the outcome that names both tables' files, before either was published; then another went on.</summary>
    internal static async Task<SampleTable> WithDeadLettersAsync(string folder, bool letters, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(Path.Combine(folder, "rows"), SampleShape.ByDay, 31, stop);
        SampleTable follower = await SampleTable.CreateAsync(Path.Combine(folder, "letters"), SampleShape.Plain, 32, stop);
        sample.Follower = follower;
        SampleWork work = await sample.StageAsync(WorkRowCount, stop);
        SampleWork bad = await follower.StageAsync(20, stop);
        Committable both = work.Committable with { Followers = [new FollowerTable(follower.Folder, bad.Committable.Files)] };
        await DyingAsync(
            sample, static call => call.Is("put-if-absent", ".commit.requested"), c => c.CommitAsync(both, stop), stop);
        Assert.Null((await follower.Table.SnapshotAsync(null, stop)).Instant);

        await (await sample.CommitterAsync(null, stop)).RecoverAsync(stop);
        await sample.AcceptAsync(work, stop);
        await follower.AcceptAsync(bad, stop);
        return letters ? follower : sample;
    }

    /// <summary>A compaction whose process died before the last of its files was public; then, perhaps, another went on.</summary>
    internal static async Task<SampleTable> DyingMergeAsync(string folder, int seed, bool isRecovered, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(folder, SampleShape.ByDay, seed, stop);
        await sample.CommitAsync(WorkRowCount, stop);
        var store = new ProcessStore(sample.Table.Store);
        store.Before = call =>
        {
            store.IsDead |= call.Is("copy-if-absent", LastPartition);
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<ProcessDiedException>(() => sample.Merging(sample.Table.Through(store)).RunAsync(stop));
        if (isRecovered)
        {
            await (await sample.CommitterAsync(null, stop)).RecoverAsync(stop);
            await sample.AcceptMergeAsync(stop);
        }

        return sample;
    }

    /// <summary>Runs a committer whose process dies before the first call of a kind.</summary>
    internal static async Task DyingAsync(
        SampleTable sample, Predicate<StoreCall> before, Func<TableCommitter, Task> run, CancellationToken stop)
    {
        var store = new ProcessStore(sample.Table.Store);
        TableCommitter committer = await sample.CommitterAsync(store, stop);
        store.Before = call =>
        {
            store.IsDead |= before(call);
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<ProcessDiedException>(() => run(committer));
    }

    private static async Task<SampleTable> CommittedAsync(
        string folder, SampleShape shape, int seed, CancellationToken stop, CommitterOptions? options = null)
    {
        SampleTable sample = await SampleTable.CreateAsync(folder, shape, seed, stop, options);
        await sample.CommitAsync(PublicRowCount, stop);
        return sample;
    }

    private static async Task<(SampleTable Sample, SampleWork Work)> DiedWithWorkAsync(
        string folder, int seed, Predicate<StoreCall> before, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(folder, SampleShape.ByDay, seed, stop);
        SampleWork work = await sample.StageAsync(WorkRowCount, stop);
        await DyingAsync(sample, before, c => c.CommitAsync(work.Committable, stop), stop);
        return (sample, work);
    }

    /// <summary>Commits through a process that sleeps at its first call of a kind while <paramref name="meanwhile"/> runs.</summary>
    private static async Task<CommitResult> SleepingAsync(
        SampleTable sample, Predicate<StoreCall> at, SampleWork work, Func<Task> meanwhile, CancellationToken stop)
    {
        var store = new ProcessStore(sample.Table.Store);
        TableCommitter committer = await sample.CommitterAsync(store, stop);
        bool slept = false;
        store.Before = async call =>
        {
            if (!slept && at(call))
            {
                slept = true;
                await meanwhile();
            }
        };
        CommitResult result = await committer.CommitAsync(work.Committable, stop);
        Assert.True(slept, "the call that the process was to sleep at never came");
        return result;
    }
}
