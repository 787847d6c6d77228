using System.Runtime.CompilerServices;

namespace Lakehouse.Storage;

/// <summary>
/// The one place where storage is retried: calls that failed with <see cref="ObjectStoreException.IsTransient"/> and that may be
/// repeated are tried up to six times with jittered exponential backoff. A conditional creation is repeated only after a refusal that
/// certainly changed nothing (<see cref="ObjectStoreException.HadNoEffect"/>), never after a lost answer. Thread safe.
/// </summary>
public sealed class RetryingObjectStore : IObjectStore
{
    private readonly IObjectStore _inner;
    private readonly Retries _retries;

    /// <summary>Retries around a store.</summary>
    public RetryingObjectStore(IObjectStore inner, TimeProvider time, Random random)
        : this(inner, new Retries(time, random))
    {
    }

    internal RetryingObjectStore(IObjectStore inner, Retries retries) => (_inner, _retries) = (inner, retries);

    /// <inheritdoc/>
    public string Root => _inner.Root;

    /// <inheritdoc/>
    public Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        _retries.RunAsync(
            () => _inner.PutIfAbsentAsync(path, content, cancellation), static failure => failure.HadNoEffect, cancellation);

    /// <summary>May be repeated: the target has the source's bytes whoever made it.</summary>
    public Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        _retries.RunAsync(() => _inner.CopyIfAbsentAsync(source, target, cancellation), cancellation);

    /// <inheritdoc/>
    public Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        _retries.RunAsync(() => _inner.PutAsync(path, content, cancellation), cancellation);

    /// <summary>Retries the start only: what has been written to an upload cannot be written again from here.</summary>
    public Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation) =>
        _retries.RunAsync(() => _inner.BeginUploadAsync(path, cancellation), cancellation);

    /// <inheritdoc/>
    public Task CopyPatchedAsync(ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation) =>
        _retries.RunAsync(() => _inner.CopyPatchedAsync(source, target, patches, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation) =>
        _retries.RunAsync(() => _inner.GetAsync(path, cancellation), cancellation);

    /// <inheritdoc/>
    public Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation) =>
        _retries.RunAsync(() => _inner.ReadAsync(path, offset, destination, cancellation), cancellation);

    /// <inheritdoc/>
    public Task ReadAsync(ObjectPath path, IReadOnlyList<ReadRange> ranges, CancellationToken cancellation) =>
        _retries.RunAsync(() => _inner.ReadAsync(path, ranges, cancellation), cancellation);

    /// <inheritdoc/>
    public Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) =>
        _retries.RunAsync(() => _inner.StatAsync(path, cancellation), cancellation);

    /// <inheritdoc/>
    public Task DeleteAsync(ObjectPath path, CancellationToken cancellation) =>
        _retries.RunAsync(() => _inner.DeleteAsync(path, cancellation), cancellation);

    /// <inheritdoc/>
    public Task AbortUploadsAsync(ObjectPath folder, Func<ObjectPath, DateTimeOffset, bool> isStale, CancellationToken cancellation) =>
        _retries.RunAsync(() => _inner.AbortUploadsAsync(folder, isStale, cancellation), cancellation);

    /// <summary>A listing that breaks off goes on after what it has already given: listings are in order.</summary>
    public async IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, ObjectPath? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int attempt = 1;
        IAsyncEnumerator<ObjectStat> entries = _inner.ListAsync(folder, recursive, after, cancellation).GetAsyncEnumerator(cancellation);
        try
        {
            while (true)
            {
                bool more;
                try
                {
                    more = await entries.MoveNextAsync();
                }
                catch (ObjectStoreException failure) when (failure.IsTransient && attempt < Retries.AttemptsMax)
                {
                    await _retries.BackOffAsync(attempt++, cancellation);
                    await entries.DisposeAsync();
                    entries = _inner.ListAsync(folder, recursive, after, cancellation).GetAsyncEnumerator(cancellation);
                    continue;
                }

                if (!more)
                {
                    yield break;
                }

                after = entries.Current.Path;
                yield return entries.Current;
            }
        }
        finally
        {
            await entries.DisposeAsync();
        }
    }
}
