using Lakehouse.Storage;

namespace Lakehouse.Testing;

/// <summary>A store that passes every call on; whoever derives from it changes the one that matters.</summary>
public abstract class DelegatingStore(IObjectStore inner) : IObjectStore
{
    /// <inheritdoc/>
    public string Root => inner.Root;

    /// <summary>The store that calls are passed on to.</summary>
    protected IObjectStore Inner => inner;

    /// <inheritdoc/>
    public virtual Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        inner.PutIfAbsentAsync(path, content, cancellation);

    /// <inheritdoc/>
    public virtual Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        inner.PutAsync(path, content, cancellation);

    /// <inheritdoc/>
    public virtual Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation) =>
        inner.BeginUploadAsync(path, cancellation);

    /// <inheritdoc/>
    public virtual Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        inner.CopyIfAbsentAsync(source, target, cancellation);

    /// <inheritdoc/>
    public virtual Task CopyPatchedAsync(
        ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation) =>
        inner.CopyPatchedAsync(source, target, patches, cancellation);

    /// <inheritdoc/>
    public virtual Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation) => inner.GetAsync(path, cancellation);

    /// <inheritdoc/>
    public virtual Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation) =>
        inner.ReadAsync(path, offset, destination, cancellation);

    /// <inheritdoc/>
    public virtual Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) => inner.StatAsync(path, cancellation);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, ObjectPath? after, CancellationToken cancellation) =>
        inner.ListAsync(folder, recursive, after, cancellation);

    /// <inheritdoc/>
    public virtual Task DeleteAsync(ObjectPath path, CancellationToken cancellation) => inner.DeleteAsync(path, cancellation);
}
