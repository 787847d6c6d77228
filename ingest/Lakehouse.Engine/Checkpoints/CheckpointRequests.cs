namespace Lakehouse.Engine;

/// <summary>Who waits for a checkpoint to be committed. Thread safe: sources ask from their loops.</summary>
internal sealed class CheckpointRequests(Action ring)
{
    private readonly Lock _lock = new();
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

    internal Task AskAsync()
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
