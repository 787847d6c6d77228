using Lakehouse.Conformance.Tests;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(SampleTables))]

namespace Lakehouse.Conformance.Tests;

/// <summary>The tables that every reader reads and every invariant is held against. Each is made when it is first asked for.</summary>
public sealed class SampleTables : IDisposable
{
    private static readonly Dictionary<string, Func<string, CancellationToken, Task<SampleTable>>> Makers = new()
    {
        ["without a commit"] = (folder, stop) => SampleTable.CreateAsync(folder, SampleShape.Plain, 1, stop),
        ["of one row"] = (folder, stop) => CommittedAsync(folder, SampleShape.Plain, 2, [1], stop),
        ["without partitions"] = (folder, stop) => CommittedAsync(folder, SampleShape.Plain, 3, [3, 1_100, 400], stop),
        ["by day"] = (folder, stop) => CommittedAsync(folder, SampleShape.ByDay, 4, [700, 2, 300], stop),
        ["by day and zone, with a key"] = (folder, stop) => CommittedAsync(folder, SampleShape.ByDayAndZone, 5, [500, 90], stop),
        ["by odd names"] = (folder, stop) => CommittedAsync(folder, SampleShape.ByOddNames, 6, [60, 40], stop),
        ["with a key of two columns"] = (folder, stop) =>
            CommittedAsync(folder, SampleShape.Plain with { RecordKeyFields = ["id", "name"] }, 7, [150], stop),
        ["of nothing but nulls"] = (folder, stop) =>
            CommittedAsync(folder, SampleShape.ByDay with { OnlyNulls = true }, 8, [600, 10], stop),
        ["whose writer was set differently each time"] = OfManySettingsAsync,
        ["with a commit that has no file"] = (folder, stop) => CommittedAsync(folder, SampleShape.ByDay, 10, [50, 0, 30, 0], stop),
        ["whose first instants were pruned"] = PrunedAsync,
        ["with erased rows"] = ErasedAsync,
        ["with merged files"] = MergedAsync,
        ["whose merge is half published"] = (folder, stop) => InterruptedTables.DyingMergeAsync(folder, 33, false, stop),
        ["whose merge another process finished"] = (folder, stop) => InterruptedTables.DyingMergeAsync(folder, 34, true, stop),
        ["with a pending claim, no file copied yet"] = (folder, stop) =>
            InterruptedTables.DiedAsync(folder, 20, call => call.Is("copy-patched", ".parquet"), stop),
        ["with a pending claim, all files copied"] = (folder, stop) =>
            InterruptedTables.DiedAsync(folder, 21, call => call.Is("put-if-absent", ".outcome"), stop),
        ["with a claim just aborted"] = InterruptedTables.AbortedAsync,
        ["with a commit after an aborted claim"] = InterruptedTables.CommittedAfterAbortAsync,
        ["with a commit not yet published"] = (folder, stop) =>
            InterruptedTables.DiedAsync(folder, 24, call => call.Is("put-if-absent", ".commit.requested"), stop),
        ["with a commit half published"] = (folder, stop) => InterruptedTables.DiedAsync(
            folder, 25, call => call.Is("copy-if-absent", InterruptedTables.LastPartition), stop),
        ["with a commit published but for its last file"] = (folder, stop) =>
            InterruptedTables.DiedAsync(folder, 26, InterruptedTables.IsCompletion, stop),
        ["whose first commit is not yet published"] = InterruptedTables.FirstCommitHalfPublishedAsync,
        ["with a commit that another process published"] = InterruptedTables.RecoveredAsync,
        ["that an overtaken writer woke up in"] = InterruptedTables.ZombieWriterAsync,
        ["that an overtaken publisher woke up in"] = InterruptedTables.ZombiePublisherAsync,
        ["that went back and on again"] = ServedTables.RestoredAsync,
        ["whose restore died before its first deletion"] = (folder, stop) => ServedTables.DyingRestoreAsync(folder, 41, 0, false, stop),
        ["whose restore died in the middle"] = (folder, stop) => ServedTables.DyingRestoreAsync(folder, 42, 4, false, stop),
        ["whose restore another process finished"] = (folder, stop) => ServedTables.DyingRestoreAsync(folder, 43, 4, true, stop),
        ["with a savepoint"] = ServedTables.WithSavepointAsync,
        ["that was cleaned"] = (folder, stop) => ServedTables.CleanedAsync(folder, 45, false, stop),
        ["whose clean died before it deleted"] = (folder, stop) => ServedTables.CleanedAsync(folder, 46, true, stop),
        ["that went back with its dead letters"] = (folder, stop) => ServedTables.RestoredWithDeadLettersAsync(folder, false, stop),
        ["of dead letters that went back"] = (folder, stop) => ServedTables.RestoredWithDeadLettersAsync(folder, true, stop),
        ["with dead letters"] = (folder, stop) => InterruptedTables.WithDeadLettersAsync(folder, false, stop),
        ["of dead letters"] = (folder, stop) => InterruptedTables.WithDeadLettersAsync(folder, true, stop),
    };

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, Lazy<Task<SampleTable>>> _tables;

