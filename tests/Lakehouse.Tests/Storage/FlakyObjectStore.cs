using System.Runtime.CompilerServices;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Storage;

/// <summary>Fails the next calls, then passes them on.</summary>
internal sealed class FlakyObjectStore(IObjectStore inner) : IObjectStore
{
    public int FailuresLeft { get; set; }

    public int FailListingAfter { get; set; }

    public bool Transient { get; set; } = true;

    public bool HadNoEffect { get; set; }

    public string Root => inner.Root;

    public Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        Fails() ? Task.FromException<PutResult>(Failure(path)) : inner.PutIfAbsentAsync(path, content, cancellation);

    public Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        Fails() ? Task.FromException(Failure(path)) : inner.PutAsync(path, content, cancellation);

    public Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation) =>
        Fails() ? Task.FromException<IObjectUpload>(Failure(path)) : inner.BeginUploadAsync(path, cancellation);

    public Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        Fails() ? Task.FromException<PutResult>(Failure(source)) : inner.CopyIfAbsentAsync(source, target, cancellation);

    public Task CopyPatchedAsync(ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation) =>
        Fails() ? Task.FromException(Failure(source)) : inner.CopyPatchedAsync(source, target, patches, cancellation);

    public Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation) =>
        Fails() ? Task.FromException<byte[]?>(Failure(path)) : inner.GetAsync(path, cancellation);

    public Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation) =>
        Fails() ? Task.FromException(Failure(path)) : inner.ReadAsync(path, offset, destination, cancellation);

    public Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) =>
        Fails() ? Task.FromException<ObjectStat?>(Failure(path)) : inner.StatAsync(path, cancellation);

    public Task DeleteAsync(ObjectPath path, CancellationToken cancellation) =>
        Fails() ? Task.FromException(Failure(path)) : inner.DeleteAsync(path, cancellation);

    public async IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, ObjectPath? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int given = 0;
        await foreach (ObjectStat entry in inner.ListAsync(folder, recursive, after, cancellation))
        {
            if (given++ == FailListingAfter && Fails())
            {
                throw Failure(folder);
            }

            yield return entry;
        }

        if (given <= FailListingAfter && Fails())
        {
            throw Failure(folder);
        }
    }

    private bool Fails()
    {
        if (FailuresLeft == 0)
        {
            return false;
        }

        FailuresLeft--;
        return true;
    }

    private ObjectStoreException Failure(ObjectPath path) =>
        new("test", Root, path, "made to fail") { IsTransient = Transient, HadNoEffect = HadNoEffect };
}
