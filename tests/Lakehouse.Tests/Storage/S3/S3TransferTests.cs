using Amazon.S3;
using Amazon.S3.Model;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Storage;

/// <summary>Objects that go in several parts, and listings of several pages.</summary>
[Collection(nameof(RealS3))]
public sealed class S3TransferTests(RealS3 s3) : IDisposable
{
    private static readonly ObjectPath Path = new("large");
    private readonly FaultyTransport _transport = new();
    private readonly string _folder = RealS3.NewFolder();
    private S3ObjectStore? _store;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private S3ObjectStore Store => _store ??= s3.Service.NewStore(_folder, _transport);

    public void Dispose() => _transport.Dispose();

    [Fact]
    public async Task An_upload_of_several_parts_is_exact_and_its_parts_go_out_before_it_is_complete()
    {
        byte[] content = Content((20 << 20) + 12345);
        await using IObjectUpload upload = await Store.BeginUploadAsync(Path, Stop);
        for (int at = 0; at < content.Length; at += 777_777)
        {
            await upload.WriteAsync(content.AsMemory(at, Math.Min(777_777, content.Length - at)), Stop);
        }

        Assert.Equal(content.Length, upload.Length);
        Assert.Null(await Store.StatAsync(Path, Stop));
        Assert.Equal(2, _transport.Sent.Count(r => r.Target.Contains("partNumber=", StringComparison.Ordinal)));
        await upload.CompleteAsync(Stop);
        Assert.True(await HoldsAsync(Path, content));
        Assert.Empty(await UploadsAsync());
    }

    [Fact]
    public async Task An_upload_given_up_after_some_parts_leaves_neither_object_nor_parts()
    {
        await using (IObjectUpload upload = await Store.BeginUploadAsync(Path, Stop))
        {
            await upload.WriteAsync(Content(17 << 20), Stop);
            Assert.Single(await UploadsAsync());
        }

        Assert.Null(await Store.StatAsync(Path, Stop));
        Assert.Empty(await UploadsAsync());
    }

    [Fact]
    public async Task Uploads_that_were_left_are_given_up_where_they_are_stale_and_nowhere_else()
    {
        using IAmazonS3 client = s3.Service.NewClient();
        foreach (string name in (string[])["a/dead", "a/alive", "b/dead"])
        {
            await client.InitiateMultipartUploadAsync(S3Service.Bucket, $"{_folder}/{name}", Stop);
        }

        List<(ObjectPath Path, DateTimeOffset Begun)> asked = [];
        await Store.AbortUploadsAsync(
            new ObjectPath("a"),
            (path, begun) =>
            {
                asked.Add((path, begun));
                return path.Name == "dead";
            },
            Stop);
        Assert.Equal(["a/alive", "a/dead"], asked.Select(a => a.Path.Value).Order());
        Assert.All(asked, a => Assert.True(a.Begun > DateTimeOffset.UnixEpoch));
        Assert.Equal([_folder + "/a/alive", _folder + "/b/dead"], (await UploadsAsync()).Select(u => u.Key).Order());

        _transport.Before = _ => new HttpResponseMessage(System.Net.HttpStatusCode.Forbidden);
        await Store.AbortUploadsAsync(default, (_, _) => true, Stop);
    }

    [Fact]
    public async Task A_part_that_fails_is_sent_again_and_one_that_never_arrives_fails_the_upload()
    {
        byte[] content = Content(18 << 20);
        int failures = 2;
        _transport.Before = request => IsPart(request) && Interlocked.Decrement(ref failures) >= 0 ? throw new IOException("cut") : null;
        await using (IObjectUpload upload = await Store.BeginUploadAsync(Path, Stop))
        {
            await upload.WriteAsync(content, Stop);
            await upload.CompleteAsync(Stop);
        }

        Assert.True(await HoldsAsync(Path, content));

        _transport.Before = request => IsPart(request) ? new HttpResponseMessage(System.Net.HttpStatusCode.Forbidden) : null;
        await using (IObjectUpload upload = await Store.BeginUploadAsync(new ObjectPath("refused"), Stop))
        {
            var failure = await Assert.ThrowsAsync<ObjectStoreException>(async () =>
            {
                await upload.WriteAsync(content, Stop);
                await upload.CompleteAsync(Stop);
            });
            Assert.Equal("refused", failure.Path.Value);
        }

        Assert.Empty(await UploadsAsync());
    }

