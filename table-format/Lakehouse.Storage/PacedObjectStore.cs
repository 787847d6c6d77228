namespace Lakehouse.Storage;

/// <summary>
/// A store through which no more than so many bytes per second are read and uploaded, together: for work that must not take the disk or the
/// network from others. What is not bulk (listings, small puts, copies that the store makes itself) is not slowed down. Thread safe.
/// </summary>
public sealed class PacedObjectStore : IObjectStore
{
    private readonly IObjectStore _inner;
    private readonly BytePace _pace;

    /// <summary>A pace in front of a store.</summary>
    public PacedObjectStore(IObjectStore inner, long bytesPerSecond, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerSecond);
        (_inner, _pace) = (inner, new BytePace(bytesPerSecond, time));
    }

    /// <inheritdoc/>
    public string Root => _inner.Root;

    /// <inheritdoc/>
    public Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        _inner.PutIfAbsentAsync(path, content, cancellation);

    /// <inheritdoc/>
    public Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        _inner.PutAsync(path, content, cancellation);

    /// <inheritdoc/>
    public async Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation) =>
        new PacedUpload(await _inner.BeginUploadAsync(path, cancellation), _pace);

    /// <inheritdoc/>
    public Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        _inner.CopyIfAbsentAsync(source, target, cancellation);

    /// <inheritdoc/>
    public Task CopyPatchedAsync(ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation) =>
        _inner.CopyPatchedAsync(source, target, patches, cancellation);

    /// <inheritdoc/>
    public async Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation)
    {
        byte[]? content = await _inner.GetAsync(path, cancellation);
        await _pace.TakeAsync(content?.Length ?? 0, cancellation);
        return content;
    }

    /// <inheritdoc/>
    public async Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        await _pace.TakeAsync(destination.Length, cancellation);
        await _inner.ReadAsync(path, offset, destination, cancellation);
    }

    /// <inheritdoc/>
    public async Task ReadAsync(ObjectPath path, IReadOnlyList<ReadRange> ranges, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        await _pace.TakeAsync(ranges.Sum(static r => (long)r.Destination.Length), cancellation);
        await _inner.ReadAsync(path, ranges, cancellation);
    }

    /// <inheritdoc/>
    public Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) => _inner.StatAsync(path, cancellation);

    /// <inheritdoc/>
    public IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, ObjectPath? after, CancellationToken cancellation) =>
        _inner.ListAsync(folder, recursive, after, cancellation);

    /// <inheritdoc/>
    public Task DeleteAsync(ObjectPath path, CancellationToken cancellation) => _inner.DeleteAsync(path, cancellation);

    /// <inheritdoc/>
    public Task AbortUploadsAsync(ObjectPath folder, Func<ObjectPath, DateTimeOffset, bool> isStale, CancellationToken cancellation) =>
        _inner.AbortUploadsAsync(folder, isStale, cancellation);

    private sealed class PacedUpload(IObjectUpload inner, BytePace pace) : IObjectUpload
    {
        public long Length => inner.Length;

        public long BufferedByteCount => inner.BufferedByteCount;

        public async Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation)
        {
            await pace.TakeAsync(content.Length, cancellation);
            await inner.WriteAsync(content, cancellation);
        }

        public bool MovesRanges => inner.MovesRanges;

        // < Where the store does not move them itself they come through ReadAsync and WriteAsync, which wait for their turn.
        public Task AppendFromAsync(IObjectStore store, ObjectPath source, long offset, long length, CancellationToken cancellation) =>
            inner.MovesRanges
                ? inner.AppendFromAsync(store, source, offset, length, cancellation)
                : RangeAppending.ReadAndWriteAsync(this, store, source, offset, length, cancellation);

        public Task CompleteAsync(CancellationToken cancellation) => inner.CompleteAsync(cancellation);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

/// <summary>
/// Lets bytes through at a rate: whoever takes some waits until those that were taken before are paid for. A rest of up to a second is
/// saved up. Thread safe.
/// </summary>
internal sealed class BytePace(long bytesPerSecond, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly long _begun = time.GetTimestamp();
    private TimeSpan _paidUntil;

    internal async ValueTask TakeAsync(long byteCount, CancellationToken cancellation)
    {
        TimeSpan wait;
        lock (_lock)
        {
            TimeSpan now = time.GetElapsedTime(_begun);
            TimeSpan earliest = now - TimeSpan.FromSeconds(1);
            _paidUntil = (_paidUntil > earliest ? _paidUntil : earliest) + TimeSpan.FromSeconds((double)byteCount / bytesPerSecond);
            wait = _paidUntil - now;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellation);
        }
    }
}
