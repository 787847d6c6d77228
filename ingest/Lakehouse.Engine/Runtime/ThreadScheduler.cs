namespace Lakehouse.Engine;

/// <summary>
/// Every loop on a thread of its own, with a context that brings code after an await back to that thread. A call that completes
/// synchronously costs no hop. The only place of the product that starts threads.
/// </summary>
public sealed class ThreadScheduler : Scheduler
{
    /// <inheritdoc/>
    public override Task RunAsync(string name, Func<Task> loop)
    {
        ArgumentNullException.ThrowIfNull(loop);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var context = new LoopContext();
        var thread = new Thread(() => context.Run(loop, ended)) { IsBackground = true, Name = name };
        thread.Start();
        return ended.Task;
    }

    private sealed class LoopContext : SynchronizationContext
    {
        private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
        private bool _over;

        public override SynchronizationContext CreateCopy() => this;

        public override void Post(SendOrPostCallback d, object? state)
        {
            lock (_posted)
            {
                if (!_over)
                {
                    _posted.Enqueue((d, state));
                    Monitor.Pulse(_posted);
                    return;
                }
            }

            // The loop is over; what it left unawaited ends on the pool.
            ThreadPool.QueueUserWorkItem(static work => work.d(work.state), (d, state), preferLocal: false);
        }

        public override void Send(SendOrPostCallback d, object? state) =>
            throw new NotSupportedException("A loop is never waited for synchronously.");

        internal void Run(Func<Task> loop, TaskCompletionSource ended)
        {
            SetSynchronizationContext(this);
            Task running = Start(loop);
            if (!running.IsCompleted)
            {
                // Any context will do: this only wakes the pump below.
                running.ContinueWith(
                    static (_, context) => ((LoopContext)context!).Post(static _ => { }, null),
                    this,
                    CancellationToken.None,
                    TaskContinuationOptions.ExecuteSynchronously,
                    TaskScheduler.Default);
            }

            while (!running.IsCompleted)
            {
                (SendOrPostCallback Callback, object? State) next;
                lock (_posted)
                {
                    while (!_posted.TryDequeue(out next))
                    {
                        Monitor.Wait(_posted);
                    }
                }

                next.Callback(next.State);
            }

            Close();
            switch (running.Status)
            {
                case TaskStatus.Faulted:
                    ended.SetException(running.Exception!.InnerExceptions); // Faulted: there is one.
                    break;
                case TaskStatus.Canceled:
                    ended.SetCanceled();
                    break;
                default:
                    ended.SetResult();
                    break;
            }
        }

        private static async Task Start(Func<Task> loop) => await loop();

        private void Close()
        {
            (SendOrPostCallback Callback, object? State)[] left;
            lock (_posted)
            {
                _over = true;
                left = [.. _posted];
                _posted.Clear();
            }

            foreach ((SendOrPostCallback callback, object? state) in left)
            {
                Post(callback, state);
            }

            SetSynchronizationContext(null);
        }
    }
}
