using System.Buffers;
using System.Globalization;
using System.Net;
using Amazon.S3;
using Amazon.S3.Model;

namespace Lakehouse.Storage;

/// <summary>
/// Moves large contents in pieces: ranged reads, the parts of an upload, copies part by part. Every piece may be repeated, and is. Thread
/// safe.
/// </summary>
internal sealed class S3Transfers(IAmazonS3 client, S3Location location, S3Settings settings, S3Calls calls, Retries retries)
{
    private const int ReadBytesMax = 8 << 20;
    private const int Width = 4;

    /// <summary>Fills <paramref name="destination"/>, a large one in pieces side by side.</summary>
    internal Task ReadAsync(
        string operation, ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        if (destination.Length <= ReadBytesMax)
        {
            return ReadPieceAsync(operation, path, offset, destination, cancellation);
        }

        int pieces = ((destination.Length - 1) / ReadBytesMax) + 1;
        return SideBySide.RunAsync(
            Enumerable.Range(0, pieces),
            Width,
            (piece, stop) =>
            {
                int from = piece * ReadBytesMax;
                Memory<byte> part = destination[from..Math.Min(from + ReadBytesMax, destination.Length)];
                return retries.RunAsync(() => ReadPieceAsync(operation, path, offset + from, part, stop), stop);
            },
            cancellation);
    }

    /// <summary>Fills several ranges, those close to each other with one request.</summary>
    internal Task ReadAsync(string operation, ObjectPath path, IReadOnlyList<ReadRange> ranges, CancellationToken cancellation) =>
        SideBySide.RunAsync(
            RangePlan.Make([.. ranges.Where(static r => !r.Destination.IsEmpty)]),
            Width,
            (read, stop) => read.Ranges is [var only]
                ? ReadAsync(operation, path, only.Offset, only.Destination, stop)
                : ReadCoalescedAsync(operation, path, read, stop),
            cancellation);

