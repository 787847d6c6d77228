using Microsoft.Extensions.Logging;

namespace Lakehouse.Engine;

/// <summary>
/// One start of a job, as its coordinator sees it. One checkpoint is in flight at a time:
/// <list type="number">
/// <item>Trigger: every subtask is told to inject barrier k. On a fresh start before the first poll, then when the interval is over, a
/// source asks, every input has ended, or the job is to stop.</item>
/// <item>Collect: each subtask sends its snapshot. The subtasks go on with the rows of k+1.</item>
/// <item>Complete: <c>_metadata</c> of k is put. From here on any process may commit k.</item>
/// <item>Commit, while the subtasks read on. Then the sources are told, and old checkpoints are deleted.</item>
/// </list>
/// Whatever goes wrong ends the start; the next one begins from the table.
/// </summary>
internal sealed class JobRun : IDisposable
{
    private readonly JobOptions _options;
    private readonly RecoveredState _state;
    private readonly Scheduler _scheduler;
    private readonly TimeProvider _time;
    private readonly JobProgress _progress;
    private readonly CheckpointCompletion _completion;
    private readonly CheckpointRequests _requests;
    private readonly ILogger _log;
    private readonly Mailbox<JobEvent> _events = new();
    private readonly Subtask[] _subtasks;
    private readonly long _startTimestamp;
    private readonly CancellationTokenSource _abandon = new();
    private PendingCheckpoint? _pending;
    private PendingCheckpoint? _committing;
    private CheckpointId _next;
    private TimeSpan _nextTrigger;
    private TimeSpan? _stopDeadline;
    private int _opened;
    private int _exited;
    private bool _firstIsDue;
    private bool _lastIsCommitted;
    private long? _committedEndAtResumptions;
    private RunEnd? _end;

    internal JobRun(
        JobOptions options,
        JobParts parts,
        RecoveredState state,
        RunMode mode,
        CheckpointStore checkpoints,
        ICommitter committer,
        Scheduler scheduler,
        TimeProvider time,
        JobProgress progress,
        ILogger log)
    {
        _options = options;
        _state = state;
        _scheduler = scheduler;
        _time = time;
        _progress = progress;
        _log = log;
        _completion = new CheckpointCompletion(options, state, checkpoints, committer, time, progress, log);
        _requests = new CheckpointRequests(_events.Ring, time);
        _next = state.First;
        _firstIsDue = state.IsFresh;
        _startTimestamp = time.GetTimestamp();
        _subtasks = [.. parts.Subtasks.Select((subtask, index) => new Subtask(
            index,
            options.Name,
            subtask,
            new SourceContext(index, mode, state.Committed.Positions, progress, _requests.AskAsync),
            time,
            log))];
    }

    /// <summary>The newest checkpoint number that was used.</summary>
    internal CheckpointId LastTriggered => new(_next.Value - 1);

    private TimeSpan Now => _time.GetElapsedTime(_startTimestamp);

    private TimeSpan Since(long timestamp) => _time.GetElapsedTime(_startTimestamp, timestamp);

    private long Resumptions => _subtasks.Sum(static subtask => subtask.Resumptions);

    /// <inheritdoc/>
    public void Dispose() => _abandon.Dispose();

