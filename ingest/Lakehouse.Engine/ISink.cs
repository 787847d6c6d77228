namespace Lakehouse.Engine;

/// <summary>
/// The end of one subtask: writes batches into files that nobody sees yet. Called by its subtask's loop only.
/// </summary>
public interface ISinkWriter : IAsyncDisposable
{
    /// <summary>Writes one batch; takes ownership of it.</summary>
    ValueTask WriteAsync(DataBatch batch, CancellationToken cancellation);

    /// <summary>
    /// Closes and makes durable what was written since the last barrier and describes it: the committable. Nothing is visible to readers.
    /// <paramref name="sourceSnapshot"/> is what the source of the same subtask said at this barrier: up to where the files reach.
    /// </summary>
    ValueTask<byte[]> PrepareCommitAsync(CheckpointId checkpoint, ReadOnlyMemory<byte> sourceSnapshot, CancellationToken cancellation);
}

/// <summary>Makes completed checkpoints visible, one at a time and in order. There is one per job; it outlives restarts.</summary>
public interface ICommitter
{
    /// <summary>
    /// Reads what the outside world (the table) knows: the last committed checkpoint of this job, finishing what another process left
    /// half done. Called before anything runs, at every start and restart.
    /// </summary>
    Task<CommittedState> ReadCommittedAsync(CancellationToken cancellation);

    /// <summary>Whether a completed but uncommitted checkpoint can still be committed: it continues exactly where the world ends.</summary>
    Task<bool> StillFitsAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation);

    /// <summary>
    /// Commits a completed checkpoint. <see cref="CommitOutcome.Committed"/> also when an earlier try had already done it.
    /// <see cref="CommitOutcome.Conflicted"/>: the world has moved, the checkpoint is void, and the job must recover from the table.
    /// An exception leaves the outcome open: the job recovers from the table and learns it there.
    /// </summary>
    Task<CommitOutcome> CommitAsync(CompletedCheckpoint checkpoint, CancellationToken cancellation);
}

/// <summary>What the table says about a job.</summary>
/// <param name="Checkpoint">The newest committed checkpoint, or null when nothing was ever committed.</param>
/// <param name="CheckpointPath">The checkpoint's folder in the checkpoint storage as the commit recorded it, or null.</param>
/// <param name="Positions">
/// Where each split stands according to the table (its ledger), in a form that committer and sources agree on; null when it does not say.
/// </param>
public sealed record CommittedState(CheckpointId? Checkpoint, string? CheckpointPath, byte[]? Positions = null)
{
    /// <summary>Nothing was ever committed.</summary>
    public static readonly CommittedState Nothing = new(null, null);
}

/// <summary>How a commit ended.</summary>
public enum CommitOutcome
{
    /// <summary>The checkpoint is in the table.</summary>
    Committed,

    /// <summary>There was nothing to commit: no position moved.</summary>
    NothingToCommit,

    /// <summary>The checkpoint can never be committed; recover from the table.</summary>
    Conflicted,
}
