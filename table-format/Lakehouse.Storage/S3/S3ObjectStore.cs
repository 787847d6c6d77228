using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Lakehouse.Storage;

/// <summary>
/// Objects in a bucket of S3, or of a store that speaks like it, below a prefix. Needs a store that is strongly consistent and honours
/// <c>If-None-Match: *</c> on puts. Copies are made by the store itself; large objects go in parts, several at a time. Requests are
/// sent once: what may be repeated, <see cref="RetryingObjectStore"/> repeats, and the parts of uploads are repeated here. Thread safe.
/// </summary>
public sealed class S3ObjectStore : IObjectStore
{
    private const long CopyBytesMax = 5L << 30;
    private readonly IAmazonS3 _client;
    private readonly S3Location _location;
    private readonly S3Settings _settings;
    private readonly S3Calls _calls;
    private readonly S3Transfers _transfers;

    /// <summary>A store at a location such as <c>s3://bucket/folder</c>. Nothing is sent before the first call.</summary>
    public S3ObjectStore(string location, S3Settings settings, TimeProvider time, Random random)
        : this(location, settings, time, new Retries(time, random))
    {
    }

    internal S3ObjectStore(string location, S3Settings settings, TimeProvider time, Retries retries)
        : this(S3Location.Parse(location), settings, time, retries)
    {
    }

    private S3ObjectStore(S3Location location, S3Settings settings, TimeProvider time, Retries retries)
        : this(NewClient(location, settings), location, settings, time, retries)
    {
    }

    internal S3ObjectStore(IAmazonS3 client, S3Location location, S3Settings settings, TimeProvider time, Retries retries)
    {
        (_client, _location, _settings) = (client, location, settings);
        Root = location.ToString();
        _calls = new S3Calls(Root, time);
        _transfers = new S3Transfers(client, location, settings, _calls, retries);
    }

    /// <inheritdoc/>
    public string Root { get; }

    /// <summary>Entries that one request of a listing asks for; S3 gives at most so many.</summary>
    internal int ListPageSize { get; init; } = 1000;

