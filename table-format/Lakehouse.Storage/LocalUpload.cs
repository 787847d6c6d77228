using Microsoft.Win32.SafeHandles;

namespace Lakehouse.Storage;

/// <summary>An upload into a local store: a temporary file that gets its name when it is complete and synced.</summary>
internal sealed class LocalUpload(LocalObjectStore store, ObjectPath path, (SafeFileHandle File, string Location) temporary) : IObjectUpload
{
    // < The kernel answers a write with folios of its size, where it begins at a multiple of that. Up to this one it keeps freed ones at hand;
    //   larger ones may be memory that was given back to the host, which costs ten times as much to get (measured: 16 KiB to 1 MiB).
    private const int WrittenAtATime = 32 << 10;

    // < Blocks that are asked for ahead cost less than those that each write reserves; small files do without.
    private const long AllocatedAtATime = 16 << 20;
    private const long AllocatedFrom = 1 << 20;
    private long _allocated;
    private bool _completed;

    public long Length { get; private set; }

    public async Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        Invariant.Holds(!_completed, "nothing is written to a completed upload");
        long at = Length;
        await store.CallAsync(
            "upload",
            path,
            () =>
            {
                Allocate(at + content.Length);
                int count;
                for (int from = 0; from < content.Length; from += count)
                {
                    count = Math.Min(content.Length - from, WrittenAtATime - (int)((at + from) % WrittenAtATime));
                    RandomAccess.Write(temporary.File, content.Span.Slice(from, count), at + from);
                }

                return true;
            },
            cancellation);
        Length = at + content.Length;
    }

    public Task CompleteAsync(CancellationToken cancellation)
    {
        Invariant.Holds(!_completed, "an upload completes once");
        _completed = true;
        return store.CallAsync(
            "upload",
            path,
            () =>
            {
                // Closed before it gets its name: the lock of an unfinished file must not meet a reader.
                using (temporary.File)
                {
                    if (_allocated > Length)
                    {
                        RandomAccess.SetLength(temporary.File, Length); // < Gives back the blocks that were asked for in vain.
                    }

                    RandomAccess.FlushToDisk(temporary.File);
                }

                store.Rename("upload", temporary.Location, path);
                return true;
            },
            cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await store.CallAsync(
            "upload",
            path,
            () =>
            {
                temporary.File.Dispose();
                File.Delete(temporary.Location);
                return true;
            },
            CancellationToken.None);
    }

    /// <summary>Asks for blocks up to an end and some more. A file system that has no such call, or no room, goes without.</summary>
    private void Allocate(long end)
    {
        if (end <= _allocated || end < AllocatedFrom)
        {
            return;
        }

        long until = (end + AllocatedAtATime - 1) / AllocatedAtATime * AllocatedAtATime;
        PosixFiles.Allocate(temporary.File, _allocated, until - _allocated);
        _allocated = until;
    }
}
