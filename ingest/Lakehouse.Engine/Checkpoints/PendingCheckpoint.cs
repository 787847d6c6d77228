using System.Collections.Immutable;

namespace Lakehouse.Engine;

/// <summary>A checkpoint in progress: which subtasks have acknowledged it.</summary>
internal sealed class PendingCheckpoint(
    CheckpointId id, int subtaskCount, long triggeredTimestamp, long? endedAtResumptions, bool isLast, IReadOnlyList<TaskCompletionSource> requests)
{
    private readonly SubtaskSnapshot?[] _snapshots = new SubtaskSnapshot?[subtaskCount];
    private int _missing = subtaskCount;

    internal CheckpointId Id => id;

    internal long TriggeredTimestamp => triggeredTimestamp;

    /// <summary>When all inputs had ended at the trigger: how often an end had been taken back by then. Else null.</summary>
    internal long? EndedAtResumptions => endedAtResumptions;

    /// <summary>The last checkpoint of a stopping job.</summary>
    internal bool IsLast => isLast;

    /// <summary>Who asked for a checkpoint before this one was triggered.</summary>
    internal IReadOnlyList<TaskCompletionSource> Requests => requests;

    internal bool IsComplete => _missing == 0;

    internal IEnumerable<int> Missing => Enumerable.Range(0, _snapshots.Length).Where(i => _snapshots[i] is null);

    internal ImmutableArray<SubtaskSnapshot> Snapshots
    {
        get
        {
            Invariant.Holds(IsComplete, "a checkpoint is complete only when every subtask has acknowledged");
            return [.. _snapshots.Select(static snapshot => snapshot!)]; // IsComplete: none is missing.
        }
    }

    internal void Acknowledge(int subtask, CheckpointId checkpoint, SubtaskSnapshot snapshot)
    {
        Invariant.Holds(checkpoint == id, "one checkpoint is pending at a time, so an acknowledgement is of that one");
        Invariant.Holds(_snapshots[subtask] is null, "a subtask acknowledges a checkpoint once");
        _snapshots[subtask] = snapshot;
        _missing--;
    }
}
