using System.Collections.Immutable;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Ingest;

/// <summary>
/// Makes a completed checkpoint one commit of the table: the files of all subtasks, the offset ranges of all sources with what became of
/// every record, and the files of routes and dead letters as followers. Before it commits it proves that nothing was lost on the way: for
/// every partition read == written + filtered + dead-lettered + routed, and every table's files hold what was counted for it.
/// </summary>
/// <param name="pipeline">The pipeline's name.</param>
/// <param name="worker">The worker's id.</param>
/// <param name="attempt">This life's name.</param>
/// <param name="tables">The stores of all tables of the pipeline, the first one's first.</param>
/// <param name="committer">The first table's committer.</param>
/// <param name="log">Gets conflicts.</param>
internal sealed class HudiCommitter(
    string pipeline, string worker, string attempt, ImmutableArray<IObjectStore> tables, TableCommitter committer, ILogger log)
    : ICommitter
{
    private TableState? _state;
    private string _newestPath = "";
    private bool _isTidy;

    /// <summary>What the table holds, as of the last read or commit. Throws before the first read.</summary>
    internal Ledger Ledger => State.Ledger;

    private TableState State => _state ?? throw new InvalidOperationException("The table has not been read yet.");

    public async Task<CommittedState> ReadCommittedAsync(CancellationToken cancellation)
    {
        _isTidy = false;
        _state = await committer.RecoverAsync(cancellation);
        CheckpointReference? newest = _state.CheckpointOf(pipeline, worker);
        _newestPath = newest?.Path ?? "";
        return newest is { } checkpoint
            ? new CommittedState(new CheckpointId(checkpoint.Id), checkpoint.Path)
            : CommittedState.Nothing;
    }

    /// <summary>The table's ledger now; changes nothing.</summary>
    internal async Task<Ledger> ReadLedgerAsync(CancellationToken cancellation) => (await committer.ReadStateAsync(cancellation)).Ledger;

    public async Task<bool> StillFitsAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation)
    {
        Committable committable = Merge(checkpoint, pipeline, worker);
        if (TableCommitter.WhyNotFitting(committable, State) is not null
            || (State.CheckpointOf(pipeline, worker) is { } newest && StagingTidy.IsVoid(committable.Checkpoint, newest)))
        {
            return false;
        }

        // Another life of this worker may have tidied up since: then the files are gone and the records are read again.
        return await committer.IsStagedAsync(committable, cancellation);
    }

    public async Task<CommitOutcome> CommitAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation)
    {
        Committable committable = Merge(checkpoint, pipeline, worker) with { BuildsOn = _newestPath };
        if (committable.Ranges.IsEmpty)
        {
            Invariant.Holds(committable.Files.IsEmpty && committable.Followers.IsEmpty, "Rows come from a range of offsets.");
            return await WasTakenBackAsync(checkpoint.Id, cancellation) ? CommitOutcome.Conflicted : CommitOutcome.NothingToCommit;
        }

        IReadOnlyList<List<ObjectPath>> leftovers = await FindLeftoversAsync(checkpoint, committable, cancellation);
        switch (await committer.CommitAsync(committable, cancellation))
        {
            case CommitResult.Conflicted conflicted:
                IngestLog.Conflicted(log, pipeline, checkpoint.Id.Value, conflicted.Reason);
                return CommitOutcome.Conflicted;
            case CommitResult.AlreadyCommitted:
                // Perhaps by a newer life, and what was found is of work that was begun since: nothing of it may be deleted.
                _newestPath = checkpoint.Path;
                return CommitOutcome.Committed;
            default:
                // It is committed whatever happens now, so nothing may turn that into another answer.
                _newestPath = checkpoint.Path;
                await TidyAsync(leftovers, checkpoint.Id, CancellationToken.None);
                return CommitOutcome.Committed;
        }
    }

    /// <summary>
    /// Whether a restore has begun a new history since the table was read. Who has rows to commit meets that as a conflict; who has none must
    /// ask, or it would wait for the next record before it reads the rewound ranges again.
    /// </summary>
    private async Task<bool> WasTakenBackAsync(CheckpointId checkpoint, CancellationToken cancellation)
    {
        long now = (await ReadLedgerAsync(cancellation)).HistoryEpoch;
        if (now == Ledger.HistoryEpoch)
        {
            return false;
        }

        IngestLog.Conflicted(log, pipeline, checkpoint.Value, "the table was taken back to an earlier instant");
        return true;
    }

    /// <summary>
    /// What earlier lives have left in each table, before the first commit that this life staged itself: after that none of it can be
    /// committed any more. Nothing otherwise.
    /// </summary>
    private async Task<IReadOnlyList<List<ObjectPath>>> FindLeftoversAsync(
        CompletedCheckpoint checkpoint, Committable committable, CancellationToken cancellation)
    {
        var found = new List<List<ObjectPath>>();
        if (_isTidy || checkpoint.Path != CheckpointStore.PathOf(pipeline, worker, attempt, checkpoint.Id))
        {
            return found;
        }

        HashSet<ObjectPath> needed =
            [.. committable.Files.Concat(committable.Followers.SelectMany(static f => f.Files)).Select(static f => f.StagedPath)];
        try
        {
            foreach (IObjectStore table in tables)
            {
                List<ObjectPath> files = await StagingTidy.FindAsync(
                    table, pipeline, worker, attempt, checkpoint.Id.Value, cancellation);
                files.RemoveAll(needed.Contains);
                found.Add(files);
            }

            return found;
        }
        catch (ObjectStoreException failure)
        {
            IngestLog.TidyFailed(log, failure, pipeline);
            return [];
        }
    }

    private async Task TidyAsync(IReadOnlyList<List<ObjectPath>> leftovers, CheckpointId committed, CancellationToken cancellation)
    {
        _isTidy |= leftovers.Count > 0;
        try
        {
            for (int i = 0; i < leftovers.Count; i++)
            {
                await StagingTidy.DeleteAsync(tables[i], leftovers[i], pipeline, worker, attempt, committed.Value, cancellation);
            }
        }
        catch (ObjectStoreException failure)
        {
            // The commit stands; the next start tidies again.
            IngestLog.TidyFailed(log, failure, pipeline);
        }
    }

    /// <summary>All subtasks' parts as one committable. Pure. Throws when the counts do not add up.</summary>
    internal static Committable Merge(CompletedCheckpoint checkpoint, string pipeline, string worker)
    {
        var filtered = new SplitCounts();
        var written = new SplitCounts();
        var deadLettered = new SplitCounts();
        var routed = new SplitCounts();
        var files = ImmutableArray.CreateBuilder<StagedFile>();
        var followers = new SortedDictionary<string, FollowerTable>(StringComparer.Ordinal);
        var ranges = new SortedDictionary<LedgerKey, OffsetRange>();
        long historyEpoch = 0;
        foreach (SubtaskSnapshot subtask in checkpoint.Subtasks)
        {
            Committable source = CheckpointParts.ReadSource(subtask.Source);
            historyEpoch = source.HistoryEpoch;
            foreach (OffsetRange range in source.Ranges)
            {
                ranges[range.Key] = ranges.TryGetValue(range.Key, out OffsetRange? other) ? Join(other, range) : range;
            }

            foreach (byte[] state in subtask.Operators)
            {
                filtered.Add(SplitCounts.FromBytes(state));
            }

            SinkPart sink = CheckpointParts.ReadSink(subtask.Committable);
            files.AddRange(sink.Files);
            foreach (FollowerTable follower in sink.Followers)
            {
                followers[follower.Location] = followers.TryGetValue(follower.Location, out FollowerTable? known)
                    ? known with { Files = known.Files.AddRange(follower.Files) }
                    : follower;
            }

            written.Add(sink.Written);
            deadLettered.Add(sink.DeadLettered);
            routed.Add(sink.Routed);
        }

        ImmutableArray<OffsetRange> accounted = [.. ranges.Values.Select(r => Account(r, written, filtered, deadLettered, routed))];
        Invariant.Holds(accounted.Sum(r => r.Written) == files.Sum(f => f.RowCount), "The files hold the rows that were written.");
        Invariant.Holds(
            accounted.Sum(static r => r.Routed) == RowCount(followers.Values, FollowerKind.Route)
            && accounted.Sum(static r => r.DeadLettered) == RowCount(followers.Values, FollowerKind.DeadLetters),
            "The files of routes and dead letters hold the records that went there.");
        return new Committable(
            files.ToImmutable(), accounted, new CheckpointReference(pipeline, worker, checkpoint.Id.Value, checkpoint.Path), historyEpoch,
            [.. followers.Values]);
    }

    private static long RowCount(IEnumerable<FollowerTable> followers, FollowerKind kind) =>
        followers.Where(f => f.Kind == kind).Sum(static f => f.Files.Sum(static file => file.RowCount));

    /// <summary>A start that the table does not know yet is told by one subtask, what was read from there by another.</summary>
    private static OffsetRange Join(OffsetRange one, OffsetRange other)
    {
        (OffsetRange start, OffsetRange read) = one.End == one.Start ? (one, other) : (other, one);
        Invariant.Holds(start.Start == start.End && start.End == read.Start, "A partition is read by one subtask between two barriers.");
        return read with { JumpedFrom = start.JumpedFrom };
    }

    private static OffsetRange Account(
        OffsetRange range, SplitCounts written, SplitCounts filtered, SplitCounts deadLettered, SplitCounts routed)
    {
        string split = FormattableString.Invariant($"{range.Key.Topic}-{range.Key.Partition}");
        OffsetRange accounted = range with { Written = written[split], Filtered = filtered[split], Routed = routed[split] };
        Invariant.Holds(
            accounted.Read == accounted.Written + accounted.Filtered + accounted.DeadLettered + accounted.Routed
            && accounted.DeadLettered == deadLettered[split],
            FormattableString.Invariant($"{split}: {accounted.Read} read, {accounted.Written} written, {accounted.Filtered} filtered, ")
            + FormattableString.Invariant($"{accounted.DeadLettered} dead-lettered, {accounted.Routed} routed, {deadLettered[split]} dead letters written"));
        return accounted;
    }
}
