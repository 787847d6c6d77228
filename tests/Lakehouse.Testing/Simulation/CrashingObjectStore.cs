using System.Runtime.CompilerServices;
using Lakehouse.Storage;

namespace Lakehouse.Testing;

/// <summary>
/// A durable store as one simulated process sees it: every call passes a point of the process before and after it takes effect, so the
/// process can die at each, and the call can be slow there, or fail (after it took effect: its answer is lost).
/// </summary>
public sealed class CrashingObjectStore(IObjectStore durable, SimulatedProcess process) : IObjectStore
{
    public string Root => durable.Root;

    public async Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        // Whatever goes wrong, the caller is told only that it does not know.
        ObjectStoreException Unknown() => new("put-if-absent", Root, path, "the simulated answer is lost") { OutcomeIsUnknown = true };
        Random random = process.World.Random;
        bool isLost = process.Faults.Unknown > 0 && !process.IsDead && random.NextDouble() < process.Faults.Unknown;
        await process.AtAsync($"before put-if-absent {path}", Unknown);
        if (isLost && random.Next(2) == 0)
        {
            if (random.Next(2) == 0)
            {
                ArriveLater(path, content.ToArray(), TimeSpan.FromMilliseconds(random.Next(1, 20_000)));
            }

            throw Unknown();
        }

        PutResult result = await durable.PutIfAbsentAsync(path, content, cancellation);
        await process.AtAsync($"after put-if-absent {path}", Unknown);
        return isLost ? throw Unknown() : result;
    }

    /// <summary>A request that is still on its way when its sender has given it up, or has died.</summary>
    private void ArriveLater(ObjectPath path, byte[] content, TimeSpan after)
    {
        SynchronizationContext? current = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null); // The network's timer, not the process's.
        process.World.Time.CreateTimer(
            _ =>
            {
                process.World.Record($"late put-if-absent {path}");
                durable.PutIfAbsentAsync(path, content, CancellationToken.None).GetAwaiter().GetResult();
            },
            null,
            after,
            Timeout.InfiniteTimeSpan);
        SynchronizationContext.SetSynchronizationContext(current);
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
        ObjectPath folder, bool recursive, ObjectPath? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // The listing is one moment: what changes while the caller walks through it is not seen.
        List<ObjectStat> entries = await CallAsync("list", folder, async () =>
        {
            var all = new List<ObjectStat>();
            await foreach (ObjectStat entry in durable.ListAsync(folder, recursive, after, cancellation))
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

    private Task<bool> CallAsync(string operation, ObjectPath path, Func<Task> call) => CallAsync(operation, path, async () =>
    {
        await call();
        return true;
    });

    private async Task<T> CallAsync<T>(string operation, ObjectPath path, Func<Task<T>> call)
    {
        ObjectStoreException Failure() => new(operation, Root, path, "a simulated failure that passes") { IsTransient = true };
        await process.AtAsync($"before {operation} {path}", Failure);
        T answer = await call();
        await process.AtAsync($"after {operation} {path}", Failure);
        return answer;
    }

    /// <summary>
    /// Nothing written is anywhere before it is complete, so of the writes only the first is a point: a death at another would leave the same.
    /// </summary>
    private sealed class Upload(CrashingObjectStore store, ObjectPath path, IObjectUpload durable) : IObjectUpload
    {
        public long Length => durable.Length;

        public Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation) => durable.Length > 0
            ? durable.WriteAsync(content, cancellation)
            : store.CallAsync("write to upload", path, () => durable.WriteAsync(content, cancellation));

        public Task CompleteAsync(CancellationToken cancellation) =>
            store.CallAsync("complete upload", path, () => durable.CompleteAsync(cancellation));

        public ValueTask DisposeAsync() => durable.DisposeAsync();
    }
}
