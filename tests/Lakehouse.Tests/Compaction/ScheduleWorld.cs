using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Compaction;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Hudi;
using Lakehouse.Tests.Protocol;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lakehouse.Tests.Compaction;

/// <summary>A table of text files and processes that compact it on schedules, in simulated time that begins on a full hour.</summary>
internal sealed class ScheduleWorld
{
    private static readonly TableConfig Config = new()
    {
        Name = "trips",
        Schema = new Schema([new Field("dt", TypeKind.String), new Field("value", TypeKind.Long)]),
        PartitionFields = ["dt"],
    };

    private static readonly LedgerKey Key = new("trips", "cluster-1", "trips", 0);
    private readonly MemoryObjectStore _store;
    private readonly DateTimeOffset _begin;
    private long _committed;

    internal ScheduleWorld(int seed)
    {
        World = new SimulatedWorld(seed);
        _begin = World.Time.GetUtcNow();
        _store = new MemoryObjectStore("table", World.Time);
        Await(_store.PutAsync(TableProperties.Path, TableProperties.Write(Config, default), CancellationToken.None));
    }

    internal SimulatedWorld World { get; }

    internal CompactionControl Control => new(_store);

    internal CompactionStatus? Status => Await(Control.ReadStatusAsync(CancellationToken.None));

    /// <summary>Records that wait to be read, as the schedules are told.</summary>
    internal long? Lag { get; set; }

    /// <summary>Awaited by every merge before it ends; also where it may fail.</summary>
    internal Func<Task> Merging { get; set; } = static () => Task.CompletedTask;

    internal int FileCount => Await(Table(_store).SnapshotAsync(null, CancellationToken.None)).FileSlices.Length;

    internal int MergeCount => Await(Table(_store).SnapshotAsync(null, CancellationToken.None)).Timeline.Count(static i => i.Metadata.IsMerge);

    /// <summary>Files in staging, and data files that the table does not show.</summary>
    internal (int Staged, int Replaced) Leftovers
    {
        get
        {
            ObjectPath[] all = [.. Await(ListAsync())];
            return (
                all.Count(static p => p.Value.StartsWith(".hoodie/.temp/", StringComparison.Ordinal)),
                all.Count(static p => p.Name.EndsWith(".parquet", StringComparison.Ordinal)
                    && !p.Value.StartsWith(".hoodie/", StringComparison.Ordinal)) - FileCount);
        }
    }

    /// <summary>A process that begins to compact now.</summary>
    internal SimulatedProcess Start(string owner, CompactionTriggers triggers, CompactionPolicy? policy = null)
    {
        var process = new SimulatedProcess(World, owner, FaultPlan.None);
        HudiTable table = Table(new CrashingObjectStore(_store, process));
        var schedule = new CompactionSchedule(
            table, policy ?? new CompactionPolicy(), triggers, owner, new CommitterOptions(), World.Time, World.Random, NullLogger.Instance)
        {
            ReadLag = _ => Task.FromResult(Lag),
            Merging = replacement => new TextMerging(replacement.Table, () => Merging()),
        };
        _ = process.Scheduler.RunAsync("schedule", () => schedule.RunAsync(CancellationToken.None));
        return process;
    }

    /// <summary>So many commits of one small file each.</summary>
    internal void Commit(int count)
    {
        var process = new SimulatedProcess(World, "worker", FaultPlan.None);
        Task done = process.Scheduler.RunAsync("commits", async () =>
        {
            HudiTable table = Table(_store);
            var committer = new TableCommitter(table, "worker", "a1", new CommitterOptions(), World.Time, World.Random);
            for (int i = 0; i < count; i++, _committed++)
            {
                StagedFile file = await TextFiles.StageAsync(
                    _store, HudiTable.StagingFolder("trips", "worker", "a1", _committed), "dt=a", table.NewFileId(), [new TextRow(0, _committed, 0)]);
                var range = new OffsetRange(Key, _committed, _committed + 1, 1, "id", 1, 1, 0, 0, 0, null, null);
                var checkpoint = new CheckpointReference("trips", "worker", _committed + 1, $"trips/{_committed}");
                await committer.CommitAsync(new Committable([file], [range], checkpoint, 0, []), CancellationToken.None);
            }
        });
        World.RunUntil(() => done.IsCompleted);
        Await(done);
    }

    /// <summary>Lets time pass until so many minutes after the beginning.</summary>
    internal void Until(double minutes) => World.RunUntil(() => World.Time.GetUtcNow() >= _begin.AddMinutes(minutes));

    internal void Order(CompactionOrders orders) => Await(Control.OrderAsync(orders, CancellationToken.None));

    private HudiTable Table(IObjectStore store) =>
        Await(HudiTable.OpenAsync(store is CrashingObjectStore ? _store : store, World.Time, World.Random, CancellationToken.None))!
            .Through(store); // not null: created first

    private async Task<List<ObjectPath>> ListAsync()
    {
        List<ObjectPath> all = [];
        await foreach (ObjectStat stat in _store.ListAsync(default, recursive: true, after: null, CancellationToken.None))
        {
            all.Add(stat.Path);
        }

        return all;
    }

    private static T Await<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static void Await(Task task) => task.GetAwaiter().GetResult();
}
