using Lakehouse.Testing;
using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>
/// A table in memory, processes that commit to it, and the oracle that looks at it after every change. Data files are text: the
/// patched instant and file name, then one line per row.
/// </summary>
internal sealed class ProtocolWorld
{
    private long _files;

    internal ProtocolWorld(ulong seed = 1, ManualTime? time = null)
    {
        Time = time ?? new ManualTime();
        Random = new Random((int)seed);
        Shared = new MemoryObjectStore("table", Time);
        FollowerShared = new MemoryObjectStore("letters", Time);
        Oracle = new TableOracle(Shared);
    }

    internal static LedgerKey Key { get; } = new("trips", "cluster-1", "trips", 0);

    internal static TableConfig Config { get; } = new()
    {
        Name = "trips",
        Schema = new Schema([new Field("dt", TypeKind.String), new Field("value", TypeKind.Long)]),
        PartitionFields = ["dt"],
    };

    internal ManualTime Time { get; }

    internal Random Random { get; }

    internal MemoryObjectStore Shared { get; }

    internal MemoryObjectStore FollowerShared { get; }

    internal TableOracle Oracle { get; }

    internal CommitterOptions Options { get; set; } = new()
    {
        ClaimDeadline = TimeSpan.FromSeconds(10),
        PollInterval = TimeSpan.FromSeconds(5),
    };

    internal async Task<HudiTable> CreateAsync()
    {
        await HudiTable.CreateAsync(FollowerShared, Config with { Name = "letters" }, Time, Random, Stop);
        return await HudiTable.CreateAsync(Shared, Config, Time, Random, Stop);
    }

    /// <summary>A process of its own: its view of the store, and its committer.</summary>
    internal async Task<(ProcessStore Store, TableCommitter Committer)> ProcessAsync(string worker, string attempt)
    {
        var store = new ProcessStore(Shared);
        HudiTable own = (await HudiTable.OpenAsync(store, Time, Random, Stop))!;
        return (store, new TableCommitter(own, worker, attempt, OptionsOf(store), Time, Random));
    }

    /// <summary>A process that runs table services.</summary>
    internal async Task<(ProcessStore Store, TableUpkeep Upkeep)> OperatorAsync()
    {
        var store = new ProcessStore(Shared);
        HudiTable own = (await HudiTable.OpenAsync(store, Time, Random, Stop))!;
        return (store, new TableUpkeep(own, OptionsOf(store), Time, Random));
    }

    private CommitterOptions OptionsOf(ProcessStore store)
    {
        var followerStore = new ProcessStore(FollowerShared);
        return Options with
        {
            OpenFollower = async (_, cancellation) =>
            {
                // A process that is dead is dead for both of its stores.
                followerStore.Before = call => store.Before(call);
                followerStore.After = async call =>
                {
                    await store.After(call);
                    followerStore.IsDead |= store.IsDead;
                };
                followerStore.IsDead |= store.IsDead;
                return (await HudiTable.OpenAsync(followerStore, Time, Random, cancellation))!;
            },
        };
    }

    /// <summary>Work that read the offsets from start to end, its file durable in staging.</summary>
    internal async Task<Committable> StageAsync(
        string worker, string attempt, long checkpoint, long start, long end, int letters = 0, long historyEpoch = 0)
    {
        StagedFile file = await StageFileAsync(Shared, worker, attempt, checkpoint, start, end, historyEpoch);
        ImmutableArray<FollowerTable> followers = letters == 0
            ? []
            : [new FollowerTable("letters", [await StageFileAsync(FollowerShared, worker, attempt, checkpoint, start, start + letters, historyEpoch)])];
        string path = FormattableString.Invariant($"trips/{worker}/{attempt}/{checkpoint}");
        return new Committable(
            start == end ? [] : [file],
            [new OffsetRange(Key, start, end, 1, "topic-id", end - start, end - start, 0, 0, letters, null, null)],
            new CheckpointReference("trips", worker, checkpoint, path),
            historyEpoch,
            followers);
    }

    internal async Task<CommitResult> CommitAsync(
        string worker, string attempt, long checkpoint, long start, long end, int letters = 0, long historyEpoch = 0)
    {
        (_, TableCommitter committer) = await ProcessAsync(worker, attempt);
        return await committer.CommitAsync(await StageAsync(worker, attempt, checkpoint, start, end, letters, historyEpoch), Stop);
    }

    /// <summary>
    /// Merges every file of the table into a new one, as another program would: a replacecommit beside the sequence. Returns its instant.
    /// </summary>
    internal async Task<string> ReplaceAllAsync()
    {
        HudiTable table = (await HudiTable.OpenAsync(Shared, Time, Random, Stop))!;
        TableSnapshot snapshot = await table.SnapshotAsync(null, Stop);
        string instant = InstantTime.Next(Time.GetUtcNow(), (await ActiveTimeline.LoadAsync(Shared, Stop)).LastInstant);
        ImmutableArray<WriteStat>.Builder stats = ImmutableArray.CreateBuilder<WriteStat>();
        foreach (FileSlice slice in snapshot.FileSlices)
        {
            string text = Encoding.ASCII.GetString((await Shared.GetAsync(slice.Path, Stop))!);
            string fileId = DataFileName.MakeFileId(++_files, 7);
            string name = new DataFileName(fileId, "0-0-0", instant).ToString();
            byte[] merged = Encoding.ASCII.GetBytes($"{instant}{name}{text[text.IndexOf('\n', StringComparison.Ordinal)..]}");
            ObjectPath path = slice.Path.Parent / name;
            await Shared.PutAsync(path, merged, Stop);
            stats.Add(new WriteStat(fileId, path.Value, slice.PartitionPath, slice.RowCount, merged.Length, null, null));
        }

        var commit = new CommitMetadata
        {
            OperationType = "CLUSTER",
            PartitionToWriteStats = stats.GroupBy(static s => s.PartitionPath)
                .ToImmutableSortedDictionary(static g => g.Key, static g => g.ToImmutableArray()),
            ExtraMetadata = snapshot.Timeline[^1].Metadata.ExtraMetadata,
            PartitionToReplaceFileIds = snapshot.FileSlices.GroupBy(static s => s.PartitionPath)
                .ToImmutableSortedDictionary(static g => g.Key, static g => g.Select(static s => s.FileId).ToImmutableArray()),
        };
        await Shared.PutAsync(new TimelineFile(instant, TimelineFile.ReplaceCommit, InstantState.Completed).Path, commit.ToJson(), Stop);
        Time.Advance(TimeSpan.FromSeconds(1));
        return instant;
    }

    /// <summary>Rows in the files that a follower shows.</summary>
    internal async Task<long> LettersAsync()
    {
        HudiTable follower = (await HudiTable.OpenAsync(FollowerShared, Time, Random, Stop))!;
        return (await follower.SnapshotAsync(null, Stop)).FileSlices.Sum(static s => s.RowCount);
    }

    private Task<StagedFile> StageFileAsync(
        MemoryObjectStore store, string worker, string attempt, long checkpoint, long start, long end, long historyEpoch) =>
        TextFiles.StageAsync(
            store,
            HudiTable.StagingFolder("trips", worker, attempt, checkpoint),
            "dt=2026-03-01",
            DataFileName.MakeFileId(++_files, store.Root.Length),
            [.. Enumerable.Range((int)start, (int)(end - start)).Select(offset => new TextRow(Key.Partition, offset, historyEpoch))]);
}
