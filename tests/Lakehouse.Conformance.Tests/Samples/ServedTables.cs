using Lakehouse.Hudi;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>Tables after, and in the middle of, their services: restore, savepoint, clean.</summary>
internal static class ServedTables
{
    /// <summary>Rolled back twice, once to a savepoint, with commits in between.</summary>
    internal static async Task<SampleTable> RestoredAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(folder, 40, stop);
        await sample.RestoreAsync(new RestoreTarget.BeforeLast(1), stop);
        await sample.CommitAsync(45, stop);
        await sample.Upkeep().CreateSavepointAsync("here", null, stop);
        await sample.CommitAsync(10, stop);
        await sample.CommitAsync(20, stop);
        await sample.RestoreAsync(new RestoreTarget.To("here"), stop);
        await sample.CommitAsync(35, stop);
        return sample;
    }

    /// <summary>
    /// A restore over two instants whose process died after so many deletions. What readers see is the table at some instant on the way.
    /// </summary>
    internal static async Task<SampleTable> DyingRestoreAsync(string folder, int seed, int deletions, bool isRecovered, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(folder, seed, stop);
        string target = sample.Instants.First();
        int deleted = 0;
        var store = new ProcessStore(sample.Table.Store);
        store.Before = call =>
        {
            // The probe at the start deletes as well.
            store.IsDead |= call.Operation == "delete" && !call.Path.Name.StartsWith("probe", StringComparison.Ordinal)
                && deleted++ >= deletions;
            return Task.CompletedTask;
        };
        HudiTable table = (await HudiTable.OpenAsync(store, TimeProvider.System, new Random(seed), stop))!; // made above
        var upkeep = new TableUpkeep(table, new CommitterOptions(), TimeProvider.System, new Random(seed));
        await Assert.ThrowsAsync<ProcessDiedException>(() => upkeep.RestoreAsync(new RestoreTarget.To(target), stop));
        if (isRecovered)
        {
            await (await sample.CommitterAsync(null, stop)).RecoverAsync(stop);
            await sample.ForgetAfterAsync(target, stop);
        }
        else
        {
            await sample.ForgetAfterAsync(null, stop);
        }

        return sample;
    }

    internal static async Task<SampleTable> WithSavepointAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(folder, 44, stop);
        await sample.Upkeep().CreateSavepointAsync("monday", sample.Instants.First(), stop);
        await sample.CommitAsync(15, stop);
        return sample;
    }

    /// <summary>The first two commits were replaced, the first is held by a savepoint: a clean deletes the files of the second.</summary>
    internal static async Task<SampleTable> CleanedAsync(string folder, int seed, bool dies, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(folder, seed, stop);
        string[] instants = [.. sample.Instants];
        await sample.Upkeep().CreateSavepointAsync("first", instants[0], stop);
        await sample.ReplaceByNothingAsync(instants[0], stop);
        await sample.ReplaceByNothingAsync(instants[1], stop);
        await sample.CommitAsync(25, stop);
        await sample.CommitAsync(12, stop);
        if (dies)
        {
            var store = new ProcessStore(sample.Table.Store);
            store.Before = call =>
            {
                store.IsDead |= call.Is("delete", instants[1]);
                return Task.CompletedTask;
            };
            HudiTable table = (await HudiTable.OpenAsync(store, TimeProvider.System, new Random(seed), stop))!; // made above
            var upkeep = new TableUpkeep(table, new CommitterOptions(), TimeProvider.System, new Random(seed));
            await Assert.ThrowsAsync<ProcessDiedException>(() => upkeep.CleanAsync(new CleanPolicy.KeepCommits(1), stop));
        }
        else
        {
            CleanReport report = await sample.Upkeep().CleanAsync(new CleanPolicy.KeepCommits(1), stop);
            Assert.Equal(2, report.Plan.Files.Length);
        }

        return sample;
    }

    /// <summary>A primary and its dead letters, taken back over commits that brought letters, and gone on.</summary>
    internal static async Task<SampleTable> RestoredWithDeadLettersAsync(string folder, bool letters, CancellationToken stop)
    {
        SampleTable sample = await InterruptedTables.WithDeadLettersAsync(folder, false, stop);
        SampleTable follower = sample.Follower!; // it has dead letters
        string target = sample.Instants.Last();
        for (int i = 0; i < 2; i++)
        {
            SampleWork work = await sample.StageAsync(40, stop);
            SampleWork bad = await follower.StageAsync(5, stop);
            Committable both = work.Committable with { Followers = [new FollowerTable(follower.Folder, bad.Committable.Files)] };
            await (await sample.CommitterAsync(null, stop)).CommitAsync(both, stop);
            await sample.AcceptAsync(work, stop);
            await follower.AcceptAsync(bad, stop);
        }

        await sample.RestoreAsync(new RestoreTarget.To(target), stop);
        await sample.CommitAsync(30, stop);
        return letters ? follower : sample;
    }

    private static async Task<SampleTable> CommittedAsync(string folder, int seed, CancellationToken stop)
    {
        SampleTable sample = await SampleTable.CreateAsync(folder, SampleShape.ByDay, seed, stop);
        foreach (int rowCount in (int[])[120, 60, 30])
        {
            await sample.CommitAsync(rowCount, stop);
        }

        return sample;
    }
}
