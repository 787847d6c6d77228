using System.Collections.Immutable;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Ingest;

/// <summary>
/// Makes a completed checkpoint one commit of the table: the files of all subtasks, the offset ranges of all sources with what became of
/// every record, and the dead letters as a follower. Before it commits it proves that nothing was lost on the way: for every partition
/// read == written + filtered + dead-lettered.
/// </summary>
internal sealed class HudiCommitter(
    string pipeline, string worker, string attempt, HudiTable table, HudiTable? deadLetters, TableCommitter committer, ILogger log)
    : ICommitter
{
    private TableState? _state;
    private bool _isTidy;

    /// <summary>What the table holds, as of the last read or commit. Throws before the first read.</summary>
    internal Ledger Ledger => State.Ledger;

    private TableState State => _state ?? throw new InvalidOperationException("The table has not been read yet.");

    public async Task<CommittedState> ReadCommittedAsync(CancellationToken cancellation)
    {
        _isTidy = false;
        _state = await committer.RecoverAsync(cancellation);
        return _state.CheckpointOf(pipeline, worker) is { } checkpoint
            ? new CommittedState(new CheckpointId(checkpoint.Id), checkpoint.Path)
            : CommittedState.Nothing;
    }

    /// <summary>The table's ledger now; changes nothing.</summary>
    internal async Task<Ledger> ReadLedgerAsync(CancellationToken cancellation) => (await committer.ReadStateAsync(cancellation)).Ledger;

    public async Task<bool> StillFitsAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation)
    {
        Committable committable = Merge(checkpoint, pipeline, worker);
        if (TableCommitter.WhyNotFitting(committable, State) is not null)
        {
            return false;
        }

        // Another life of this worker may have tidied up since: then the files are gone and the records are read again.
        foreach (StagedFile file in committable.Files)
        {
            if (await table.Store.StatAsync(file.StagedPath, cancellation) is null)
            {
                return false;
            }
        }

        return true;
    }

    public async Task<CommitOutcome> CommitAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation)
    {
        Committable committable = Merge(checkpoint, pipeline, worker);
        if (committable.Ranges.IsEmpty)
        {
            Invariant.Holds(committable.Files.IsEmpty && committable.Followers.IsEmpty, "Rows come from a range of offsets.");
            return CommitOutcome.NothingToCommit;
        }

        switch (await committer.CommitAsync(committable, cancellation))
        {
            case CommitResult.Conflicted conflicted:
                IngestLog.Conflicted(log, pipeline, checkpoint.Id.Value, conflicted.Reason);
                return CommitOutcome.Conflicted;
            default:
                // It is committed whatever happens now, so nothing may turn that into another answer.
                await TidyOnceAsync(checkpoint.Id, CancellationToken.None);
                return CommitOutcome.Committed;
        }
    }

    /// <summary>The first commit of a start proves that nothing staged before it can be committed any more.</summary>
    private async Task TidyOnceAsync(CheckpointId committed, CancellationToken cancellation)
    {
        if (_isTidy)
        {
            return;
        }

        _isTidy = true;
        try
        {
            foreach (HudiTable one in deadLetters is null ? [table] : new[] { table, deadLetters })
            {
                await StagingTidy.RunAsync(one.Store, pipeline, worker, attempt, committed.Value, cancellation);
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
        var files = ImmutableArray.CreateBuilder<StagedFile>();
        var followers = new Dictionary<string, ImmutableArray<StagedFile>>(StringComparer.Ordinal);
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
                followers[follower.Location] = followers.GetValueOrDefault(follower.Location, []).AddRange(follower.Files);
            }

            written.Add(sink.Written);
            deadLettered.Add(sink.DeadLettered);
        }

        ImmutableArray<OffsetRange> accounted = [.. ranges.Values.Select(r => Account(r, written, filtered, deadLettered))];
        Invariant.Holds(accounted.Sum(r => r.Written) == files.Sum(f => f.RowCount), "The files hold the rows that were written.");
        return new Committable(
            files.ToImmutable(), accounted, new CheckpointReference(pipeline, worker, checkpoint.Id.Value, checkpoint.Path), historyEpoch,
            [.. followers.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => new FollowerTable(f.Key, f.Value))]);
    }

    /// <summary>A start that the table does not know yet is told by one subtask, what was read from there by another.</summary>
    private static OffsetRange Join(OffsetRange one, OffsetRange other)
    {
        (OffsetRange start, OffsetRange read) = one.End == one.Start ? (one, other) : (other, one);
        Invariant.Holds(start.Start == start.End && start.End == read.Start, "A partition is read by one subtask between two barriers.");
        return read with { JumpedFrom = start.JumpedFrom };
    }

    private static OffsetRange Account(OffsetRange range, SplitCounts written, SplitCounts filtered, SplitCounts deadLettered)
    {
        string split = FormattableString.Invariant($"{range.Key.Topic}-{range.Key.Partition}");
        OffsetRange accounted = range with { Written = written[split], Filtered = filtered[split] };
        Invariant.Holds(
            accounted.Read == accounted.Written + accounted.Filtered + accounted.DeadLettered
            && accounted.DeadLettered == deadLettered[split],
            FormattableString.Invariant($"{split}: {accounted.Read} read, {accounted.Written} written, {accounted.Filtered} filtered, ")
            + FormattableString.Invariant($"{accounted.DeadLettered} dead-lettered, {deadLettered[split]} dead letters written"));
        return accounted;
    }
}
