namespace Lakehouse.Storage;

/// <summary>
/// The one place where this project leaves the caller's thread: system calls that block (fsync takes milliseconds) run on the
/// pool, and the caller continues in its own context.
/// </summary>
internal static class BlockingCalls
{
    internal static Task<T> RunAsync<T>(Func<T> call, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellation);
        }

        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        ThreadPool.UnsafeQueueUserWorkItem(static state => Complete(state.call, state.completion), (call, completion), preferLocal: false);
        return completion.Task;
    }

    private static void Complete<T>(Func<T> call, TaskCompletionSource<T> completion)
    {
        try
        {
            completion.SetResult(call());
        }
#pragma warning disable CA1031 // Whatever the call throws belongs to the one who awaits it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            completion.SetException(exception);
        }
    }
}