    /// <summary>Puts a whole object.</summary>
    internal Task PutAsync(string operation, ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        retries.RunAsync(() => PutOnceAsync(operation, path, content, cancellation), cancellation);

    /// <summary>Puts a whole object, sent once.</summary>
    internal Task PutOnceAsync(string operation, ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        calls.ChangeAsync(
            operation,
            path,
            limit =>
            {
                limit.Allow(content.Length);
                return client.PutObjectAsync(settings.Put(location, path, content), limit.Token);
            },
            cancellation);

    /// <summary>Begins an upload in parts and returns its id.</summary>
    internal async Task<string> BeginAsync(string operation, ObjectPath path, CancellationToken cancellation) =>
        (await retries.RunAsync(
            () => calls.ChangeAsync(
                operation, path, limit => client.InitiateMultipartUploadAsync(settings.Begin(location, path), limit.Token), cancellation),
            cancellation)).UploadId;

    /// <summary>Uploads one part.</summary>
    internal Task<PartETag> UploadPartAsync(
        string operation, ObjectPath path, string uploadId, int number, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        retries.RunAsync(
            () => calls.ChangeAsync(
                operation,
                path,
                async limit =>
                {
                    limit.Allow(content.Length);
                    UploadPartResponse response = await client.UploadPartAsync(
                        new UploadPartRequest
                        {
                            BucketName = location.Bucket,
                            Key = location.Key(path),
                            UploadId = uploadId,
                            PartNumber = number,
                            PartSize = content.Length,
                            InputStream = S3Requests.Stream(content),
                            UseChunkEncoding = false,
                        },
                        limit.Token);
                    return new PartETag(number, response.ETag);
                },
                cancellation),
            cancellation);

    /// <summary>
    /// Puts the parts together. When the answer is lost the upload is asked again: if it is gone, the object tells whether it was completed.
    /// </summary>
    internal async Task CompleteAsync(
        string operation, ObjectPath path, string uploadId, long size, List<PartETag> parts, CancellationToken cancellation)
    {
        bool wasSent = false;
        await retries.RunAsync(
            async () =>
            {
                try
                {
                    await calls.ChangeAsync(operation, path, CompleteOnceAsync, cancellation);
                }
                catch (ObjectStoreException e)
                    when (wasSent && e.InnerException is AmazonS3Exception { ErrorCode: "NoSuchUpload" or "InvalidPart" })
                {
                    if (await SizeAsync(operation, path, cancellation) != size)
                    {
                        throw;
                    }
                }
                finally
                {
                    wasSent = true;
                }
            },
            cancellation);

        async Task<bool> CompleteOnceAsync(CallLimit limit)
        {
            limit.Allow(size / 1000); // The store moves the bytes, not the network.
            await client.CompleteMultipartUploadAsync(
                new CompleteMultipartUploadRequest
                {
                    BucketName = location.Bucket,
                    Key = location.Key(path),
                    UploadId = uploadId,
                    PartETags = parts,
                },
                limit.Token);
            return true;
        }
    }

    /// <summary>Gives an upload up. What cannot be deleted now stays invisible and is swept later.</summary>
    internal async Task AbortAsync(string operation, ObjectPath path, string uploadId)
    {
        try
        {
            await retries.RunAsync(
                () => calls.ChangeAsync(
                    operation,
                    path,
                    limit => client.AbortMultipartUploadAsync(location.Bucket, location.Key(path), uploadId, limit.Token),
                    CancellationToken.None),
                CancellationToken.None);
        }
        catch (ObjectStoreException)
        {
            // The failure that led here is the one to tell.
        }
    }

    /// <summary>Gives up the uploads that were left.</summary>
    internal async Task AbortStaleAsync(
        ObjectPath folder, Func<ObjectPath, DateTimeOffset, bool> isStale, CancellationToken cancellation)
    {
        const string Operation = "abort-uploads";
        var request = new ListMultipartUploadsRequest { BucketName = location.Bucket, Prefix = location.KeyPrefix(folder) };
        ListMultipartUploadsResponse page;
        do
        {
            try
            {
                page = await calls.ReadAsync(
                    Operation, folder, limit => client.ListMultipartUploadsAsync(request, limit.Token), cancellation);
            }
            catch (ObjectStoreException e)
                when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.NotImplemented })
            {
                return;
            }

            foreach (MultipartUpload upload in page.MultipartUploads ?? [])
            {
                if (location.PathOf(upload.Key) is { } path && isStale(path, Time(upload.Initiated)))
                {
                    await AbortAsync(Operation, path, upload.UploadId);
                }
            }

            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
        while (page.IsTruncated == true);
    }

    /// <summary>A time as the store tells it.</summary>
    internal static DateTimeOffset Time(DateTime? time) => time is { } given ? new DateTimeOffset(given.ToUniversalTime()) : default;

    /// <summary>Copies a large object, some bytes changed.</summary>
    internal async Task CopyAsync(
        string operation, ObjectPath source, ObjectPath target, long size, IReadOnlyList<Patch> patches, CancellationToken cancellation)
    {
        List<CopyPart> plan = PatchedCopyPlan.Make(size, patches);
        string uploadId = await BeginAsync(operation, target, cancellation);
        try
        {
            var parts = new PartETag[plan.Count];
            await SideBySide.RunAsync(
                Enumerable.Range(0, plan.Count),
                Width,
                async (i, stop) => parts[i] = plan[i].IsPatched
                    ? await PatchPartAsync(operation, source, target, uploadId, i + 1, plan[i], patches, stop)
                    : await CopyPartAsync(operation, source, target, uploadId, i + 1, plan[i], stop),
                cancellation);
            await CompleteAsync(operation, target, uploadId, size, [.. parts], cancellation);
        }
        catch
        {
            await AbortAsync(operation, target, uploadId);
            throw;
        }
    }

    /// <summary>The size of the whole object that a ranged answer is a part of.</summary>
    internal static long SizeOf(GetObjectResponse response)
    {
        string? range = response.ContentRange; // bytes 0-9/1234
        return range is not null && long.TryParse(
            range.AsSpan(range.LastIndexOf('/') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            ? size
            : response.ContentLength;
    }

    /// <summary>Says that a read leaves the object.</summary>
    internal static ObjectStoreException Outside(string root, ObjectPath path, long offset, int length, long size) =>
        new("read", root, path, FormattableString.Invariant($"it has {size} bytes, asked for {length} at {offset}"));

    private async Task ReadCoalescedAsync(string operation, ObjectPath path, CoalescedRead read, CancellationToken cancellation)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(read.Length);
        try
        {
            Memory<byte> bytes = rented.AsMemory(0, read.Length);
            await retries.RunAsync(() => ReadPieceAsync(operation, path, read.Offset, bytes, cancellation), cancellation);
            foreach (ReadRange range in read.Ranges)
            {
                bytes.Slice((int)(range.Offset - read.Offset), range.Destination.Length).CopyTo(range.Destination);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private async Task<PartETag> PatchPartAsync(
        string operation,
        ObjectPath source,
        ObjectPath target,
        string uploadId,
        int number,
        CopyPart part,
        IReadOnlyList<Patch> patches,
        CancellationToken cancellation)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)part.Length);
        try
        {
            Memory<byte> bytes = rented.AsMemory(0, (int)part.Length);
            await retries.RunAsync(() => ReadPieceAsync(operation, source, part.Offset, bytes, cancellation), cancellation);
            Patches.Apply(patches, bytes.Span, part.Offset);
            return await UploadPartAsync(operation, target, uploadId, number, bytes, cancellation);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <summary>Has the store copy a range of an object into an upload.</summary>
    internal Task<PartETag> CopyPartAsync(
        string operation, ObjectPath source, ObjectPath target, string uploadId, int number, CopyPart part, CancellationToken cancellation) =>
        retries.RunAsync(
            () => calls.ChangeAsync(
                operation,
                target,
                async limit =>
                {
                    limit.Allow(part.Length / 1000);
                    CopyPartResponse response = await client.CopyPartAsync(
                        new CopyPartRequest
                        {
                            SourceBucket = location.Bucket,
                            SourceKey = location.Key(source),
                            DestinationBucket = location.Bucket,
                            DestinationKey = location.Key(target),
                            UploadId = uploadId,
                            PartNumber = number,
                            FirstByte = part.Offset,
                            LastByte = part.Offset + part.Length - 1,
                        },
                        limit.Token);
                    return new PartETag(number, response.ETag);
                },
                cancellation),
            cancellation);

    private Task<bool> ReadPieceAsync(
        string operation, ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation) => calls.ReadAsync(
        operation,
        path,
        async limit =>
        {
            try
            {
                using GetObjectResponse response = await client.GetObjectAsync(
                    new GetObjectRequest
                    {
                        BucketName = location.Bucket,
                        Key = location.Key(path),
                        ByteRange = new ByteRange(offset, offset + destination.Length - 1),
                    },
                    limit.Token);
                if (response.ContentLength < destination.Length)
                {
                    throw Outside(location.ToString(), path, offset, destination.Length, SizeOf(response));
                }

                limit.Allow(destination.Length);
                await response.ResponseStream.ReadExactlyAsync(destination, limit.Token);
                return true;
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                throw new ObjectStoreException(operation, location.ToString(), path, FormattableString.Invariant(
                    $"it ends before byte {offset}"), e);
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket")
            {
                throw calls.Absent(operation, path);
            }
        },
        cancellation);

    private Task<long> SizeAsync(string operation, ObjectPath path, CancellationToken cancellation) => retries.RunAsync(
        () => calls.ReadAsync(
            operation,
            path,
            async limit => (await client.GetObjectMetadataAsync(location.Bucket, location.Key(path), limit.Token)).ContentLength,
            cancellation),
        cancellation);
}