    public SampleTables() => _tables = Makers.Index().ToDictionary(
        m => m.Item.Key,
        m => new Lazy<Task<SampleTable>>(() => m.Item.Value(_folder[$"{m.Index}"], CancellationToken.None)));

    /// <summary>What can be asked for.</summary>
    public static TheoryData<string> Names => [.. Makers.Keys];

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    internal Task<SampleTable> GetAsync(string name) => _tables[name].Value;

    private static async Task<SampleTable> CommittedAsync(
        string folder, SampleShape shape, int seed, int[] rowCounts, CancellationToken stop)
    {
        SampleTable sample = await SampleTable.CreateAsync(folder, shape, seed, stop);
        foreach (int rowCount in rowCounts)
        {
            await sample.CommitAsync(rowCount, stop);
        }

        return sample;
    }

    private static async Task<SampleTable> OfManySettingsAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await SampleTable.CreateAsync(folder, SampleShape.ByDay, 9, stop);
        ParquetWriterOptions[] settings =
        [
            new(),
            SampleTable.SmallPages with { Codec = CompressionCodec.Uncompressed },
            SampleTable.SmallPages with { Dictionaries = false },
            SampleTable.SmallPages with { DictionaryBytesMax = 2_000, CompressionLevel = 9 },
            SampleTable.SmallPages with { PageBytes = 3_000, RowGroupBytes = 60_000 },
        ];
        foreach (ParquetWriterOptions options in settings)
        {
            await sample.CommitAsync(400, stop, options);
        }

        return sample;
    }

    /// <summary>Rows of some files, then all rows of one; commits before, between and after.</summary>
    private static async Task<SampleTable> ErasedAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(folder, SampleShape.ByDay, 12, [700, 2, 300], stop);
        await sample.EraseAsync(3, stop);
        await sample.CommitAsync(60, stop);
        await sample.EraseAsync(1, stop);
        await sample.CommitAsync(40, stop);
        await sample.EraseAsync(7, stop);
        return sample;
    }

    /// <summary>Files of several commits, then merged ones with later ones; rows of them erased, and a commit after it.</summary>
    private static async Task<SampleTable> MergedAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await CommittedAsync(folder, SampleShape.ByDay, 13, [700, 12, 300], stop);
        await sample.MergeAsync(stop);
        await sample.CommitAsync(160, stop);
        await sample.CommitAsync(240, stop);
        await sample.CommitAsync(900, stop);
        await sample.MergeAsync(stop);
        await sample.EraseAsync(5, stop);
        await sample.CommitAsync(40, stop);
        return sample;
    }

    private static async Task<SampleTable> PrunedAsync(string folder, CancellationToken stop)
    {
        SampleTable sample = await SampleTable.CreateAsync(
            folder, SampleShape.ByDay, 11, stop, new() { ActiveInstantsKept = 3, NumberRetention = TimeSpan.Zero });
        for (int commit = 0; commit < 8; commit++)
        {
            await sample.CommitAsync(20 + commit, stop);
        }

        int left = (await sample.Table.SnapshotAsync(null, stop)).Timeline.Length;
        Assert.True(left < 8, $"nothing was pruned: {left} instants are left");
        return sample;
    }
}
