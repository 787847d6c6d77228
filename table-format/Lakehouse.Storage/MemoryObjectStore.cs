using System.Runtime.CompilerServices;

namespace Lakehouse.Storage;

/// <summary>Objects in this process's memory, for tests and for checkpoints that need not outlive it. Thread safe.</summary>
public sealed class MemoryObjectStore : IObjectStore
{
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Entry> _objects = new(StringComparer.Ordinal);

    /// <summary>An empty store; the name appears in messages.</summary>
    public MemoryObjectStore(string name, TimeProvider time) => (Root, _time) = ("memory:" + name, time);

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        CheckName("put-if-absent", path);
        var entry = new Entry(path, content.ToArray(), _time.GetUtcNow());
        lock (_lock)
        {
            return Task.FromResult(_objects.TryAdd(path.Value, entry) ? PutResult.Created : PutResult.AlreadyExists);
        }
    }

    /// <inheritdoc/>
    public Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        CheckName("put", path);
        Replace(path, content.ToArray());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        CheckName("upload", path);
        return Task.FromResult<IObjectUpload>(new Upload(this, path));
    }

    /// <inheritdoc/>
    public Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        CheckName("copy-if-absent", target);
        lock (_lock)
        {
            Entry entry = Find("copy-if-absent", source);
            var copy = new Entry(target, entry.Content, _time.GetUtcNow());
            return Task.FromResult(_objects.TryAdd(target.Value, copy) ? PutResult.Created : PutResult.AlreadyExists);
        }
    }

    /// <inheritdoc/>
    public Task CopyPatchedAsync(ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(patches);
        cancellation.ThrowIfCancellationRequested();
        CheckName("patched copy", target);
        byte[] content;
        lock (_lock)
        {
            content = [.. Find("patched copy", source).Content];
        }

        Patches.Check(patches, content.Length);
        foreach (Patch patch in patches)
        {
            patch.Bytes.Span.CopyTo(content.AsSpan((int)patch.Offset));
        }

        Replace(target, content);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return Task.FromResult<byte[]?>(_objects.TryGetValue(path.Value, out Entry? entry) ? [.. entry.Content] : null);
        }
    }

    /// <inheritdoc/>
    public Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        cancellation.ThrowIfCancellationRequested();
        byte[] content;
        lock (_lock)
        {
            content = Find("read", path).Content;
        }

        if (destination.Length > content.Length - offset)
        {
            throw new ObjectStoreException("read", Root, path, FormattableString.Invariant(
                $"it has {content.Length} bytes, asked for {destination.Length} at {offset}"));
        }

        content.AsMemory((int)offset, destination.Length).CopyTo(destination);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return Task.FromResult(
                _objects.TryGetValue(path.Value, out Entry? entry) ? new ObjectStat(path, entry.Content.Length, entry.Modified) : null);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, ObjectPath? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        foreach (ObjectStat entry in Entries(folder, recursive))
        {
            cancellation.ThrowIfCancellationRequested();
            if (after is null || entry.Path.CompareTo(after.Value) > 0)
            {
                yield return entry;
            }
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(ObjectPath path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (_lock)
        {
            _objects.Remove(path.Value);
        }

        return Task.CompletedTask;
    }

    private List<ObjectStat> Entries(ObjectPath folder, bool recursive)
    {
        string prefix = folder.Value.Length == 0 ? "" : folder.Value + "/";
        var entries = new List<ObjectStat>();
        var folders = new HashSet<string>(StringComparer.Ordinal);
        lock (_lock)
        {
            foreach ((string name, Entry entry) in _objects)
            {
                if (!name.StartsWith(prefix, StringComparison.Ordinal))
                {
                    continue;
                }

                int slash = recursive ? -1 : name.IndexOf('/', prefix.Length);
                if (slash < 0)
                {
                    entries.Add(new ObjectStat(entry.Path, entry.Content.Length, entry.Modified));
                }
                else if (folders.Add(name[..slash]))
                {
                    entries.Add(new ObjectStat(new ObjectPath(name[..slash]), 0, default, IsFolder: true));
                }
            }
        }

        entries.Sort(static (one, other) => one.Path.CompareTo(other.Path));
        return entries;
    }

    private void Replace(ObjectPath path, byte[] content)
    {
        lock (_lock)
        {
            _objects[path.Value] = new Entry(path, content, _time.GetUtcNow());
        }
    }

    private Entry Find(string operation, ObjectPath path) => _objects.TryGetValue(path.Value, out Entry? entry)
        ? entry
        : throw new ObjectStoreException(operation, Root, path, "there is no such object");

    private void CheckName(string operation, ObjectPath path)
    {
        if (path.Value.Length == 0)
        {
            throw new ObjectStoreException(operation, Root, path, "the root is not an object");
        }
    }

    private sealed record Entry(ObjectPath Path, byte[] Content, DateTimeOffset Modified);

    private sealed class Upload(MemoryObjectStore store, ObjectPath path) : IObjectUpload
    {
        private readonly MemoryStream _content = new();
        private bool _completed;

        public long Length => _content.Length;

        public Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            _content.Write(content.Span);
            return Task.CompletedTask;
        }

        public Task CompleteAsync(CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            Invariant.Holds(!_completed, "an upload completes once");
            _completed = true;
            store.Replace(path, _content.ToArray());
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            _content.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