    /// <summary>Runs the subtasks until one of the ends. Every loop is over when it returns.</summary>
    internal async Task<RunEnd> RunAsync(CancellationToken stop)
    {
        _progress.State = "running";
        _nextTrigger = Now + _options.CheckpointInterval;
        using ITimer alarm = _time.CreateTimer(
            static events => ((Mailbox<JobEvent>)events!).Ring(), _events, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        using CancellationTokenRegistration wake = stop.UnsafeRegister(static events => ((Mailbox<JobEvent>)events!).Ring(), _events);
        foreach (Subtask subtask in _subtasks)
        {
            var restore = new SubtaskRestore(
                _state.Checkpoint is { } from ? [.. from.Subtasks.Select(static snapshot => snapshot.Source)] : [],
                _state.Checkpoint is { } own && subtask.Index < own.Subtasks.Length ? own.Subtasks[subtask.Index].Operators : null,
                HoldUntilCommitted: _state.IsFresh);
            Task loop = _scheduler.RunAsync(
                FormattableString.Invariant($"{_options.Name} {subtask.Index}"), () => subtask.RunAsync(restore, _events, _abandon.Token));
            _ = WatchAsync(subtask.Index, loop);
        }

        while (_end is null)
        {
            try
            {
                while (_end is null && _events.TryTake(out JobEvent? next))
                {
                    Apply(next);
                }

                Act(stop);
            }
            catch (InvariantViolatedException defect)
            {
                // The loops must not outlive their coordinator.
                _end = new RunEnd.Failed(defect);
            }

            if (_end is null)
            {
                alarm.Change(Max(NextAlarm() - Now, TimeSpan.FromMilliseconds(1)), Timeout.InfiniteTimeSpan);
                await _events.WaitAsync();
            }
        }

        await LeaveAsync(alarm);
        return _end;
    }

    private void Apply(JobEvent next)
    {
        switch (next)
        {
            case JobEvent.Opened:
                _opened++;
                break;
            case JobEvent.Acknowledged acknowledged:
                Invariant.Holds(_pending is not null, "an acknowledgement answers a pending checkpoint");
                _pending.Acknowledge(acknowledged.Subtask, acknowledged.Checkpoint, acknowledged.Snapshot);
                if (_pending.IsComplete)
                {
                    _committing = _pending;
                    _pending = null;
                    _ = CompleteAndCommitAsync(_committing);
                }

                break;
            case JobEvent.Exited exited:
                _exited++;
                _end ??= new RunEnd.Failed(exited.Failure
                    ?? new InvariantViolatedException($"Subtask {exited.Subtask} ended without being told to."));
                break;
            case JobEvent.CommitEnded ended:
                ApplyCommit(ended);
                break;
            default:
                throw new InvariantViolatedException($"Unknown event {next}.");
        }
    }

    private void ApplyCommit(JobEvent.CommitEnded ended)
    {
        Invariant.Holds(_committing?.Id == ended.Checkpoint, "one commit is in flight at a time");
        PendingCheckpoint committed = _committing;
        _committing = null;
        if (ended.Failure is not null)
        {
            CheckpointRequests.Cancel(committed.Requests);
            _end ??= new RunEnd.Failed(ended.Failure);
            return;
        }

        if (ended.Outcome == CommitOutcome.Conflicted)
        {
            CheckpointRequests.Cancel(committed.Requests);
            _end ??= new RunEnd.Conflicted(ended.Checkpoint);
            return;
        }

        _lastIsCommitted |= committed.IsLast;
        _committedEndAtResumptions = committed.EndedAtResumptions;
        foreach (Subtask subtask in _subtasks)
        {
            subtask.Inbox.Post(new SubtaskCommand.Committed(ended.Checkpoint));
        }

        foreach (TaskCompletionSource request in committed.Requests)
        {
            request.TrySetResult();
        }
    }

    /// <summary>Looks at the clock and at what has happened and does what is due.</summary>
    private void Act(CancellationToken stop)
    {
        if (_end is not null)
        {
            return;
        }

        if (stop.IsCancellationRequested && _stopDeadline is null)
        {
            EngineLog.Stopping(_log, _options.Name);
            _progress.State = "stopping";
            _stopDeadline = Now + _options.StopTimeout;
        }

        if (_stopDeadline is { } deadline && Now >= deadline)
        {
            _end = new RunEnd.Failed(new JobException($"Pipeline '{_options.Name}' was stopped, but its last checkpoint was not committed "
                + $"within {_options.StopTimeout}. Nothing is lost: the next start goes on from the last commit."));
        }
        else if (_pending is { } late && Now >= Since(late.TriggeredTimestamp) + _options.CheckpointTimeout)
        {
            _end = new RunEnd.Failed(new JobException($"Checkpoint {late.Id} of pipeline '{_options.Name}' was not acknowledged within "
                + $"{_options.CheckpointTimeout} by subtask {string.Join(", ", late.Missing)}.")
            {
                IsTransient = true,
            });
        }
        else if (_requests.NextDeadline() is { } missed && missed.Left <= TimeSpan.Zero)
        {
            _end = new RunEnd.Failed(new JobException(missed.Deadline.Otherwise) { IsTransient = true });
        }
        else if (_pending is null && _committing is null)
        {
            ActWhenIdle();
        }
    }

    private void ActWhenIdle()
    {
        bool allOpen = _opened == _subtasks.Length;
        bool allEnded = allOpen && _subtasks.All(static subtask => subtask.InputEnded);
        if (_stopDeadline is not null)
        {
            // Nothing was read before every source is open, so there is nothing to commit.
            if (!allOpen || _lastIsCommitted)
            {
                _end = RunEnd.Finished.Instance;
            }
            else
            {
                Trigger(null, isLast: true);
            }
        }
        else if (allEnded && _committedEndAtResumptions == Resumptions)
        {
            _end = RunEnd.Finished.Instance;
        }
        else if (allOpen && (allEnded || _firstIsDue || _requests.Any || Now >= _nextTrigger))
        {
            // Read before the subtasks see the barrier: an end taken back later shows as a different number.
            Trigger(allEnded ? Resumptions : null, isLast: false);
        }
    }

    private void Trigger(long? endedAtResumptions, bool isLast)
    {
        _firstIsDue = false;
        _pending = new PendingCheckpoint(
            _next, _subtasks.Length, _time.GetTimestamp(), endedAtResumptions, isLast, _requests.Take());
        _nextTrigger = Now + _options.CheckpointInterval;
        _next = _next.Next;
        foreach (Subtask subtask in _subtasks)
        {
            subtask.Inbox.Post(new SubtaskCommand.Trigger(_pending.Id, ThenHold: isLast));
        }
    }

    private async Task CompleteAndCommitAsync(PendingCheckpoint pending)
    {
        CommitOutcome? outcome = null;
        Exception? failed = null;
        try
        {
            outcome = await _completion.RunAsync(pending.Id, pending.Snapshots, pending.TriggeredTimestamp, _abandon.Token);
        }
#pragma warning disable CA1031 // Judged by the supervisor: it knows what is transient.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            failed = failure;
        }

        _events.Post(new JobEvent.CommitEnded(pending.Id, outcome, failed));
    }

