using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Storage;

[Collection(nameof(RealS3))]
public sealed class S3ObjectStoreTests(RealS3 s3) : ObjectStoreContract
{
    private readonly string _folder = RealS3.NewFolder();
    private IObjectStore? _store;

    protected override IObjectStore Store => _store ??= s3.Service.NewStore(_folder);

    [Fact]
    public async Task A_bucket_without_a_folder_is_a_store_too()
    {
        S3ObjectStore root = s3.Service.NewStore("");
        await Store.PutAsync(new ObjectPath("x"), Bytes("1"), Cancellation);
        Assert.Equal("1", System.Text.Encoding.UTF8.GetString(await root.GetAsync(new ObjectPath(_folder + "/x"), Cancellation) ?? []));
        Assert.Equal("s3://lake", root.Root);
        Assert.Equal("s3://lake/" + _folder, Store.Root);
    }

    [Fact]
    public async Task Names_may_hold_whatever_a_path_may()
    {
        string[] names = ["dt=2026-01-01/a b+c.parquet", "city=S%C3%A3o/é😀.x", "q?a=b&c#d/e", "100%/%25", "~'()*!/@:;,$"];
        foreach (string name in names)
        {
            var path = new ObjectPath(name);
            Assert.Equal(PutResult.Created, await Store.PutIfAbsentAsync(path, Bytes(name), Cancellation));
            Assert.Equal(name, await TextAsync(path));
            await Store.CopyIfAbsentAsync(path, new ObjectPath("copies/" + name), Cancellation);
            await Store.CopyPatchedAsync(path, new ObjectPath("patched/" + name), [], Cancellation);
            Assert.Equal(Bytes(name).Length, (await Store.StatAsync(path, Cancellation))?.Size);
        }

        foreach (string folder in (string[])["copies", "patched"])
        {
            Assert.Equal(
                names.Select(n => new ObjectPath(folder + "/" + n)).Order().Select(p => p.Value),
                await ListAsync(new ObjectPath(folder), recursive: true));
        }
    }

    [Fact]
    public async Task A_folder_marker_of_another_program_is_no_object()
    {
        using Amazon.S3.IAmazonS3 client = s3.Service.NewClient();
        foreach (string key in (string[])["f/", "f/sub/", "f//odd"])
        {
            await client.PutObjectAsync(
                new Amazon.S3.Model.PutObjectRequest { BucketName = S3Service.Bucket, Key = _folder + "/" + key, ContentBody = "" }, Cancellation);
        }

        await Store.PutAsync(new ObjectPath("f/x"), Bytes("1"), Cancellation);
        Assert.Equal(["f/x"], await ListAsync(new ObjectPath("f"), recursive: true));
        Assert.Equal(["f/sub/", "f/x"], await ListAsync(new ObjectPath("f"), recursive: false));
    }
}
