using System.Diagnostics;
using System.Globalization;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Lakehouse.Tests.Storage;

public sealed class LocalObjectStoreTests : ObjectStoreContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public LocalObjectStoreTests() => Store = new LocalObjectStore(_folder["lake"]);

    protected override IObjectStore Store { get; }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("a/")]
    [InlineData("a\\b")]
    [InlineData("a\0b")]
    public void A_path_that_could_leave_the_store_cannot_be_made(string path) =>
        Assert.Throws<ArgumentException>(() => new ObjectPath(path));

    [Fact]
    public async Task A_symbolic_link_below_the_root_is_neither_followed_nor_listed_nor_replaced()
    {
        Directory.CreateDirectory(_folder["lake/real"]);
        Directory.CreateDirectory(_folder["outside"]);
        await File.WriteAllTextAsync(_folder["outside/secret"], "secret", Cancellation);
        Directory.CreateSymbolicLink(_folder["lake/linked"], _folder["outside"]);
        File.CreateSymbolicLink(_folder["lake/real/file"], _folder["outside/secret"]);
        File.CreateSymbolicLink(_folder["lake/real/dangling"], _folder["outside/new"]);

        foreach (string name in (string[])["linked/secret", "linked/new", "real/file", "real/dangling"])
        {
            var path = new ObjectPath(name);
            await Assert.ThrowsAsync<ObjectStoreException>(() => Store.GetAsync(path, Cancellation));
            await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutAsync(path, Bytes("x"), Cancellation));
            await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutIfAbsentAsync(path, Bytes("x"), Cancellation));
            await Assert.ThrowsAsync<ObjectStoreException>(() => Store.BeginUploadAsync(path, Cancellation));
            await Assert.ThrowsAsync<ObjectStoreException>(() => Store.DeleteAsync(path, Cancellation));
        }

        Assert.Equal(["secret"], Directory.EnumerateFiles(_folder["outside"]).Select(Path.GetFileName));
        Assert.Empty(await ListAsync(default, recursive: true));
        Assert.Empty(await ListAsync(new ObjectPath("real"), recursive: false));
    }

    [Fact]
    public async Task The_root_itself_may_be_reached_through_a_symbolic_link()
    {
        Directory.CreateDirectory(_folder["disk"]);
        Directory.CreateSymbolicLink(_folder["mount"], _folder["disk"]);
        var store = new LocalObjectStore(_folder["mount/lake"]);
        await store.PutAsync(new ObjectPath("x"), Bytes("x"), Cancellation);
        Assert.True(File.Exists(_folder["disk/lake/x"]));
    }

    [Fact]
    public async Task Unfinished_files_lie_where_no_reader_of_a_table_looks()
    {
        await Store.PutAsync(new ObjectPath(".hoodie/hoodie.properties"), Bytes("x"), Cancellation);
        await using IObjectUpload upload = await Store.BeginUploadAsync(new ObjectPath("dt=1/f.parquet"), Cancellation);
        await upload.WriteAsync(Bytes("half"), Cancellation);

        string file = Assert.Single(
            Directory.EnumerateFiles(_folder["lake"], "*", AllEntries), f => !f.EndsWith("properties", StringComparison.Ordinal));
        Assert.StartsWith(_folder["lake/.hoodie/.temp/.local/"], file, StringComparison.Ordinal);
        Assert.Equal([".hoodie/hoodie.properties"], await ListAsync(default, recursive: true));
        Assert.False(Directory.Exists(_folder["lake/dt=1"]));
        await Assert.ThrowsAsync<ObjectStoreException>(
            () => Store.GetAsync(new ObjectPath(".hoodie/.temp/.local/" + Path.GetFileName(file)), Cancellation));
    }

    [Fact]
    public async Task No_unfinished_file_stays_after_any_operation()
    {
        var path = new ObjectPath("a/b");
        await Store.PutIfAbsentAsync(path, Bytes("x"), Cancellation);
        await Store.PutIfAbsentAsync(path, Bytes("x"), Cancellation);
        await Store.PutAsync(path, Bytes("x"), Cancellation);
        await Store.CopyIfAbsentAsync(path, new ObjectPath("a/c"), Cancellation);
        await Store.CopyPatchedAsync(path, new ObjectPath("a/d"), [], Cancellation);
        await using (IObjectUpload upload = await Store.BeginUploadAsync(new ObjectPath("a/e"), Cancellation))
        {
            await upload.CompleteAsync(Cancellation);
        }

        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutAsync(new ObjectPath("a"), Bytes("x"), Cancellation));
        Assert.Equal(
            ["b", "c", "d", "e"], Directory.EnumerateFiles(_folder["lake"], "*", AllEntries).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_dead_writers_files_are_swept_and_a_living_writers_files_are_not()
    {
        string reserved = _folder["lake/.local"];
        Directory.CreateDirectory(reserved);
        string dead = Path.Combine(reserved, "dead");
        string young = Path.Combine(reserved, "young");
        string alive = Path.Combine(reserved, "alive");
        foreach (string file in (string[])[dead, young, alive])
        {
            await File.WriteAllTextAsync(file, "half", Cancellation);
        }

        DateTime hourAgo = File.GetLastWriteTimeUtc(dead).AddHours(-1);
        File.SetLastWriteTimeUtc(dead, hourAgo);
        File.SetLastWriteTimeUtc(alive, hourAgo);
        using SafeFileHandle held = File.OpenHandle(alive, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        await Store.PutAsync(new ObjectPath("x"), Bytes("x"), Cancellation);

        Assert.Equal(["alive", "young"], Directory.EnumerateFiles(reserved).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_copy_is_a_second_name_of_the_same_bytes_and_a_patched_copy_is_not()
    {
        var source = new ObjectPath("source");
        await Store.PutAsync(source, Bytes("0123"), Cancellation);
        await Store.CopyIfAbsentAsync(source, new ObjectPath("linked"), Cancellation);
        await Store.CopyPatchedAsync(source, new ObjectPath("patched"), [], Cancellation);

        // A zombie that still holds the source open and writes to it must not reach a patched copy.
        await File.WriteAllTextAsync(_folder["lake/source"], "zzzz", Cancellation);
        Assert.Equal("zzzz", await TextAsync(new ObjectPath("linked")));
        Assert.Equal("0123", await TextAsync(new ObjectPath("patched")));
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData((1 << 20) + 5)]
    [InlineData((16 << 20) + 5)]
    public async Task A_complete_upload_keeps_no_blocks_that_were_asked_for_ahead(int bytes)
    {
        byte[] content = new byte[bytes];
        new Random(7).NextBytes(content);
        await using (IObjectUpload upload = await Store.BeginUploadAsync(new ObjectPath("x"), Cancellation))
        {
            await upload.WriteAsync(content.AsMemory(0, bytes / 3), Cancellation);
            await upload.WriteAsync(content.AsMemory(bytes / 3), Cancellation);
            await upload.CompleteAsync(Cancellation);
        }

        Assert.Equal(content, await Store.GetAsync(new ObjectPath("x"), Cancellation));
        using Process stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%b", _folder["lake/x"]]) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("stat did not start.");
        long blocks = long.Parse(await stat.StandardOutput.ReadToEndAsync(Cancellation), CultureInfo.InvariantCulture);
        Assert.InRange(512 * blocks, 0, bytes + (64 << 10));
    }

    [Fact]
    public async Task An_object_and_its_folder_may_be_deleted_by_several_at_once()
    {
        for (int round = 0; round < 2_000; round++)
        {
            var path = new ObjectPath("temporary/of-a-claim/file");
            await Store.PutAsync(path, "x"u8.ToArray(), Cancellation);
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Store.DeleteAsync(path, Cancellation)));
            Assert.Null(await Store.StatAsync(path, Cancellation));
        }
    }

    [Fact]
    public async Task A_failure_names_the_operation_the_path_and_the_reason()
    {
        await Store.PutAsync(new ObjectPath("file"), Bytes("x"), Cancellation);
        var failure = await Assert.ThrowsAsync<ObjectStoreException>(
            () => Store.PutIfAbsentAsync(new ObjectPath("file/below"), Bytes("x"), Cancellation));
        Assert.Equal("put-if-absent", failure.Operation);
        Assert.Contains("file/below", failure.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["lake"], failure.Message, StringComparison.Ordinal);
    }

    private static EnumerationOptions AllEntries => new() { AttributesToSkip = 0, RecurseSubdirectories = true };
}
