using System.Runtime.ExceptionServices;
using Lakehouse.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lakehouse.Engine;

/// <summary>
/// A checkpointed dataflow that is run to its end or until it is stopped. Each start: read the table and the checkpoint storage, decide
/// (<see cref="CheckpointProtocol"/>), build the parts, run them (<see cref="JobRun"/>). A conflict or a transient failure is answered by
/// another start, as long as commits happen in between.
/// </summary>
public sealed class Job
{
    private readonly JobOptions _options;
    private readonly ICommitter _committer;
    private readonly JobBuilder _build;
    private readonly CheckpointStore _checkpoints;
    private readonly Scheduler _scheduler;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _log;

    /// <summary>Prepares a job; nothing is touched before <see cref="RunAsync"/>.</summary>
    public Job(
        JobOptions options,
        ICommitter committer,
        JobBuilder build,
        CheckpointStore checkpoints,
        Scheduler scheduler,
        TimeProvider time,
        Random random,
        ILogger? log = null)
    {
        _options = options;
        _committer = committer;
        _build = build;
        _checkpoints = checkpoints;
        _scheduler = scheduler;
        _time = time;
        _random = random;
        _log = log ?? NullLogger.Instance;
    }

    /// <summary>What the job has done so far; readable at any time from any thread.</summary>
    public JobProgress Progress { get; } = new();

    /// <summary>
    /// Runs the job once. Returns when every input has ended and is committed, or when <paramref name="stop"/> is cancelled and what was in
    /// flight is committed. Throws what ended it otherwise: the source's, operator's or sink's own exception when trying again cannot
    /// help; <see cref="JobException"/> when restarts did not help or the stop took too long.
    /// </summary>
    public Task RunAsync(RunMode mode, CancellationToken stop) =>
        _scheduler.RunAsync(_options.Name + " coordinator", () => SuperviseAsync(mode, stop));

    private async Task SuperviseAsync(RunMode mode, CancellationToken stop)
    {
        CheckpointId lastTriggered = default;
        int restart = 0;
        int withoutProgress = 0;
        long progressSeen = 0;
        while (!stop.IsCancellationRequested)
        {
            RunEnd end;
            (end, lastTriggered) = await StartAsync(mode, lastTriggered, restart, stop);
            if (end is RunEnd.Finished or RunEnd.NotBegun)
            {
                Progress.EndedCommitted = end is RunEnd.Finished;
                break;
            }

            // A worker in reserve has nothing to commit; a checkpoint that went through shows that it could.
            long progress = Progress.Commits + Progress.EmptyCheckpoints;
            withoutProgress = progress == progressSeen ? withoutProgress + 1 : 1;
            progressSeen = progress;
            string reason = GiveUpUnlessTransient(end, withoutProgress);
            if (stop.IsCancellationRequested)
            {
                Progress.State = "stopped: " + reason;
                throw new JobException(
                    $"Pipeline '{_options.Name}' was stopped without a last commit: {Sentence(reason)} "
                    + "Nothing is lost: the next start goes on from the table.",
                    (end as RunEnd.Failed)?.Failure)
                {
                    IsTransient = true,
                };
            }

            restart++;
            Progress.CountRestart();
            Progress.State = "restarting: " + reason;
            TimeSpan pause = Pause(withoutProgress);
            EngineLog.Restarting(_log, (end as RunEnd.Failed)?.Failure, _options.Name, restart, pause, reason);
            try
            {
                await Task.Delay(pause, _time, stop);
            }
            catch (OperationCanceledException)
            {
                // Nothing is in flight between two starts.
                break;
            }
        }

        Progress.State = "ended";
    }

    private async Task<(RunEnd End, CheckpointId LastTriggered)> StartAsync(
        RunMode mode, CheckpointId lastTriggered, int restart, CancellationToken stop)
    {
        Progress.State = "recovering";
        JobParts? parts = null;
        JobRun? run = null;
        try
        {
            RecoveredState state = await new Recovery(_options, _checkpoints, _committer, _log).RunAsync(lastTriggered, stop);
            var start = new JobStart(_options.Attempt, state.First, mode, restart, state.Committed.Positions);
            parts = await _build(start, stop);
            run = new JobRun(_options, parts, state, mode, _checkpoints, _committer, _scheduler, _time, Progress, _log);
            EngineLog.Running(_log, _options.Name, parts.Subtasks.Count, state.Checkpoint?.Id.Value ?? 0, state.First.Value);
            RunEnd end = await run.RunAsync(stop);
            return (end, run.LastTriggered);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return (RunEnd.NotBegun.Instance, lastTriggered);
        }
#pragma warning disable CA1031 // The end of a start, whatever it was, is judged in one place.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return (new RunEnd.Failed(failure), run?.LastTriggered ?? lastTriggered);
        }
        finally
        {
            run?.Dispose();
            if (parts?.Shared is { } shared)
            {
                await CloseAsync(shared);
            }
        }
    }

    private async Task CloseAsync(IAsyncDisposable shared)
    {
        try
        {
            await shared.DisposeAsync();
        }
#pragma warning disable CA1031 // How the start ended, perhaps with everything committed, must not be hidden behind the failure to tidy up.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            EngineLog.SharedCloseFailed(_log, failure, _options.Name);
        }
    }

    private string GiveUpUnlessTransient(RunEnd end, int withoutProgress)
    {
        var failure = (end as RunEnd.Failed)?.Failure;
        if (failure is not null && !IsTransient(failure))
        {
            Progress.State = "failed: " + failure.Message;
            ExceptionDispatchInfo.Throw(failure);
        }

        string reason = failure?.Message ?? "the table has moved on without this worker's last checkpoint; reading it again";
        if (withoutProgress > _options.RestartsWithoutProgressMax)
        {
            Progress.State = "failed: " + reason;
            throw new JobException(
                $"Pipeline '{_options.Name}' gives up after {_options.RestartsWithoutProgressMax} restarts without a commit. "
                + $"The last reason: {Sentence(reason)} Nothing is lost; when the cause is gone, start it again.",
                failure)
            {
                IsTransient = true,
            };
        }

        return reason;
    }

    private static string Sentence(string reason) => reason.EndsWith('.') ? reason : reason + ".";

    private bool IsTransient(Exception failure) =>
        failure is ObjectStoreException { IsTransient: true } or ObjectStoreException { OutcomeIsUnknown: true }
            or JobException { IsTransient: true, NeedsNewProcess: false }
        || _options.IsTransient(failure);

    /// <summary>Doubling, with jitter so that workers that fail together do not return together.</summary>
    private TimeSpan Pause(int withoutProgress)
    {
        double doubled = _options.RestartBackoff.TotalSeconds * Math.Pow(2, Math.Min(withoutProgress - 1, 30));
        double seconds = Math.Min(doubled, _options.RestartBackoffMax.TotalSeconds);
        return TimeSpan.FromSeconds(seconds * (0.5 + (0.5 * _random.NextDouble())));
    }
}
