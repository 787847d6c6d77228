using System.Buffers;
using Amazon.S3.Model;

namespace Lakehouse.Storage;

/// <summary>
/// An upload to S3. Full parts are sent while the caller goes on writing, at most <see cref="SentAtATime"/> of them; an object that fits
/// into one part is put in one request when it is complete.
/// </summary>
internal sealed class S3Upload(S3Transfers transfers, ObjectPath path) : IObjectUpload
{
    private const int PartBytes = 8 << 20;
    private const int PartCountMax = 10_000;
    private const int SentAtATime = 4;
    private readonly List<Task<PartETag>> _parts = [];
    private readonly SemaphoreSlim _sending = new(SentAtATime);
    private readonly CancellationTokenSource _abandoned = new();
    private byte[]? _part;
    private int _partLength;
    private string? _uploadId;
    private bool _completed;

    public long Length { get; private set; }

    public long BufferedByteCount => (_part is null ? 0L : PartBytes) + (PartBytes * (long)_parts.Count(static p => !p.IsCompleted));

    public async Task WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        Invariant.Holds(!_completed, "nothing is written to a completed upload");
        while (!content.IsEmpty)
        {
            if (_partLength == PartBytes)
            {
                await SendPartAsync(cancellation);
            }

            _part ??= ArrayPool<byte>.Shared.Rent(PartBytes);
            int taken = Math.Min(PartBytes - _partLength, content.Length);
            content.Span[..taken].CopyTo(_part.AsSpan(_partLength));
            _partLength += taken;
            Length += taken;
            content = content[taken..];
        }
    }

    public bool MovesRanges => true;

    public async Task AppendFromAsync(IObjectStore store, ObjectPath source, long offset, long length, CancellationToken cancellation)
    {
        Invariant.Holds(!_completed, "nothing is written to a completed upload");
        long end = offset + length;

        // < Every part but the last has 5 MiB at least: what is written already is filled up to that.
        long read = _partLength is 0 or >= PatchedCopyPlan.PartBytesMin ? 0 : PatchedCopyPlan.PartBytesMin - _partLength;
        read = length - read < PatchedCopyPlan.PartBytesMin ? length : read;
        await RangeAppending.ReadAndWriteAsync(this, store, source, offset, read, cancellation);
        offset += read;
        if (offset == end)
        {
            return;
        }

        if (_partLength > 0)
        {
            await SendPartAsync(cancellation);
        }

        foreach (CopyPart part in PatchedCopyPlan.Make(end - offset, []))
        {
            await WaitForTurnAsync(cancellation);
            Length += part.Length;
            _parts.Add(MoveAsync(source, part with { Offset = offset + part.Offset }, _parts.Count + 1, _uploadId!)); // Not null: its turn came.
        }
    }

    public async Task CompleteAsync(CancellationToken cancellation)
    {
        Invariant.Holds(!_completed, "an upload completes once");
        if (_uploadId is null)
        {
            await transfers.PutAsync("upload", path, _part.AsMemory(0, _partLength), cancellation);
        }
        else
        {
            if (_partLength > 0)
            {
                await SendPartAsync(cancellation);
            }

            List<PartETag> parts = [.. await Task.WhenAll(_parts)];
            await transfers.CompleteAsync("upload", path, _uploadId, Length, parts, cancellation);
        }

        _completed = true;
    }

    public async ValueTask DisposeAsync()
    {
        await _abandoned.CancelAsync();
        await Task.WhenAll(_parts.Select(static part => part.ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)));
        if (_uploadId is not null && !_completed)
        {
            await transfers.AbortAsync("upload", path, _uploadId);
        }

        if (_part is not null)
        {
            ArrayPool<byte>.Shared.Return(_part);
            _part = null;
        }

        _sending.Dispose();
        _abandoned.Dispose();
    }

    /// <summary>Hands the part that is being filled to the network.</summary>
    private async Task SendPartAsync(CancellationToken cancellation)
    {
        await WaitForTurnAsync(cancellation);
        (byte[] part, int length) = (_part!, _partLength); // Called only while there is one.
        (_part, _partLength) = (null, 0);
        _parts.Add(SendAsync(part, length, _parts.Count + 1, _uploadId!)); // Not null: its turn came.
    }

    /// <summary>Waits until one more part may be on its way, and throws when an earlier one has failed.</summary>
    private async Task WaitForTurnAsync(CancellationToken cancellation)
    {
        _uploadId ??= await transfers.BeginAsync("upload", path, cancellation);
        Invariant.Holds(_parts.Count < PartCountMax, "An upload has at most 10,000 parts.");
        await _sending.WaitAsync(cancellation);
        foreach (Task<PartETag> failed in _parts.Where(static p => p.IsFaulted))
        {
            _sending.Release();
            await failed;
        }
    }

    private async Task<PartETag> MoveAsync(ObjectPath source, CopyPart part, int number, string uploadId)
    {
        try
        {
            return await transfers.CopyPartAsync("upload", source, path, uploadId, number, part, _abandoned.Token);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task<PartETag> SendAsync(byte[] part, int length, int number, string uploadId)
    {
        try
        {
            return await transfers.UploadPartAsync("upload", path, uploadId, number, part.AsMemory(0, length), _abandoned.Token);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(part);
            _sending.Release();
        }
    }
}
