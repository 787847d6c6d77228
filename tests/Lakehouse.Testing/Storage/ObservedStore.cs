using Lakehouse.Storage;

namespace Lakehouse.Testing;

/// <summary>A store that says what has just changed in it, whoever did it and while nothing else happens.</summary>
public sealed class ObservedStore(IObjectStore inner, Action<ObjectPath> changed) : DelegatingStore(inner)
{
    /// <inheritdoc/>
    public override async Task<PutResult> PutIfAbsentAsync(
        ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        Seen(await Inner.PutIfAbsentAsync(path, content, cancellation), path);

    /// <inheritdoc/>
    public override async Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        await Inner.PutAsync(path, content, cancellation);
        changed(path);
    }

    /// <inheritdoc/>
    public override async Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        Seen(await Inner.CopyIfAbsentAsync(source, target, cancellation), target);

    /// <inheritdoc/>
    public override async Task DeleteAsync(ObjectPath path, CancellationToken cancellation)
    {
        await Inner.DeleteAsync(path, cancellation);
        changed(path);
    }

    private PutResult Seen(PutResult result, ObjectPath path)
    {
        if (result == PutResult.Created)
        {
            changed(path);
        }

        return result;
    }
}
