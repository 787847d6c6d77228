using System.Collections.Immutable;

namespace Lakehouse.Engine;

/// <summary>
/// Recovery as a pure decision over facts that were read before. The table is the only truth:
/// <list type="number">
/// <item>A completed checkpoint newer than the table's that still continues where the table ends is rolled forward: its files are durable,
/// so reading the input again would only cost time. Of several the newest: they start at the same place, so only one can be committed.</item>
/// <item>Else the checkpoint that the table names is restored, whatever else the storage holds.</item>
/// <item>Is its metadata gone, the positions that the table holds are enough to go on; the operators begin without state.</item>
/// <item>Has the table no commit of this job, it starts fresh: its first checkpoint is committed before the first poll.</item>
/// </list>
/// Whatever is newer than the table and does not fit is void: it is left to the retention and never looked at again.
/// </summary>
internal static class CheckpointProtocol
{
    internal static RecoveryDecision Decide(RecoveryFacts facts)
    {
        CandidateCheckpoint? newest = null;
        foreach (CandidateCheckpoint candidate in facts.Candidates)
        {
            if (candidate.Fits && IsNewerThanTable(facts, candidate.Checkpoint)
                && (newest is null || newest.Checkpoint.CompareTo(candidate.Checkpoint) < 0))
            {
                newest = candidate;
            }
        }

        ImmutableArray<StoredCheckpoint> discarded =
            [.. facts.Candidates.Where(candidate => candidate != newest).Select(static candidate => candidate.Checkpoint)];
        if (newest is not null)
        {
            return new RecoveryDecision.RollForward(newest.Checkpoint) { Discarded = discarded };
        }

        return facts switch
        {
            { Committed: null } => new RecoveryDecision.StartFresh { Discarded = discarded },
            { CommittedIsReadable: true } => new RecoveryDecision.RestoreCommitted(facts.Committed) { Discarded = discarded },
            _ => new RecoveryDecision.RestorePositions(facts.Committed) { Discarded = discarded },
        };
    }

    /// <summary>Only these are worth reading and asking the committer about.</summary>
    internal static bool IsCandidate(StoredCheckpoint stored, CommittedState committed) =>
        committed.Checkpoint is not { } last || stored.Id.CompareTo(last) > 0;

    /// <summary>The number after every number that this job is known to have used.</summary>
    internal static CheckpointId FirstAfter(CommittedState committed, ImmutableArray<StoredCheckpoint> stored, CheckpointId lastTriggered) =>
        new(Math.Max(Math.Max(committed.Checkpoint?.Value ?? 0, lastTriggered.Value), stored.IsEmpty ? 0 : stored.Max(static s => s.Id.Value)) + 1);

    private static bool IsNewerThanTable(RecoveryFacts facts, StoredCheckpoint checkpoint) =>
        facts.Committed is null || checkpoint.Id.CompareTo(facts.Committed.Id) > 0;
}

/// <summary>What was read before deciding.</summary>
/// <param name="Committed">The newest checkpoint that the table names, or null.</param>
/// <param name="CommittedIsReadable">Whether its metadata was read from the checkpoint storage.</param>
/// <param name="Candidates">Completed checkpoints in the storage that are newer.</param>
internal sealed record RecoveryFacts(
    StoredCheckpoint? Committed, bool CommittedIsReadable, ImmutableArray<CandidateCheckpoint> Candidates);

/// <summary>A completed checkpoint that the table does not name.</summary>
/// <param name="Checkpoint">Which one.</param>
/// <param name="Fits">Whether the committer says that it can still be committed; false also when its metadata cannot be read.</param>
internal sealed record CandidateCheckpoint(StoredCheckpoint Checkpoint, bool Fits);

/// <summary>What recovery does. A closed hierarchy.</summary>
internal abstract record RecoveryDecision
{
    private RecoveryDecision()
    {
    }

    /// <summary>Completed checkpoints that are void.</summary>
    internal ImmutableArray<StoredCheckpoint> Discarded { get; init; } = [];

    /// <summary>Nothing was ever committed and nothing can be.</summary>
    internal sealed record StartFresh : RecoveryDecision
    {
        public override string ToString() => "nothing is committed yet, starting from the beginning";
    }

    /// <summary>Restore what the table names.</summary>
    internal sealed record RestoreCommitted(StoredCheckpoint Checkpoint) : RecoveryDecision
    {
        public override string ToString() => $"going on from committed checkpoint {Checkpoint.Id}";
    }

    /// <summary>The table names a checkpoint that the storage has lost: take the positions from the table.</summary>
    internal sealed record RestorePositions(StoredCheckpoint Checkpoint) : RecoveryDecision
    {
        public override string ToString() => $"going on from the table's positions, checkpoint {Checkpoint.Id} is gone";
    }

    /// <summary>Commit this checkpoint first. Committed or nothing to commit: restore it. Conflicted: read the table again and decide anew.</summary>
    internal sealed record RollForward(StoredCheckpoint Checkpoint) : RecoveryDecision
    {
        public override string ToString() => $"checkpoint {Checkpoint.Id} is complete, committing it if it still fits the table";
    }
}
