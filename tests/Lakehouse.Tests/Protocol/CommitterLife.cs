using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Storage;
using Lakehouse.Tests.Hudi;

namespace Lakehouse.Tests.Protocol;

/// <summary>
/// One life of a worker: recovers, rolls forward what its last life left, then reads the log where the ledger ends, stages and commits,
/// until its partitions are in the table. A conflict makes it read again.
/// </summary>
internal sealed class CommitterLife(TableProcess self, int worker, IReadOnlyList<int> partitions)
{
    private const string Pipeline = "trips";
    private readonly ProtocolSystem _system = self.System;
    private readonly string _name = FormattableString.Invariant($"worker-{worker}");
    private bool _isTidy;

    internal async Task RunAsync()
    {
        HudiTable table = await self.OpenAsync();
        var committer = new TableCommitter(table, _name, self.Attempt, self.Options, self.Time, self.Random);
        TableState state = await committer.RecoverAsync(CancellationToken.None);
        if (_system.Checkpoints.TryGetValue(worker, out Committable? left))
        {
            await RollForwardAsync(committer, left, state);
        }

        while (true)
        {
            state = await committer.ReadStateAsync(CancellationToken.None);
            ImmutableArray<OffsetRange> ranges = Read(state.Ledger);
            if (ranges.IsEmpty)
            {
                return;
            }

            await self.WaitAsync(400);
            long checkpoint = (state.CheckpointOf(Pipeline, _name)?.Id ?? 0) + 1;
            Committable work = await StageAsync(table, ranges, checkpoint, state.Ledger.HistoryEpoch);
            _system.Checkpoints[worker] = work;
            await self.WaitAsync(400);
            await CommitAsync(committer, BuildingOn(work, state));
        }
    }

    private Committable BuildingOn(Committable work, TableState state) =>
        work with { BuildsOn = state.CheckpointOf(Pipeline, _name)?.Path ?? "" };

    /// <summary>A checkpoint that is complete and perhaps not committed: what the table says decides.</summary>
    private async Task RollForwardAsync(TableCommitter committer, Committable work, TableState state)
    {
        bool isVoid = state.CheckpointOf(Pipeline, _name) is { } newest && StagingTidy.IsVoid(work.Checkpoint, newest);
        if (!isVoid && TableCommitter.WhyNotFitting(work, state) is null)
        {
            await CommitAsync(committer, BuildingOn(work, state));
        }
    }

    /// <summary>As the pipeline does: whether a commit whose call failed took place, the table says; if not it is tried again.</summary>
    private async Task CommitAsync(TableCommitter committer, Committable work)
    {
        List<ObjectPath>[] leftovers = await FindLeftoversAsync(work);
        CommitResult result;
        try
        {
            result = await committer.CommitAsync(_system.Dropped.Bend(work, await LedgerAsync(committer)), CancellationToken.None);
        }
        catch (ObjectStoreException) when (self.Random.Next(3) > 0)
        {
            await RollForwardAsync(committer, work, await committer.RecoverAsync(CancellationToken.None));
            return;
        }

        if (result is CommitResult.Conflicted)
        {
            _system.Tally.Conflicts++;
            await committer.RecoverAsync(CancellationToken.None);
            return;
        }

        if (result is CommitResult.Committed { Instant: var instant } && !_system.Oracle.HasSeen(instant))
        {
            throw new ProtocolOracleException(_system.World.Seed, _name, null, $"it was told that {instant} is committed, and it never was");
        }

        for (int i = 0; i < leftovers.Length && result is CommitResult.Committed; i++)
        {
            _isTidy = true;
            await StagingTidy.DeleteAsync(
                Stores[i], leftovers[i], Pipeline, _name, self.Attempt, work.Checkpoint.Id, CancellationToken.None);
        }
    }

    /// <summary>What earlier lives have left, before the first commit of what this one has staged: none of it can be committed after it.</summary>
    private async Task<List<ObjectPath>[]> FindLeftoversAsync(Committable work)
    {
        if (_isTidy || !work.Checkpoint.Path.Contains(self.Attempt, StringComparison.Ordinal))
        {
            return [];
        }

        var found = new List<ObjectPath>[Stores.Length];
        for (int i = 0; i < Stores.Length; i++)
        {
            found[i] = await StagingTidy.FindAsync(
                Stores[i], Pipeline, _name, self.Attempt, work.Checkpoint.Id, CancellationToken.None);
            found[i].RemoveAll(path => work.Files.Concat(work.Followers.SelectMany(static f => f.Files)).Any(f => f.StagedPath == path));
        }

        return found;
    }

    private IObjectStore[] Stores => [self.Store, self.LettersStore];

    private async Task<Ledger?> LedgerAsync(TableCommitter committer) =>
        _system.Dropped.Bends ? (await committer.ReadStateAsync(CancellationToken.None)).Ledger : null;

    private ImmutableArray<OffsetRange> Read(Ledger ledger)
    {
        var ranges = ImmutableArray.CreateBuilder<OffsetRange>();
        bool isOver = true;
        foreach (int partition in partitions)
        {
            long start = ledger.Entries.GetValueOrDefault(ProtocolSystem.Key(partition))?.EndOffset ?? 0;
            long end = Math.Min(_system.RecordCount, start + self.Random.Next(6));
            long dead = Enumerable.Range((int)start, (int)(end - start)).Count(offset => _system.IsDead(partition, offset));
            isOver &= start == _system.RecordCount;
            ranges.Add(new OffsetRange(
                ProtocolSystem.Key(partition), start, end, 1, "topic-id", end - start, end - start - dead, 0, 0, dead, null, null));
        }

        return isOver ? [] : ranges.ToImmutable();
    }

    private async Task<Committable> StageAsync(HudiTable table, ImmutableArray<OffsetRange> ranges, long checkpoint, long epoch)
    {
        TextRow[] rows =
        [
            .. ranges.SelectMany(r => Enumerable.Range((int)r.Start, (int)(r.End - r.Start))
                .Select(offset => new TextRow(r.Key.Partition, offset, epoch))),
        ];
        ObjectPath folder = HudiTable.StagingFolder(Pipeline, _name, self.Attempt, checkpoint);
        var files = ImmutableArray.CreateBuilder<StagedFile>();
        foreach (IGrouping<string, TextRow> group in rows.Where(r => !_system.IsDead(r.Partition, r.Offset))
            .GroupBy(static r => r.Offset % 7 < 4 ? "dt=a" : "dt=b"))
        {
            files.Add(await TextFiles.StageAsync(self.Store, folder, group.Key, table.NewFileId(), [.. group]));
        }

        TextRow[] dead = [.. rows.Where(r => _system.IsDead(r.Partition, r.Offset))];
        ImmutableArray<FollowerTable> followers = dead.Length == 0
            ? []
            : [new FollowerTable(ProtocolSystem.Letters,
                [await TextFiles.StageAsync(self.LettersStore, folder, "dt=dead", table.NewFileId(), dead)])];
        string path = FormattableString.Invariant($"{Pipeline}/{_name}/{self.Attempt}/{checkpoint}");
        return new Committable(files.ToImmutable(), ranges, new CheckpointReference(Pipeline, _name, checkpoint, path), epoch, followers);
    }
}
