namespace Lakehouse.Engine;

/// <summary>Who waits for a checkpoint to be committed, and until when. Thread safe: sources ask from their loops.</summary>
internal sealed class CheckpointRequests(Action ring, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<(Task Request, long Asked, CheckpointDeadline Deadline)> _deadlines = [];
    private List<TaskCompletionSource> _waiting = [];
    private bool _closed;

    internal bool Any
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count > 0;
            }
        }
    }

    internal Task AskAsync(CheckpointDeadline? deadline)
    {
        var request = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_closed)
            {
                request.SetCanceled();
                return request.Task;
            }

            _waiting.Add(request);
            if (deadline is not null)
            {
                _deadlines.Add((request.Task, time.GetTimestamp(), deadline));
            }
        }

        ring();
        return request.Task;
    }

    /// <summary>Those that a checkpoint triggered now will answer.</summary>
    internal IReadOnlyList<TaskCompletionSource> Take()
    {
        lock (_lock)
        {
            List<TaskCompletionSource> taken = _waiting;
            _waiting = [];
            return taken;
        }
    }

    /// <summary>
    /// The deadline that comes first and how long it is off, zero or less when it has passed; null when none is open.
    /// </summary>
    internal (TimeSpan Left, CheckpointDeadline Deadline)? NextDeadline()
    {
        lock (_lock)
        {
            _deadlines.RemoveAll(static d => d.Request.IsCompleted);
            (TimeSpan Left, CheckpointDeadline Deadline)? next = null;
            foreach ((_, long asked, CheckpointDeadline deadline) in _deadlines)
            {
                TimeSpan left = deadline.Within - time.GetElapsedTime(asked);
                next = next is { } earlier && earlier.Left <= left ? next : (left, deadline);
            }

            return next;
        }
    }

    /// <summary>No checkpoint will come any more.</summary>
    internal void Close()
    {
        lock (_lock)
        {
            _closed = true;
        }

        Cancel(Take());
    }

    internal static void Cancel(IReadOnlyList<TaskCompletionSource> requests)
    {
        foreach (TaskCompletionSource request in requests)
        {
            request.TrySetCanceled();
        }
    }
}
