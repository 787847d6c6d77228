namespace Lakehouse.Engine;

/// <summary>
/// Messages to one loop, and the bell that wakes it. Posting never blocks: what may be in it at once is bounded by the protocol, and
/// checked. The reader awaits directly, so its code goes on in its own context.
/// </summary>
internal sealed class Mailbox<T>
{
    private const int CountMax = 1 << 14;
    private readonly Lock _lock = new();
    private readonly Queue<T> _messages = new();
    private TaskCompletionSource? _sleeper;
    private volatile bool _any;
    private bool _rung;

    internal void Post(T message)
    {
        TaskCompletionSource? sleeper;
        lock (_lock)
        {
            Invariant.Holds(_messages.Count < CountMax, "a mailbox overflows: somebody posts without being asked");
            _messages.Enqueue(message);
            _any = true;
            sleeper = _sleeper;
            _sleeper = null;
        }

        sleeper?.TrySetResult();
    }

    /// <summary>Wakes the reader, now or at its next wait, without a message: something else is to be looked at.</summary>
    internal void Ring()
    {
        TaskCompletionSource? sleeper;
        lock (_lock)
        {
            sleeper = _sleeper;
            _sleeper = null;
            _rung |= sleeper is null;
        }

        sleeper?.TrySetResult();
    }

    internal bool TryTake([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T message)
    {
        message = default;
        if (!_any)
        {
            return false;
        }

        lock (_lock)
        {
            bool taken = _messages.TryDequeue(out message);
            _any = _messages.Count > 0;
            return taken;
        }
    }

    /// <summary>Ends when there is a message or the bell was rung. One reader.</summary>
    internal Task WaitAsync()
    {
        lock (_lock)
        {
            Invariant.Holds(_sleeper is null, "a mailbox has one reader");
            if (_messages.Count > 0 || _rung)
            {
                _rung = false;
                return Task.CompletedTask;
            }

            // Asynchronous continuations: the poster must not run the reader's code on its own stack.
            _sleeper = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _sleeper.Task;
        }
    }
}
