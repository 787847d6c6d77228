namespace Lakehouse.Storage;

/// <summary>
/// Objects by name, as a local disk, S3 and memory all offer them. <see cref="PutIfAbsentAsync"/> is the only primitive that
/// safety may rely on. An object appears whole and durable or not at all. Every failure is an <see cref="ObjectStoreException"/>
/// that names the operation and the path. Thread safe.
/// </summary>
public interface IObjectStore
{
    /// <summary>Where the root is, for messages: a folder, <c>s3://bucket/prefix</c>, <c>memory:name</c>.</summary>
    string Root { get; }

    /// <summary>
    /// Creates an object unless one is there. Takes effect once, never retried blindly: when the answer is lost it throws with
    /// <see cref="ObjectStoreException.OutcomeIsUnknown"/>, and only a read tells who won.
    /// </summary>
    Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation);

    /// <summary>Creates or replaces an object atomically.</summary>
    Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation);

    /// <summary>Begins an object that is written in pieces and appears only at <see cref="IObjectUpload.CompleteAsync"/>.</summary>
    Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation);

    /// <summary>
    /// Creates <paramref name="target"/> unless it is there, with the bytes of <paramref name="source"/>: a hard link, a server-side
    /// copy. Throws when the source is absent. No fence, unlike <see cref="PutIfAbsentAsync"/>: of two copies at the same time both may say
    /// that they created it, and a repeated one says that it is there.
    /// </summary>
    Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation);

    /// <summary>
    /// Creates or replaces <paramref name="target"/> with the bytes of <paramref name="source"/>, some ranges overwritten. The copy shares
    /// nothing with its source. Patches are in ascending order, do not overlap and lie within the source.
    /// </summary>
    Task CopyPatchedAsync(ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation);

    /// <summary>The whole object, or null when there is none.</summary>
    Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation);

    /// <summary>Fills <paramref name="destination"/> from a byte offset. Throws when the object is absent or shorter.</summary>
    Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation);

    /// <summary>
    /// Fills several destinations from their offsets. On S3 ranges that lie close to each other are one request, and requests go side by
    /// side. Throws when the object is absent or shorter.
    /// </summary>
    async Task ReadAsync(ObjectPath path, IReadOnlyList<ReadRange> ranges, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        foreach (ReadRange range in ranges)
        {
            await ReadAsync(path, range.Offset, range.Destination, cancellation);
        }
    }

    /// <summary>Size and time of an object, or null when there is none.</summary>
    Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation);

    /// <summary>
    /// The objects below a folder in the order of their paths, see <see cref="ObjectPath.CompareTo"/>. Not recursive: only objects directly
    /// in the folder, and every direct sub-folder once, marked as such. Recursive: every object at any depth, no folders. An absent folder
    /// is empty.
    /// </summary>
    IAsyncEnumerable<ObjectStat> ListAsync(ObjectPath folder, bool recursive, CancellationToken cancellation) =>
        ListAsync(folder, recursive, after: null, cancellation);

    /// <summary>The same, but only what comes after a path in that order. On S3 the store skips what comes before.</summary>
    IAsyncEnumerable<ObjectStat> ListAsync(ObjectPath folder, bool recursive, ObjectPath? after, CancellationToken cancellation);

    /// <summary>Deletes an object; absent is fine.</summary>
    Task DeleteAsync(ObjectPath path, CancellationToken cancellation);

    /// <summary>
    /// Gives up uploads below a folder that somebody began and left. Where unfinished uploads leave nothing behind, or the store sweeps them
    /// itself, there is nothing to do.
    /// </summary>
    /// <param name="folder">Where to look.</param>
    /// <param name="isStale">Decides by an upload's path and the time at which it began; whoever still writes to a stale one fails.</param>
    /// <param name="cancellation">Stops the sweep.</param>
    Task AbortUploadsAsync(ObjectPath folder, Func<ObjectPath, DateTimeOffset, bool> isStale, CancellationToken cancellation) =>
        Task.CompletedTask;
}

/// <summary>What became of a conditional creation.</summary>
public enum PutResult
{
    /// <summary>The object was created by this call.</summary>
    Created,

    /// <summary>An object of that name was there; nothing was changed.</summary>
    AlreadyExists,
}

/// <summary>One entry of a listing. Folders have size 0 and no meaningful time.</summary>
public sealed record ObjectStat(ObjectPath Path, long Size, DateTimeOffset Modified, bool IsFolder = false);

/// <summary>Bytes to stand at an offset of a copy.</summary>
public readonly record struct Patch(long Offset, ReadOnlyMemory<byte> Bytes);

/// <summary>Bytes of an object to read: from an offset on, as many as the destination takes.</summary>
public readonly record struct ReadRange(long Offset, Memory<byte> Destination)
{
    internal long End => Offset + Destination.Length;
}

/// <summary>An object being written. Disposing it before completion leaves nothing behind. Not thread safe.</summary>
public interface IObjectUpload : IAsyncDisposable
{
    /// <summary>Bytes written so far.</summary>
    long Length { get; }

    /// <summary>Memory held for bytes that are not sent yet.</summary>
    long BufferedByteCount => 0;

    /// <summary>Appends bytes; the buffer may be reused when the call returns.</summary>
    Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation);

    /// <summary>Whether large ranges of other objects are moved by the store itself.</summary>
    bool MovesRanges => false;

    /// <summary>
    /// Appends bytes of another object of the store in which the upload was begun. On S3 the store moves all but the first few megabytes of a
    /// large range itself; elsewhere they are read and written.
    /// </summary>
    Task AppendFromAsync(IObjectStore store, ObjectPath source, long offset, long length, CancellationToken cancellation) =>
        RangeAppending.ReadAndWriteAsync(this, store, source, offset, length, cancellation);

    /// <summary>Makes the object durable and visible; an object of that name is replaced.</summary>
    Task CompleteAsync(CancellationToken cancellation);
}
