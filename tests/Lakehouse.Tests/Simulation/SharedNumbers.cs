using Lakehouse.Storage;

namespace Lakehouse.Tests.Simulation;

/// <summary>Broken: a store whose conditional put, where claims and outcomes lie, lets everybody win. The start-up probe looks elsewhere.</summary>
internal sealed class SharedNumbers : Sabotage
{
    internal override IObjectStore Wrap(IObjectStore durable) => new Store(durable);

    private sealed class Store(IObjectStore durable) : IObjectStore
    {
        public string Root => durable.Root;

        public async Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
        {
            if (!path.Value.StartsWith(".hoodie/.sequence/", StringComparison.Ordinal))
            {
                return await durable.PutIfAbsentAsync(path, content, cancellation);
            }

            await durable.PutAsync(path, content, cancellation);
            return PutResult.Created;
        }

        public Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
            durable.PutAsync(path, content, cancellation);

        public Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation) =>
            durable.BeginUploadAsync(path, cancellation);

        public Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
            durable.CopyIfAbsentAsync(source, target, cancellation);

        public Task CopyPatchedAsync(ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation) =>
            durable.CopyPatchedAsync(source, target, patches, cancellation);

        public Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation) => durable.GetAsync(path, cancellation);

        public Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation) =>
            durable.ReadAsync(path, offset, destination, cancellation);

        public Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) => durable.StatAsync(path, cancellation);

        public IAsyncEnumerable<ObjectStat> ListAsync(
            ObjectPath folder, bool recursive, ObjectPath? after, CancellationToken cancellation) =>
            durable.ListAsync(folder, recursive, after, cancellation);

        public Task DeleteAsync(ObjectPath path, CancellationToken cancellation) => durable.DeleteAsync(path, cancellation);
    }
}
