using System.Collections.Immutable;
using Lakehouse.Storage;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Engine;

/// <summary>Reads the facts, lets <see cref="CheckpointProtocol"/> decide, and does what it says, until there is a state to start from.</summary>
internal sealed class Recovery(JobOptions options, CheckpointStore checkpoints, ICommitter committer, ILogger log)
{
    /// <summary>A roll-forward may lose a race against another worker; more than this many times in a row is a defect.</summary>
    private const int RoundsMax = 20;

    internal async Task<RecoveredState> RunAsync(CheckpointId lastTriggered, CancellationToken cancellation)
    {
        for (int round = 0; round < RoundsMax; round++)
        {
            CommittedState committed = await committer.ReadCommittedAsync(cancellation);
            ImmutableArray<StoredCheckpoint> stored = await checkpoints.ListAsync(options.Name, options.Worker, cancellation);
            var read = new Dictionary<StoredCheckpoint, CompletedCheckpoint>();
            RecoveryFacts facts = await ReadFactsAsync(committed, stored, read, cancellation);
            RecoveryDecision decision = CheckpointProtocol.Decide(facts);
            EngineLog.Recovering(log, options.Name, decision);
            CompletedCheckpoint? restored = null;
            switch (decision)
            {
                case RecoveryDecision.RollForward(var checkpoint):
                    // Past this point a stop must not leave the commit half told: the committer finishes or throws.
                    CommitOutcome outcome = await committer.CommitAsync(read[checkpoint], CancellationToken.None);
                    if (outcome == CommitOutcome.Conflicted)
                    {
                        continue;
                    }

                    // The table moved: positions must be read again.
                    committed = await committer.ReadCommittedAsync(cancellation);
                    restored = read[checkpoint];
                    break;
                case RecoveryDecision.RestoreCommitted(var checkpoint):
                    restored = read[checkpoint];
                    break;
                case RecoveryDecision.RestorePositions(var checkpoint):
                    EngineLog.CheckpointIsGone(log, options.Name, checkpoint.Path);
                    break;
                default:
                    break;
            }

            return new RecoveredState(
                restored,
                committed,
                CheckpointProtocol.FirstAfter(committed, stored, lastTriggered),
                stored,
                IsFresh: decision is RecoveryDecision.StartFresh);
        }

        throw new JobException($"Pipeline '{options.Name}': recovery did not settle after {RoundsMax} rounds, each lost to another writer.")
        {
            IsTransient = true,
        };
    }

    private async Task<RecoveryFacts> ReadFactsAsync(
        CommittedState committed,
        ImmutableArray<StoredCheckpoint> stored,
        Dictionary<StoredCheckpoint, CompletedCheckpoint> read,
        CancellationToken cancellation)
    {
        StoredCheckpoint? named = committed.Checkpoint is { } id ? new StoredCheckpoint(id, committed.CheckpointPath ?? "") : null;
        if (named is { Path.Length: > 0 } && await TryReadAsync(named, cancellation) is { } last)
        {
            read[named] = last;
        }

        ImmutableArray<CandidateCheckpoint>.Builder candidates = ImmutableArray.CreateBuilder<CandidateCheckpoint>();
        foreach (StoredCheckpoint candidate in stored)
        {
            if (!CheckpointProtocol.IsCandidate(candidate, committed))
            {
                continue;
            }

            CompletedCheckpoint? completed = await TryReadAsync(candidate, cancellation);
            if (completed is not null)
            {
                read[candidate] = completed;
            }

            candidates.Add(new CandidateCheckpoint(
                candidate, completed is not null && await committer.StillFitsAsync(completed, cancellation)));
        }

        return new RecoveryFacts(named, named is not null && read.ContainsKey(named), candidates.ToImmutable());
    }

    /// <summary>A damaged document is treated as an absent one: the table's own positions are the truth.</summary>
    private async Task<CompletedCheckpoint?> TryReadAsync(StoredCheckpoint stored, CancellationToken cancellation)
    {
        try
        {
            return await checkpoints.ReadAsync(stored.Path, cancellation);
        }
        catch (InvalidDataException damaged)
        {
            EngineLog.CheckpointIsDamaged(log, damaged, options.Name);
            return null;
        }
    }
}

/// <summary>Where a job starts from.</summary>
/// <param name="Checkpoint">The checkpoint to restore, or null.</param>
/// <param name="Committed">What the table says.</param>
/// <param name="First">The number of the first checkpoint to trigger.</param>
/// <param name="Stored">Completed checkpoints in the storage, for the retention.</param>
/// <param name="IsFresh">Whether the first checkpoint must be committed before the first poll.</param>
internal sealed record RecoveredState(
    CompletedCheckpoint? Checkpoint,
    CommittedState Committed,
    CheckpointId First,
    ImmutableArray<StoredCheckpoint> Stored,
    bool IsFresh);
