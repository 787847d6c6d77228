using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Lakehouse.Storage;

/// <summary>
/// Objects as files below a folder of one local POSIX file system. A new object is
/// <list type="number">
/// <item>written completely to a temporary file and synced,</item>
/// <item>given its name by <c>link(2)</c>, which fails if the name exists, or by <c>rename(2)</c>, which replaces,</item>
/// <item>made durable by an fsync of the folder, and of new folders above it.</item>
/// </list>
/// So a name never shows a torn object, whenever the process or the machine stops. Symbolic links below the root are never followed.
/// A power loss may bring a deleted object back. Thread safe.
/// </summary>
public sealed class LocalObjectStore : IObjectStore
{
    private const int CopyBufferBytes = 1 << 20;
    private const int LinkTriesMax = 20;
    private static readonly EnumerationOptions EveryEntry = new() { AttributesToSkip = 0, IgnoreInaccessible = false };
    private readonly LocalFolders _folders;

    /// <summary>A store in a folder, which need not exist yet.</summary>
    public LocalObjectStore(string root)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        _folders = new LocalFolders(root);
    }

    /// <inheritdoc/>
    public string Root => _folders.Root;

    /// <inheritdoc/>
    public Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        CallAsync("put-if-absent", path, () => LinkNew("put-if-absent", path, content), cancellation);

    /// <inheritdoc/>
    public Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        CallAsync("put", path, () => WriteAndRename("put", path, file => RandomAccess.Write(file, content.Span, 0)), cancellation);

    /// <inheritdoc/>
    public Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation) =>
        CallAsync<IObjectUpload>("upload", path, () => new LocalUpload(this, path, CreateTemporary("upload", path)), cancellation);

    /// <inheritdoc/>
    public Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        CallAsync(
            "copy-if-absent",
            target,
            () =>
            {
                string from = _folders.Locate("copy-if-absent", source);
                return File.Exists(from)
                    ? LinkTo("copy-if-absent", from, target)
                    : throw new ObjectStoreException("copy-if-absent", Root, target, $"its source '{source}' does not exist");
            },
            cancellation);

    /// <inheritdoc/>
    public Task CopyPatchedAsync(ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(patches);
        return CallAsync(
            "patched copy",
            target,
            () =>
            {
                using SafeFileHandle original = OpenForReading("patched copy", source);
                Patches.Check(patches, RandomAccess.GetLength(original));
                return WriteAndRename("patched copy", target, copy => CopyPatched(original, copy, patches));
            },
            cancellation);
    }

    /// <inheritdoc/>
    public Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation) =>
        CallAsync(
            "get",
            path,
            () =>
            {
                if (!File.Exists(_folders.Locate("get", path)))
                {
                    return null;
                }

                try
                {
                    using SafeFileHandle file = OpenForReading("get", path);
                    byte[] content = new byte[RandomAccess.GetLength(file)];
                    Fill("get", path, file, 0, content);
                    return content;
                }
                catch (FileNotFoundException)
                {
                    return null; // Deleted a moment ago.
                }
            },
            cancellation);

    /// <inheritdoc/>
    public Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        return ReadAsync(path, [new ReadRange(offset, destination)], cancellation);
    }

    /// <inheritdoc/>
    public Task ReadAsync(ObjectPath path, IReadOnlyList<ReadRange> ranges, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        if (ranges.Count == 0)
        {
            return Task.CompletedTask;
        }

        return CallAsync(
            "read",
            path,
            () =>
            {
                // < Opening a file costs more than reading most ranges.
                using SafeFileHandle file = OpenForReading("read", path);
                foreach (ReadRange range in ranges)
                {
                    Fill("read", path, file, range.Offset, range.Destination.Span);
                }

                return true;
            },
            cancellation);
    }

    /// <inheritdoc/>
    public Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) =>
        CallAsync("stat", path, () => Stat(path, new FileInfo(_folders.Locate("stat", path))), cancellation);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, ObjectPath? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        List<ObjectStat> entries = await CallAsync(
            "list",
            folder,
            () =>
            {
                var found = new List<ObjectStat>();
                Collect(folder, new DirectoryInfo(_folders.Locate("list", folder)), recursive, found, cancellation);
                found.RemoveAll(entry => after is { } path && entry.Path.CompareTo(path) <= 0);
                found.Sort(static (a, b) => a.Path.CompareTo(b.Path));
                return found;
            },
            cancellation);
        foreach (ObjectStat entry in entries)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(ObjectPath path, CancellationToken cancellation) =>
        CallAsync(
            "delete",
            path,
            () =>
            {
                string location = _folders.Locate("delete", path);
                if (!File.Exists(location))
                {
                    return false;
                }

                try
                {
                    File.Delete(location);
                }
                catch (DirectoryNotFoundException)
                {
                    return false; // < Somebody else deleted it meanwhile, and then its empty folder.
                }

                _folders.RemoveEmptyParents(location);
                return true;
            },
            cancellation);

    /// <summary>Runs blocking calls off the caller's thread; every failure names the operation and the path.</summary>
    internal Task<T> CallAsync<T>(string operation, ObjectPath path, Func<T> call, CancellationToken cancellation) =>
        BlockingCalls.RunAsync(
            () =>
            {
                try
                {
                    return call();
                }
                catch (Exception failure) when (failure is (IOException or UnauthorizedAccessException) and not ObjectStoreException)
                {
                    // On this platform the class library puts the error number there, unless it has an exception of its own for it.
                    string reason = failure.HResult is > 0 and < 200 ? PosixFiles.Explain(failure.HResult) : failure.Message;
                    throw new ObjectStoreException(operation, Root, path, reason, failure)
                    {
                        IsTransient = PosixFiles.IsTransient(failure.HResult),
                    };
                }
            },
            cancellation);

    /// <summary>Gives a complete, synced temporary file its name, replacing what has it.</summary>
    internal void Rename(string operation, string temporary, ObjectPath path)
    {
        string location = _folders.Locate(operation, path);
        _folders.CreateParents(operation, path);
        int error = PosixFiles.Rename(temporary, location);
        if (error == PosixFiles.NoSuchEntry)
        {
            // Whoever deleted the last object of the folder removed the folder between our two steps.
            _folders.CreateParents(operation, path);
            error = PosixFiles.Rename(temporary, location);
        }

        ThrowIfFailed(operation, path, error);
        _folders.Sync(operation, path, Path.GetDirectoryName(location)!); // Below the root, so there is a folder above.
    }

    private (SafeFileHandle File, string Location) CreateTemporary(string operation, ObjectPath path)
    {
        if (path.Value.Length == 0)
        {
            throw new ObjectStoreException(operation, Root, path, "the root is not an object");
        }

        _folders.Locate(operation, path);
        SafeFileHandle file = _folders.CreateTemporary(path, out string location);
        return (file, location);
    }

    private PutResult LinkNew(string operation, ObjectPath path, ReadOnlyMemory<byte> content)
    {
        (SafeFileHandle file, string temporary) = CreateTemporary(operation, path);
        try
        {
            using (file)
            {
                RandomAccess.Write(file, content.Span, 0);
                RandomAccess.FlushToDisk(file);
            }

            return LinkTo(operation, temporary, path);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private PutResult LinkTo(string operation, string existing, ObjectPath path)
    {
        string location = _folders.Locate(operation, path);
        int error = PosixFiles.NoSuchEntry;
        for (int tries = 0; tries < LinkTriesMax && error == PosixFiles.NoSuchEntry; tries++)
        {
            // Whoever deletes the last object of a folder removes the folder, also between our two steps.
            _folders.CreateParents(operation, path);
            error = PosixFiles.Link(existing, location);
        }

        ThrowIfFailed(operation, path, error == PosixFiles.AlreadyExists ? 0 : error);

        // Also when the name was there: who relies on having seen it must find it again after a power loss.
        _folders.Sync(operation, path, Path.GetDirectoryName(location)!); // Below the root, so there is a folder above.
        return error == 0 ? PutResult.Created : PutResult.AlreadyExists;
    }

    private void ThrowIfFailed(string operation, ObjectPath path, int error)
    {
        if (error != 0)
        {
            throw new ObjectStoreException(operation, Root, path, PosixFiles.Explain(error))
            {
                IsTransient = PosixFiles.IsTransient(error),
            };
        }
    }

    private bool WriteAndRename(string operation, ObjectPath path, Action<SafeFileHandle> write)
    {
        (SafeFileHandle file, string temporary) = CreateTemporary(operation, path);
        try
        {
            using (file)
            {
                write(file);
                RandomAccess.FlushToDisk(file);
            }

            Rename(operation, temporary, path);
            return true;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private SafeFileHandle OpenForReading(string operation, ObjectPath path) =>
        File.OpenHandle(
            _folders.Locate(operation, path), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private void Fill(string operation, ObjectPath path, SafeFileHandle file, long offset, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int count = RandomAccess.Read(file, destination, offset);
            if (count == 0)
            {
                throw new ObjectStoreException(operation, Root, path, FormattableString.Invariant(
                    $"it has {RandomAccess.GetLength(file)} bytes, {destination.Length} more were asked for at {offset}"));
            }

            destination = destination[count..];
            offset += count;
        }
    }

    private static void CopyPatched(SafeFileHandle original, SafeFileHandle copy, IReadOnlyList<Patch> patches)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBufferBytes);
        try
        {
            long offset = 0;
            for (int count; (count = RandomAccess.Read(original, buffer, offset)) > 0; offset += count)
            {
                RandomAccess.Write(copy, buffer.AsSpan(0, count), offset);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        foreach (Patch patch in patches)
        {
            RandomAccess.Write(copy, patch.Bytes.Span, patch.Offset);
        }
    }

    private static void Collect(
        ObjectPath folder, DirectoryInfo directory, bool recursive, List<ObjectStat> found, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            foreach (FileSystemInfo entry in directory.EnumerateFileSystemInfos("*", EveryEntry))
            {
                ObjectPath path = folder / entry.Name;
                if (LocalFolders.IsReserved(path) || LocalFolders.IsSymbolicLink(entry.FullName))
                {
                    continue;
                }

                if (entry is DirectoryInfo below)
                {
                    if (recursive)
                    {
                        Collect(path, below, recursive, found, cancellation);
                    }
                    else
                    {
                        found.Add(new ObjectStat(path, 0, default, IsFolder: true));
                    }
                }
                else if (entry is FileInfo file && Stat(path, file) is ObjectStat stat)
                {
                    found.Add(stat);
                }
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Absent is empty.
        }
    }

    private static ObjectStat? Stat(ObjectPath path, FileInfo file)
    {
        try
        {
            return file.Exists ? new ObjectStat(path, file.Length, new DateTimeOffset(file.LastWriteTimeUtc)) : null;
        }
        catch (FileNotFoundException)
        {
            return null; // Deleted a moment ago.
        }
    }
}