    /// <inheritdoc/>
    public async Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        _calls.CheckName("put-if-absent", path);
        PutObjectRequest request = _settings.Put(_location, path, content);
        request.IfNoneMatch = "*";
        return await _calls.ChangeAsync(
            "put-if-absent",
            path,
            async limit =>
            {
                limit.Allow(content.Length);
                try
                {
                    await _client.PutObjectAsync(request, limit.Token);
                    return PutResult.Created;
                }
                catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.PreconditionFailed)
                {
                    return PutResult.AlreadyExists;
                }
            },
            cancellation);
    }

    /// <inheritdoc/>
    public async Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        _calls.CheckName("put", path);
        await _transfers.PutOnceAsync("put", path, content, cancellation);
    }

    /// <summary>Begins an upload. Nothing is sent before the first part is full; a small object is sent whole at the end.</summary>
    public async Task<IObjectUpload> BeginUploadAsync(ObjectPath path, CancellationToken cancellation)
    {
        await Task.CompletedTask;
        cancellation.ThrowIfCancellationRequested();
        _calls.CheckName("upload", path);
        return new S3Upload(_transfers, path);
    }

    /// <inheritdoc/>
    public async Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation)
    {
        _calls.CheckName("copy-if-absent", target);
        if (await StatAsync(target, cancellation) is not null)
        {
            return PutResult.AlreadyExists;
        }

        try
        {
            await _calls.ChangeAsync(
                "copy-if-absent",
                target,
                async limit =>
                {
                    limit.Allow(CopyBytesMax / 1000); // The store moves the bytes, not the network.
                    return await _client.CopyObjectAsync(_settings.Copy(_location, source, target), limit.Token);
                },
                cancellation);
        }
        catch (ObjectStoreException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound })
        {
            throw Absent(e, "copy-if-absent", target, source);
        }
        catch (ObjectStoreException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.BadRequest })
        {
            // One request copies at most 5 GiB.
            if (await StatAsync(source, cancellation) is not { Size: > CopyBytesMax } large)
            {
                throw;
            }

            await _transfers.CopyAsync("copy-if-absent", source, target, large.Size, [], cancellation);
        }

        return PutResult.Created;
    }

    /// <summary>A small object is read and put again; of a large one only the parts that hold patches, the store copies the others.</summary>
    public async Task CopyPatchedAsync(
        ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(patches);
        _calls.CheckName("patched copy", target);
        (byte[] head, long size) = await ReadHeadAsync("patched copy", source, target, PatchedCopyPlan.WholeBytesMax, cancellation);
        Patches.Check(patches, size);
        if (size <= PatchedCopyPlan.WholeBytesMax)
        {
            Patches.Apply(patches, head, 0);
            await PutAsync(target, head, cancellation);
        }
        else
        {
            await _transfers.CopyAsync("patched copy", source, target, size, patches, cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation) => path.Value.Length == 0
        ? null
        : await _calls.ReadAsync(
            "get",
            path,
            async limit =>
            {
                try
                {
                    using GetObjectResponse response = await _client.GetObjectAsync(
                        new GetObjectRequest { BucketName = _location.Bucket, Key = _location.Key(path) }, limit.Token);
                    byte[] content = new byte[response.ContentLength];
                    limit.Allow(content.Length);
                    await response.ResponseStream.ReadExactlyAsync(content, limit.Token);
                    return content;
                }
                catch (AmazonS3Exception e) when (IsAbsent(e))
                {
                    return null;
                }
            },
            cancellation);

    /// <inheritdoc/>
    public async Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (destination.IsEmpty)
        {
            ObjectStat stat = await StatAsync(path, cancellation) ?? throw _calls.Absent("read", path);
            CheckInside(path, offset, 0, stat.Size);
            return;
        }

        await _transfers.ReadAsync("read", path, offset, destination, cancellation);
    }

    /// <inheritdoc/>
    public Task ReadAsync(ObjectPath path, IReadOnlyList<ReadRange> ranges, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(ranges);
        return _transfers.ReadAsync("read", path, ranges, cancellation);
    }

    /// <inheritdoc/>
    public async Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) => path.Value.Length == 0
        ? null
        : await _calls.ReadAsync(
            "stat",
            path,
            async limit =>
            {
                try
                {
                    GetObjectMetadataResponse response = await _client.GetObjectMetadataAsync(
                        new GetObjectMetadataRequest { BucketName = _location.Bucket, Key = _location.Key(path) }, limit.Token);
                    return new ObjectStat(path, response.ContentLength, S3Transfers.Time(response.LastModified));
                }
                catch (AmazonS3Exception e) when (IsAbsent(e))
                {
                    return null;
                }
            },
            cancellation);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, ObjectPath? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // < The store sorts the sub-folder "a/" behind the object "a-b", a listing here the folder "a" before it. Levels are short; trees are not.
        List<ObjectStat> level = [];
        await foreach (ListObjectsV2Response page in PagesAsync(folder, recursive, after, cancellation))
        {
            foreach (S3Object found in page.S3Objects ?? [])
            {
                if (_location.PathOf(found.Key) is { } path && (after is null || path.CompareTo(after.Value) > 0))
                {
                    var entry = new ObjectStat(path, found.Size ?? 0, S3Transfers.Time(found.LastModified));
                    if (recursive)
                    {
                        yield return entry;
                    }
                    else
                    {
                        level.Add(entry);
                    }
                }
            }

            foreach (string prefix in page.CommonPrefixes ?? [])
            {
                if (_location.PathOf(prefix[..^1]) is { } path && (after is null || path.CompareTo(after.Value) > 0))
                {
                    level.Add(new ObjectStat(path, 0, default, IsFolder: true));
                }
            }
        }

        level.Sort(static (a, b) => a.Path.CompareTo(b.Path));
        foreach (ObjectStat entry in level)
        {
            yield return entry;
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(ObjectPath path, CancellationToken cancellation)
    {
        if (path.Value.Length > 0)
        {
            await _calls.ChangeAsync(
                "delete", path, limit => _client.DeleteObjectAsync(_location.Bucket, _location.Key(path), limit.Token), cancellation);
        }
    }

    /// <summary>Does nothing where the credentials may not list uploads; then a rule of the bucket has to remove them.</summary>
    public Task AbortUploadsAsync(ObjectPath folder, Func<ObjectPath, DateTimeOffset, bool> isStale, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(isStale);
        return _transfers.AbortStaleAsync(folder, isStale, cancellation);
    }

    private async IAsyncEnumerable<ListObjectsV2Response> PagesAsync(
        ObjectPath folder, bool recursive, ObjectPath? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListObjectsV2Request
        {
            BucketName = _location.Bucket,
            Prefix = _location.KeyPrefix(folder),
            Delimiter = recursive ? null : "/",
            MaxKeys = ListPageSize,
            StartAfter = after is { } path ? _location.Key(path) : null,
        };
        while (true)
        {
            ListObjectsV2Response page = await _calls.ReadAsync(
                "list", folder, limit => _client.ListObjectsV2Async(request, limit.Token), cancellation);
            yield return page;
            if (page.IsTruncated != true)
            {
                yield break;
            }

            request.ContinuationToken = page.NextContinuationToken;
        }
    }

    /// <summary>The first bytes of an object and its size; all bytes when they are no more than <paramref name="bytesMax"/>.</summary>
    private Task<(byte[] Head, long Size)> ReadHeadAsync(
        string operation, ObjectPath source, ObjectPath target, int bytesMax, CancellationToken cancellation) => _calls.ReadAsync(
        operation,
        target,
        async limit =>
        {
            try
            {
                using GetObjectResponse response = await _client.GetObjectAsync(
                    new GetObjectRequest
                    {
                        BucketName = _location.Bucket,
                        Key = _location.Key(source),
                        ByteRange = new ByteRange(0, bytesMax - 1),
                    },
                    limit.Token);
                long size = S3Transfers.SizeOf(response);
                byte[] head = size <= bytesMax ? new byte[size] : [];
                limit.Allow(head.Length);
                await response.ResponseStream.ReadExactlyAsync(head, limit.Token);
                return (head, size);
            }
            catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                return ([], 0L); // An empty object has no first byte.
            }
            catch (AmazonS3Exception e) when (IsAbsent(e))
            {
                throw new ObjectStoreException(operation, Root, target, $"its source '{source}' does not exist", e);
            }
        },
        cancellation);

    private ObjectStoreException Absent(ObjectStoreException failure, string operation, ObjectPath target, ObjectPath source) =>
        failure.InnerException is AmazonS3Exception e && IsAbsent(e)
            ? new ObjectStoreException(operation, Root, target, $"its source '{source}' does not exist", e)
            : failure;

    private void CheckInside(ObjectPath path, long offset, int length, long size)
    {
        if (length > size - offset)
        {
            throw S3Transfers.Outside(Root, path, offset, length, size);
        }
    }

    /// <summary>True for an absent object; an absent bucket is an error.</summary>
    private static bool IsAbsent(AmazonS3Exception e) => e.StatusCode == HttpStatusCode.NotFound && e.ErrorCode != "NoSuchBucket";


    private static SingleAttemptClient NewClient(S3Location location, S3Settings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        try
        {
            return new SingleAttemptClient(SingleAttemptClient.Configure(settings, NewHandler));
        }
        catch (AmazonClientException e)
        {
            throw new ArgumentException($"'{location}' cannot be opened: {e.Message}. Set AWS_REGION, or AWS_ENDPOINT_URL for a store that is not AWS.", e);
        }
    }

    private static SocketsHttpHandler NewHandler() => new()
    {
        // Shorter than any store keeps a connection open, so that a put meets a closed one seldom.
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(4),
        ConnectTimeout = TimeSpan.FromSeconds(10),
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
    };
}