    [Fact]
    public async Task When_the_answer_to_the_last_step_of_an_upload_is_lost_the_object_tells()
    {
        byte[] content = Content(9 << 20);
        bool lost = false;
        _transport.After = (request, _) =>
        {
            if (!lost && request.Method == HttpMethod.Post && request.RequestUri!.Query.Contains("uploadId", StringComparison.Ordinal))
            {
                lost = true;
                throw new IOException("cut");
            }
        };
        await using IObjectUpload upload = await Store.BeginUploadAsync(Path, Stop);
        await upload.WriteAsync(content, Stop);
        await upload.CompleteAsync(Stop);
        Assert.True(lost);
        Assert.True(await HoldsAsync(Path, content));
    }

    [Fact]
    public async Task Of_a_large_patched_copy_only_the_patched_parts_pass_through_this_process()
    {
        byte[] content = Content((40 << 20) + 321);
        await Store.PutAsync(Path, content, Stop);
        Patch[] patches = [new(4, "head"u8.ToArray()), new((20 << 20) - 3, "middle"u8.ToArray()), new(content.Length - 9, "tail"u8.ToArray())];
        _transport.Clear();
        var copy = new ObjectPath("copy");
        await Store.CopyPatchedAsync(Path, copy, patches, Stop);
        long sent = _transport.Sent.Sum(r => r.ContentLength);
        Assert.InRange(sent, 10 << 20, 11 << 20);
        foreach (Patch patch in patches)
        {
            patch.Bytes.CopyTo(content.AsMemory((int)patch.Offset));
        }

        Assert.True(await HoldsAsync(copy, content));
        await Store.CopyPatchedAsync(Path, copy, [], Stop);
        Assert.False(await HoldsAsync(copy, content));
        Assert.Empty(await UploadsAsync());
    }

    [Fact]
    public async Task A_large_read_goes_in_pieces_and_a_piece_that_breaks_is_read_again()
    {
        byte[] content = Content(21 << 20);
        await Store.PutAsync(Path, content, Stop);
        int failures = 2;
        _transport.After = (request, _) =>
        {
            if (request.Method == HttpMethod.Get && Interlocked.Decrement(ref failures) >= 0)
            {
                throw new IOException("cut");
            }
        };
        byte[] read = new byte[(20 << 20) - 5];
        await Store.ReadAsync(Path, 1 << 20, read, Stop);
        Assert.True(content.AsSpan(1 << 20, read.Length).SequenceEqual(read));
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.ReadAsync(Path, 2 << 20, read, Stop));
    }

    [Fact]
    public async Task A_listing_of_many_pages_is_whole_and_goes_on_where_it_broke_off()
    {
        _store = s3.Service.NewStore(_folder, _transport, listPageSize: 40);
        await SideBySide.RunAsync(
            Enumerable.Range(0, 100), 16, (i, stop) => Store.PutAsync(new ObjectPath($"f/{i:D5}"), new byte[] { 1 }, stop), Stop);
        _transport.Clear();
        Assert.Equal(100, (await NamesAsync(Store, null)).Count);
        Assert.Equal(3, _transport.Sent.Count);

        _transport.Clear();
        Assert.Equal(["f/00098", "f/00099"], await NamesAsync(Store, new ObjectPath("f/00097")));
        Assert.Single(_transport.Sent);

        int pages = 0;
        _transport.Before = _ => ++pages is 2 or 3 ? throw new IOException("cut") : null;
        _transport.Clear();
        IObjectStore retrying = new RetryingObjectStore(Store, new HastyTime(), new Random(1));
        List<string> names = await NamesAsync(retrying, null);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"f/{i:D5}"), names);
        Assert.Equal(5, _transport.Sent.Count); // Three pages and two that broke: nothing is listed twice.
    }

    private static bool IsPart(HttpRequestMessage request) => request.RequestUri!.Query.Contains("partNumber", StringComparison.Ordinal);

    private static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    private static async Task<List<string>> NamesAsync(IObjectStore store, ObjectPath? after)
    {
        List<string> names = [];
        await foreach (ObjectStat entry in store.ListAsync(new ObjectPath("f"), recursive: true, after, Stop))
        {
            names.Add(entry.Path.Value);
        }

        return names;
    }

    private async Task<bool> HoldsAsync(ObjectPath path, byte[] content)
    {
        byte[] held = await Store.GetAsync(path, Stop) ?? [];
        return content.AsSpan().SequenceEqual(held);
    }

    /// <summary>Uploads begun below the test's folder and neither completed nor given up.</summary>
    private async Task<IReadOnlyList<MultipartUpload>> UploadsAsync()
    {
        using IAmazonS3 client = s3.Service.NewClient();
        ListMultipartUploadsResponse response = await client.ListMultipartUploadsAsync(
            new ListMultipartUploadsRequest { BucketName = S3Service.Bucket, Prefix = _folder + "/" }, Stop);
        return response.MultipartUploads ?? [];
    }
}
