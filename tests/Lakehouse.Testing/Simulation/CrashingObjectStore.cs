using System.Runtime.CompilerServices;
using Lakehouse.Storage;

namespace Lakehouse.Testing;

/// <summary>
/// A durable store as one simulated process sees it: every call passes a point of the process before and after it takes effect, so the
/// process can die at each (after: the answer is lost), and calls can be slow, fail transiently or leave their outcome open.
/// </summary>
public sealed class CrashingObjectStore(IObjectStore durable, SimulatedProcess process) : IObjectStore
{
    public string Root => durable.Root;

    public async Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        if (Happens(process.Faults.Unknown))
        {
            // Half of the time it took effect, and nobody is told.
            await process.AtAsync($"before put-if-absent {path}");
            if (process.World.Random.Next(2) == 0)
            {
                await durable.PutIfAbsentAsync(path, content, cancellation);
            }

            await process.AtAsync($"after put-if-absent {path}");
            throw new ObjectStoreException("put-if-absent", Root, path, "the simulated answer is lost") { OutcomeIsUnknown = true };
        }

        return await CallAsync("put-if-absent", path, () => durable.PutIfAbsentAsync(path, content, cancellation));
    }

    public Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        CallAsync("put", path, () => durable.PutAsync(path, content, cancellation));

    public async Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation) => new Upload(
        this, path, await CallAsync("begin upload", path, () => durable.BeginUploadAsync(path, cancellation)));

    public Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        CallAsync("copy-if-absent", target, () => durable.CopyIfAbsentAsync(source, target, cancellation));

    public Task CopyPatchedAsync(ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation) =>
        CallAsync("copy patched", target, () => durable.CopyPatchedAsync(source, target, patches, cancellation));

    public Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation) =>
        CallAsync("get", path, () => durable.GetAsync(path, cancellation));

    public Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation) =>
        CallAsync("read", path, () => durable.ReadAsync(path, offset, destination, cancellation));

    public Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) =>
        CallAsync("stat", path, () => durable.StatAsync(path, cancellation));

    public async IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // The listing is one moment: what changes while the caller walks through it is not seen.
        List<ObjectStat> entries = await CallAsync("list", folder, async () =>
        {
            var all = new List<ObjectStat>();
            await foreach (ObjectStat entry in durable.ListAsync(folder, recursive, cancellation))
            {
                all.Add(entry);
            }

            return all;
        });
        foreach (ObjectStat entry in entries)
        {
            yield return entry;
        }
    }

    public Task DeleteAsync(ObjectPath path, CancellationToken cancellation) =>
        CallAsync("delete", path, () => durable.DeleteAsync(path, cancellation));

    private bool Happens(double probability) => probability > 0 && !process.IsDead && process.World.Random.NextDouble() < probability;

    private Task<bool> CallAsync(string operation, ObjectPath path, Func<Task> call) => CallAsync(operation, path, async () =>
    {
        await call();
        return true;
    });

    private async Task<T> CallAsync<T>(string operation, ObjectPath path, Func<Task<T>> call)
    {
        await process.AtAsync($"before {operation} {path}");
        if (Happens(process.Faults.Transient))
        {
            throw new ObjectStoreException(operation, Root, path, "a simulated failure that passes") { IsTransient = true };
        }

        T answer = await call();
        await process.AtAsync($"after {operation} {path}");
        return answer;
    }

    private sealed class Upload(CrashingObjectStore store, ObjectPath path, IObjectUpload durable) : IObjectUpload
    {
        public long Length => durable.Length;

        public Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation) => durable.WriteAsync(content, cancellation);

        public Task CompleteAsync(CancellationToken cancellation) =>
            store.CallAsync("complete upload", path, () => durable.CompleteAsync(cancellation));

        public ValueTask DisposeAsync() => durable.DisposeAsync();
    }
}
