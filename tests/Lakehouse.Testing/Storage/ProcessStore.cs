using System.Runtime.CompilerServices;
using Lakehouse.Storage;

namespace Lakehouse.Testing;

/// <summary>One store call of one process.</summary>
public sealed record StoreCall(string Operation, ObjectPath Path)
{
    public bool Mutates => Operation is not ("get" or "stat" or "list" or "read");

    public bool Is(string operation, string part) => Operation == operation && Path.Value.Contains(part, StringComparison.Ordinal);

    public override string ToString() => $"{Operation} {Path}";
}

/// <summary>The process has stopped for ever; nothing it does afterwards has an effect.</summary>
public sealed class ProcessDiedException() : Exception("The process is dead.");

/// <summary>What one process sees of a shared store: the test decides before and after each call what becomes of it.</summary>
public sealed class ProcessStore(IObjectStore shared) : IObjectStore
{
    public Func<StoreCall, Task> Before { get; set; } = static _ => Task.CompletedTask;

    public Func<StoreCall, Task> After { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Called for every entry of a listing that the process takes.</summary>
    public Action<ObjectStat> Listed { get; set; } = static _ => { };

    public bool IsDead { get; set; }

    public string Root => shared.Root;

    public Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        Call("put-if-absent", path, () => shared.PutIfAbsentAsync(path, content, cancellation));

    public Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        Call("put", path, () => Done(shared.PutAsync(path, content, cancellation)));

    public Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation) =>
        Call("upload", path, () => shared.BeginUploadAsync(path, cancellation));

    public Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        Call("copy-if-absent", target, () => shared.CopyIfAbsentAsync(source, target, cancellation));

    public Task CopyPatchedAsync(ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation) =>
        Call("copy-patched", target, () => Done(shared.CopyPatchedAsync(source, target, patches, cancellation)));

    public Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation) =>
        Call("get", path, () => shared.GetAsync(path, cancellation));

    public Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation) =>
        Call("read", path, () => Done(shared.ReadAsync(path, offset, destination, cancellation)));

    public Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) =>
        Call("stat", path, () => shared.StatAsync(path, cancellation));

    public async IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, ObjectPath? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        List<ObjectStat> entries = await Call("list", folder, async () =>
        {
            List<ObjectStat> all = [];
            await foreach (ObjectStat stat in shared.ListAsync(folder, recursive, after, cancellation))
            {
                all.Add(stat);
            }

            return all;
        });
        foreach (ObjectStat stat in entries)
        {
            Listed(stat);
            yield return stat;
        }
    }

    public Task DeleteAsync(ObjectPath path, CancellationToken cancellation) =>
        Call("delete", path, () => Done(shared.DeleteAsync(path, cancellation)));

    private static async Task<bool> Done(Task task)
    {
        await task;
        return true;
    }

    private async Task<T> Call<T>(string operation, ObjectPath path, Func<Task<T>> body)
    {
        var call = new StoreCall(operation, path);
        DieIfDead();
        await Before(call);
        DieIfDead();
        T result = await body();
        await After(call);
        DieIfDead();
        return result;
    }

    private void DieIfDead()
    {
        if (IsDead)
        {
            throw new ProcessDiedException();
        }
    }
}
