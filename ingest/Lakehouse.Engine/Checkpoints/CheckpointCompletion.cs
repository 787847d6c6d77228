using System.Collections.Immutable;
using Lakehouse.Storage;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Engine;

/// <summary>
/// The way of an acknowledged checkpoint into the table: <c>_metadata</c> durable (from then on any process may commit it), commit, old
/// checkpoints deleted. One at a time.
/// </summary>
internal sealed class CheckpointCompletion(
    JobOptions options,
    RecoveredState state,
    CheckpointStore checkpoints,
    ICommitter committer,
    TimeProvider time,
    JobProgress progress,
    ILogger log)
{
    private ImmutableArray<StoredCheckpoint> _stored = state.Stored;
    private string? _lastCommittedPath = state.Committed.CheckpointPath;

    internal async Task<CommitOutcome> RunAsync(
        CheckpointId id, ImmutableArray<SubtaskSnapshot> snapshots, long triggeredTimestamp, CancellationToken cancellation)
    {
        string path = CheckpointStore.PathOf(options.Name, options.Worker, options.Attempt, id);
        CompletedCheckpoint completed = await checkpoints.WriteAsync(path, id, snapshots, cancellation);
        long completeTimestamp = time.GetTimestamp();
        progress.CountCheckpoint(time.GetElapsedTime(triggeredTimestamp, completeTimestamp));
        CommitOutcome outcome = await committer.CommitAsync(completed, cancellation);
        if (outcome != CommitOutcome.Conflicted)
        {
            TimeSpan commit = time.GetElapsedTime(completeTimestamp);
            progress.CountCommit(id, outcome, commit, time.GetUtcNow());
            EngineLog.CheckpointEnded(log, options.Name, id.Value, outcome, progress.LastCheckpointDuration, commit);
            await RetainAsync(completed, outcome, cancellation);
        }

        return outcome;
    }

    private async Task RetainAsync(CompletedCheckpoint completed, CommitOutcome outcome, CancellationToken cancellation)
    {
        _lastCommittedPath = outcome == CommitOutcome.Committed ? completed.Path : _lastCommittedPath;
        _stored = _stored.Add(new StoredCheckpoint(completed.Id, completed.Path));
        try
        {
            _stored = await checkpoints.CleanAsync(_stored, options.RetainedCheckpoints, _lastCommittedPath, cancellation);
        }
        catch (ObjectStoreException failure)
        {
            EngineLog.RetentionFailed(log, failure, options.Name);
        }
    }
}
