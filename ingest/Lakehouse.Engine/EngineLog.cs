using Microsoft.Extensions.Logging;

namespace Lakehouse.Engine;

/// <summary>Every message of the engine.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(1, LogLevel.Information, "{Job}: {Decision}")]
    internal static partial void Recovering(ILogger log, string job, object decision);

    [LoggerMessage(2, LogLevel.Warning, "{Job}: the table names checkpoint '{Path}', but its metadata is gone; positions come from the table")]
    internal static partial void CheckpointIsGone(ILogger log, string job, string path);

    [LoggerMessage(3, LogLevel.Error, "{Job}: a checkpoint is damaged and is ignored")]
    internal static partial void CheckpointIsDamaged(ILogger log, Exception damaged, string job);

    [LoggerMessage(4, LogLevel.Information, "{Job}: running with {Subtasks} subtasks from checkpoint {Restored}; next is {First}")]
    internal static partial void Running(ILogger log, string job, int subtasks, long restored, long first);

    [LoggerMessage(5, LogLevel.Debug, "{Job}: checkpoint {Checkpoint} ended as {Outcome}: {Collect} to complete, {Commit} to commit")]
    internal static partial void CheckpointEnded(
        ILogger log, string job, long checkpoint, CommitOutcome outcome, TimeSpan collect, TimeSpan commit);

    [LoggerMessage(6, LogLevel.Warning, "{Job}: restart {Restart} in {Pause}: {Reason}")]
    internal static partial void Restarting(ILogger log, Exception? failure, string job, long restart, TimeSpan pause, string reason);

    [LoggerMessage(7, LogLevel.Information, "{Job}: stopping: last checkpoint, commit, end")]
    internal static partial void Stopping(ILogger log, string job);

    [LoggerMessage(8, LogLevel.Warning, "{Job}: old checkpoints could not be deleted; they are tried again after the next commit")]
    internal static partial void RetentionFailed(ILogger log, Exception failure, string job);

    [LoggerMessage(9, LogLevel.Warning, "{Job}: subtask {Subtask} could not be closed cleanly")]
    internal static partial void CloseFailed(ILogger log, Exception failure, string job, int subtask);

    [LoggerMessage(10, LogLevel.Warning, "{Job}: the source of subtask {Subtask} could not mirror its positions")]
    internal static partial void NotifyFailed(ILogger log, Exception failure, string job, int subtask);

    [LoggerMessage(11, LogLevel.Warning, "{Job}: what its subtasks share could not be closed cleanly")]
    internal static partial void SharedCloseFailed(ILogger log, Exception failure, string job);
}
