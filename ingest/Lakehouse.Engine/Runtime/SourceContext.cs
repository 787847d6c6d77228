namespace Lakehouse.Engine;

/// <summary>What a source may know of and ask from its job. Thread safe.</summary>
public sealed class SourceContext
{
    private readonly Func<CheckpointDeadline?, Task> _requestCheckpoint;

    internal SourceContext(
        int subtask, RunMode mode, byte[]? committedPositions, JobProgress progress, Func<CheckpointDeadline?, Task> requestCheckpoint)
    {
        Subtask = subtask;
        Mode = mode;
        CommittedPositions = committedPositions;
        Progress = progress;
        _requestCheckpoint = requestCheckpoint;
    }

    /// <summary>The subtask's index.</summary>
    public int Subtask { get; }

    /// <summary>Whether to end at the end offsets seen at start.</summary>
    public RunMode Mode { get; }

    /// <summary>What the committer read from the table (<see cref="CommittedState.Positions"/>): where each split stands, or null.</summary>
    public byte[]? CommittedPositions { get; }

    /// <summary>Where the source counts what it reads.</summary>
    public JobProgress Progress { get; }

    /// <summary>
    /// Asks for a checkpoint now, before the interval is over: partitions are about to be taken away. The task ends when a checkpoint that
    /// was triggered after this call is committed; it is cancelled when the job restarts or ends without one.
    /// </summary>
    /// <param name="deadline">When it must be committed; later the run is given up and begins anew from the table.</param>
    public Task RequestCheckpointAsync(CheckpointDeadline? deadline = null) => _requestCheckpoint(deadline);
}

/// <summary>By when a requested checkpoint must be committed.</summary>
/// <param name="Within">Time from the request, by this process's own clock.</param>
/// <param name="Otherwise">What the end of the run says when it is not.</param>
public sealed record CheckpointDeadline(TimeSpan Within, string Otherwise);