    /// <summary>When to look at the clock again; everything else rings.</summary>
    private TimeSpan NextAlarm()
    {
        TimeSpan next = Now + TimeSpan.FromDays(1);
        if (_pending is { } pending)
        {
            next = Min(next, Since(pending.TriggeredTimestamp) + _options.CheckpointTimeout);
        }
        else if (_committing is null && _opened == _subtasks.Length)
        {
            next = Min(next, _nextTrigger);
        }

        if (_requests.NextDeadline() is { } asked)
        {
            next = Min(next, Now + asked.Left);
        }

        return _stopDeadline is { } deadline ? Min(next, deadline) : next;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <summary>Ends the loops and waits for them and for a commit in flight: the next start must be alone.</summary>
    private async Task LeaveAsync(ITimer alarm)
    {
        if (_end is RunEnd.Finished && _opened == _subtasks.Length)
        {
            foreach (Subtask subtask in _subtasks)
            {
                subtask.Inbox.Post(new SubtaskCommand.Finish());
            }
        }
        else
        {
            _abandon.Cancel();
        }

        TimeSpan deadline = Now + _options.StopTimeout;
        while (_exited < _subtasks.Length || _committing is not null)
        {
            while (_events.TryTake(out JobEvent? next))
            {
                if (next is JobEvent.Acknowledged)
                {
                    continue; // Too late: the checkpoint is given up with the run.
                }

                Apply(next);
            }

            if (_exited == _subtasks.Length && _committing is null)
            {
                break;
            }

            if (Now >= deadline)
            {
                _abandon.Cancel();
                throw new JobException($"Pipeline '{_options.Name}' could not end its loops within {_options.StopTimeout}; "
                    + $"{_subtasks.Length - _exited} subtasks and {(_committing is null ? 0 : 1)} commits are stuck. Start the process again.")
                {
                    IsTransient = true,
                    NeedsNewProcess = true,
                };
            }

            alarm.Change(Max(deadline - Now, TimeSpan.FromMilliseconds(1)), Timeout.InfiniteTimeSpan);
            await _events.WaitAsync();
        }

        _requests.Close();
        CheckpointRequests.Cancel(_pending?.Requests ?? []);
    }

    private async Task WatchAsync(int subtask, Task loop)
    {
        Exception? failed = null;
        try
        {
            await loop;
        }
#pragma warning disable CA1031 // Judged by the supervisor: it knows what is transient.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            failed = failure;
        }

        _events.Post(new JobEvent.Exited(subtask, failed));
    }
}
