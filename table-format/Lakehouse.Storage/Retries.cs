namespace Lakehouse.Storage;

/// <summary>
/// How storage is tried again: up to six times, with jittered exponential backoff, what failed with
/// <see cref="ObjectStoreException.IsTransient"/>. Thread safe.
/// </summary>
internal sealed class Retries(TimeProvider time, Random random)
{
    internal const int AttemptsMax = 6;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(5);
    private readonly Lock _randomLock = new();

    /// <summary>Runs a call that may be repeated.</summary>
    internal Task<T> RunAsync<T>(Func<Task<T>> call, CancellationToken cancellation) =>
        RunAsync(call, static failure => failure.IsTransient, cancellation);

    /// <summary>Runs a call that may be repeated.</summary>
    internal Task RunAsync(Func<Task> call, CancellationToken cancellation) => RunAsync(
        async () =>
        {
            await call();
            return true;
        },
        cancellation);

    /// <summary>Runs a call and repeats it after those failures that allow it.</summary>
    internal async Task<T> RunAsync<T>(
        Func<Task<T>> call, Func<ObjectStoreException, bool> mayRepeat, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (ObjectStoreException failure) when (attempt < AttemptsMax && mayRepeat(failure))
            {
                await BackOffAsync(attempt, cancellation);
            }
        }
    }

    internal Task BackOffAsync(int attempt, CancellationToken cancellation)
    {
        double jitter;
        lock (_randomLock)
        {
            jitter = 0.5 + (random.NextDouble() / 2);
        }

        TimeSpan delay = FirstDelay * Math.Pow(2, attempt - 1);
        return Task.Delay((delay < DelayMax ? delay : DelayMax) * jitter, time, cancellation);
    }
}
