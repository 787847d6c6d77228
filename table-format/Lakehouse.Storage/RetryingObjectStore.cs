using System.Runtime.CompilerServices;

namespace Lakehouse.Storage;

/// <summary>
/// The one place where storage is retried: calls that failed with <see cref="ObjectStoreException.IsTransient"/> and that may be
/// repeated are tried up to six times with jittered exponential backoff. Conditional creations are never repeated. Thread safe.
/// </summary>
public sealed class RetryingObjectStore(IObjectStore inner, TimeProvider time, Random random) : IObjectStore
{
    private const int AttemptsMax = 6;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DelayMax = TimeSpan.FromSeconds(5);
    private readonly Lock _randomLock = new();

    /// <inheritdoc/>
    public string Root => inner.Root;

    /// <inheritdoc/>
    public Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        inner.PutIfAbsentAsync(path, content, cancellation);

    /// <inheritdoc/>
    public Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        inner.CopyIfAbsentAsync(source, target, cancellation);

    /// <inheritdoc/>
    public Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        RetryAsync(() => inner.PutAsync(path, content, cancellation), cancellation);

    /// <summary>Retries the start only: what has been written to an upload cannot be written again from here.</summary>
    public Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation) =>
        RetryAsync(() => inner.BeginUploadAsync(path, cancellation), cancellation);

    /// <inheritdoc/>
    public Task CopyPatchedAsync(ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation) =>
        RetryAsync(() => inner.CopyPatchedAsync(source, target, patches, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation) =>
        RetryAsync(() => inner.GetAsync(path, cancellation), cancellation);

    /// <inheritdoc/>
    public Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation) =>
        RetryAsync(() => inner.ReadAsync(path, offset, destination, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) =>
        RetryAsync(() => inner.StatAsync(path, cancellation), cancellation);

    /// <inheritdoc/>
    public Task DeleteAsync(ObjectPath path, CancellationToken cancellation) =>
        RetryAsync(() => inner.DeleteAsync(path, cancellation), cancellation);

    /// <summary>A listing that breaks off begins again and skips what it has already given: listings are in order.</summary>
    public async IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ObjectPath? last = null;
        int attempt = 1;
        IAsyncEnumerator<ObjectStat> entries = inner.ListAsync(folder, recursive, cancellation).GetAsyncEnumerator(cancellation);
        try
        {
            while (true)
            {
                bool more;
                try
                {
                    more = await entries.MoveNextAsync();
                }
                catch (ObjectStoreException failure) when (failure.IsTransient && attempt < AttemptsMax)
                {
                    await BackOffAsync(attempt++, cancellation);
                    await entries.DisposeAsync();
                    entries = inner.ListAsync(folder, recursive, cancellation).GetAsyncEnumerator(cancellation);
                    continue;
                }

                if (!more)
                {
                    yield break;
                }

                if (last is null || entries.Current.Path.CompareTo(last.Value) > 0)
                {
                    last = entries.Current.Path;
                    yield return entries.Current;
                }
            }
        }
        finally
        {
            await entries.DisposeAsync();
        }
    }

    private Task<bool> RetryAsync(Func<Task> call, CancellationToken cancellation) => RetryAsync(
        async () =>
        {
            await call();
            return true;
        },
        cancellation);

    private async Task<T> RetryAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (ObjectStoreException failure) when (failure.IsTransient && attempt < AttemptsMax)
            {
                await BackOffAsync(attempt, cancellation);
            }
        }
    }

    private Task BackOffAsync(int attempt, CancellationToken cancellation)
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
