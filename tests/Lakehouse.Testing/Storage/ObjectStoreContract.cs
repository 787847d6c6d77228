using System.Text;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Testing;

/// <summary>What every <see cref="IObjectStore"/> must do. A class per store derives from it and says how to make one.</summary>
public abstract class ObjectStoreContract
{
    private static readonly ObjectPath Path = new("a/b/object");
    private static readonly ObjectPath Other = new("a/c/other");

    /// <summary>The store under test, empty at the start of each test.</summary>
    protected abstract IObjectStore Store { get; }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Put_if_absent_creates_once_and_never_changes_what_is_there()
    {
        Assert.Equal(PutResult.Created, await Store.PutIfAbsentAsync(Path, Bytes("first"), Cancellation));
        Assert.Equal(PutResult.AlreadyExists, await Store.PutIfAbsentAsync(Path, Bytes("second"), Cancellation));
        Assert.Equal("first", await TextAsync(Path));
    }

    [Fact]
    public async Task Put_if_absent_has_one_winner_among_many_and_its_content_stays()
    {
        for (int round = 0; round < 20; round++)
        {
            var path = new ObjectPath($"race/{round}/claim");
            PutResult[] results = await Task.WhenAll(
                Enumerable.Range(0, 8).Select(i => Store.PutIfAbsentAsync(path, Bytes($"writer {i}"), Cancellation)));
            int winner = Assert.Single(Enumerable.Range(0, 8), i => results[i] == PutResult.Created);
            Assert.Equal($"writer {winner}", await TextAsync(path));
        }
    }

    [Fact]
    public async Task Put_creates_and_replaces()
    {
        await Store.PutAsync(Path, Bytes("first"), Cancellation);
        await Store.PutAsync(Path, Bytes("2"), Cancellation);
        Assert.Equal("2", await TextAsync(Path));
    }

    [Fact]
    public async Task An_object_may_be_empty()
    {
        Assert.Equal(PutResult.Created, await Store.PutIfAbsentAsync(Path, default, Cancellation));
        Assert.Empty(await Store.GetAsync(Path, Cancellation) ?? [1]);
        Assert.Equal(0, (await Store.StatAsync(Path, Cancellation))?.Size);
    }

    [Fact]
    public async Task The_content_may_be_reused_after_the_call()
    {
        byte[] content = Bytes("mine");
        await Store.PutAsync(Path, content, Cancellation);
        Array.Clear(content);
        byte[] read = await Store.GetAsync(Path, Cancellation) ?? [];
        Assert.Equal("mine", Encoding.UTF8.GetString(read));
        Array.Clear(read);
        Assert.Equal("mine", await TextAsync(Path));
    }

    [Fact]
    public async Task What_is_absent_reads_as_null_and_a_ranged_read_names_it()
    {
        Assert.Null(await Store.GetAsync(Path, Cancellation));
        Assert.Null(await Store.StatAsync(Path, Cancellation));
        var failure = await Assert.ThrowsAsync<ObjectStoreException>(() => Store.ReadAsync(Path, 0, new byte[1], Cancellation));
        Assert.Equal("read", failure.Operation);
        Assert.Equal(Path, failure.Path);
        Assert.False(failure.IsTransient);
    }

    [Fact]
    public async Task A_folder_is_not_an_object()
    {
        await Store.PutAsync(Path, Bytes("x"), Cancellation);
        Assert.Null(await Store.GetAsync(Path.Parent, Cancellation));
        Assert.Null(await Store.StatAsync(Path.Parent, Cancellation));
        await Store.DeleteAsync(Path.Parent, Cancellation);
        Assert.Equal("x", await TextAsync(Path));
    }

    [Fact]
    public async Task The_root_is_not_an_object()
    {
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutAsync(default, Bytes("x"), Cancellation));
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutIfAbsentAsync(default, Bytes("x"), Cancellation));
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.BeginUploadAsync(default, Cancellation));
    }

    [Fact]
    public async Task A_ranged_read_gives_those_bytes_and_refuses_to_go_past_the_end()
    {
        await Store.PutAsync(Path, Bytes("0123456789"), Cancellation);
        byte[] middle = new byte[4];
        await Store.ReadAsync(Path, 3, middle, Cancellation);
        Assert.Equal("3456", Encoding.UTF8.GetString(middle));
        await Store.ReadAsync(Path, 10, Memory<byte>.Empty, Cancellation);
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.ReadAsync(Path, 7, middle, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.ReadAsync(Path, -1, middle, Cancellation));
    }

    [Fact]
    public async Task Several_ranges_are_filled_at_once_in_any_order()
    {
        byte[] content = new byte[1 << 20];
        new Random(3).NextBytes(content);
        await Store.PutAsync(Path, content, Cancellation);
        (int Offset, int Length)[] asked = [(900_000, 1000), (0, 10), (20, 5), (0, 10), (1 << 20, 0), (10, 300_000), (700_000, 1)];
        ReadRange[] ranges = [.. asked.Select(a => new ReadRange(a.Offset, new byte[a.Length]))];
        await Store.ReadAsync(Path, ranges, Cancellation);
        Assert.All(asked.Zip(ranges), pair =>
            Assert.True(content.AsSpan(pair.First.Offset, pair.First.Length).SequenceEqual(pair.Second.Destination.Span)));
        await Store.ReadAsync(Path, [], Cancellation);
        await Assert.ThrowsAsync<ObjectStoreException>(
            () => Store.ReadAsync(Path, [ranges[0], new ReadRange((1 << 20) - 1, new byte[2])], Cancellation));
    }

    [Fact]
    public async Task An_upload_appears_only_when_complete_and_replaces()
    {
        await Store.PutAsync(Path, Bytes("old"), Cancellation);
        await using IObjectUpload upload = await Store.BeginUploadAsync(Path, Cancellation);
        await upload.WriteAsync(Bytes("new "), Cancellation);
        byte[] reused = Bytes("content");
        await upload.WriteAsync(reused, Cancellation);
        Array.Clear(reused);
        Assert.Equal(11, upload.Length);
        Assert.Equal("old", await TextAsync(Path));
        await upload.CompleteAsync(Cancellation);
        Assert.Equal("new content", await TextAsync(Path));
    }

    [Fact]
    public async Task An_upload_takes_ranges_of_other_objects_between_what_is_written()
    {
        byte[] large = new byte[13 << 20];
        new Random(5).NextBytes(large);
        await Store.PutAsync(Other, large, Cancellation);
        var expected = new MemoryStream();
        await using (IObjectUpload upload = await Store.BeginUploadAsync(Path, Cancellation))
        {
            foreach ((int written, int offset, int length) in new[]
            {
                (4, 100, 12 << 20), (0, 7, 6 << 20), (1_000, 0, 0), (9 << 20, 1, 5 << 20), (10, 12 << 20, 1 << 20), (6 << 20, 0, 13 << 20),
            })
            {
                await upload.WriteAsync(large.AsMemory(0, written), Cancellation);
                await upload.AppendFromAsync(Store, Other, offset, length, Cancellation);
                expected.Write(large, 0, written);
                expected.Write(large, offset, length);
                Assert.Equal(expected.Length, upload.Length);
            }

            await upload.CompleteAsync(Cancellation);
        }

        byte[]? found = await Store.GetAsync(Path, Cancellation);
        Assert.True(found.AsSpan().SequenceEqual(expected.ToArray()));
    }

    [Fact]
    public async Task An_upload_given_up_leaves_nothing()
    {
        await using (IObjectUpload upload = await Store.BeginUploadAsync(Path, Cancellation))
        {
            await upload.WriteAsync(Bytes("lost"), Cancellation);
            Assert.Empty(await ListAsync(default, recursive: true));
        }

        Assert.Null(await Store.GetAsync(Path, Cancellation));
        Assert.Empty(await ListAsync(default, recursive: true));
    }

    [Fact]
    public async Task A_copy_creates_once_and_outlives_its_source()
    {
        await Store.PutAsync(Path, Bytes("data"), Cancellation);
        Assert.Equal(PutResult.Created, await Store.CopyIfAbsentAsync(Path, Other, Cancellation));
        await Store.PutAsync(Path, Bytes("changed"), Cancellation);
        Assert.Equal(PutResult.AlreadyExists, await Store.CopyIfAbsentAsync(Path, Other, Cancellation));
        Assert.Equal("data", await TextAsync(Other));
        await Store.DeleteAsync(Path, Cancellation);
        Assert.Equal("data", await TextAsync(Other));
    }

    [Fact]
    public async Task A_copy_of_nothing_fails_and_creates_nothing()
    {
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.CopyIfAbsentAsync(Path, Other, Cancellation));
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.CopyPatchedAsync(Path, Other, [], Cancellation));
        Assert.Empty(await ListAsync(default, recursive: true));
    }

    [Fact]
    public async Task A_patched_copy_has_the_patches_and_its_source_has_not()
    {
        await Store.PutAsync(Path, Bytes("0123456789"), Cancellation);
        await Store.PutAsync(Other, Bytes("replaced"), Cancellation);
        Patch[] patches = [new(0, Bytes("ab")), new(2, Bytes("c")), new(9, Bytes("z"))];
        await Store.CopyPatchedAsync(Path, Other, patches, Cancellation);
        Assert.Equal("abc345678z", await TextAsync(Other));
        Assert.Equal("0123456789", await TextAsync(Path));
    }

    [Fact]
    public async Task A_large_patched_copy_is_exact()
    {
        byte[] content = new byte[(3 << 20) + 17];
        new Random(7).NextBytes(content);
        await Store.PutAsync(Path, content, Cancellation);
        await Store.CopyPatchedAsync(Path, Other, [new Patch((1 << 20) - 2, Bytes("edge"))], Cancellation);
        Bytes("edge").CopyTo(content, (1 << 20) - 2);
        byte[] copy = await Store.GetAsync(Other, Cancellation) ?? [];
        Assert.True(content.AsSpan().SequenceEqual(copy));
    }

    [Fact]
    public async Task Patches_that_overlap_descend_or_leave_the_object_are_refused()
    {
        await Store.PutAsync(Path, Bytes("0123456789"), Cancellation);
        Patch[][] wrong =
        [
            [new(3, Bytes("abc")), new(5, Bytes("d"))],
            [new(5, Bytes("a")), new(3, Bytes("b"))],
            [new(9, Bytes("ab"))],
            [new(-1, Bytes("a"))],
            [new(long.MaxValue, Bytes("a"))],
        ];
        foreach (Patch[] patches in wrong)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => Store.CopyPatchedAsync(Path, Other, patches, Cancellation));
        }

        Assert.Null(await Store.GetAsync(Other, Cancellation));
    }

    [Fact]
    public async Task A_listing_is_in_the_order_of_the_paths_as_UTF_8()
    {
        foreach (string name in (string[])["f/b", "f/a-b", "f/a/x", "f/a.b", "f/B", "f/a/w/v", "f/é", "f/\uff5e", "f/😀", "g", "f-1/x"])
        {
            await Store.PutAsync(new ObjectPath(name), Bytes(name), Cancellation);
        }

        Assert.Equal(
            ["f/B", "f/a/", "f/a-b", "f/a.b", "f/b", "f/é", "f/\uff5e", "f/😀"], await ListAsync(new ObjectPath("f"), recursive: false));
        Assert.Equal(
            ["f/B", "f/a-b", "f/a.b", "f/a/w/v", "f/a/x", "f/b", "f/é", "f/\uff5e", "f/😀"],
            await ListAsync(new ObjectPath("f"), recursive: true));
        Assert.Equal(["f/", "f-1/", "g"], await ListAsync(default, recursive: false));
        Assert.Equal(11, (await ListAsync(default, recursive: true)).Length);
    }

    [Fact]
    public async Task A_listing_that_starts_after_a_path_gives_the_rest_of_the_whole_one()
    {
        foreach (string name in (string[])["f/B", "f/a-b", "f/a/x", "f/a.b", "f/b/y", "f/c"])
        {
            await Store.PutAsync(new ObjectPath(name), Bytes(name), Cancellation);
        }

        foreach (bool recursive in (bool[])[false, true])
        {
            string[] all = await ListAsync(new ObjectPath("f"), recursive);
            Assert.Equal(6, all.Length);
            for (int i = 0; i < all.Length; i++)
            {
                var after = new ObjectPath(all[i].TrimEnd('/'));
                Assert.Equal(all[(i + 1)..], await ListAsync(new ObjectPath("f"), recursive, after));
            }

            Assert.Equal(all, await ListAsync(new ObjectPath("f"), recursive, new ObjectPath("e")));
            Assert.Empty(await ListAsync(new ObjectPath("f"), recursive, new ObjectPath("g")));
        }
    }

    [Fact]
    public async Task A_listing_shows_names_that_begin_with_a_dot_and_their_sizes()
    {
        await Store.PutAsync(new ObjectPath(".hoodie/.aux/x"), Bytes("123"), Cancellation);
        await Store.PutAsync(new ObjectPath(".hoodie/.partition"), Bytes("1"), Cancellation);
        var entries = new List<ObjectStat>();
        await foreach (ObjectStat entry in Store.ListAsync(new ObjectPath(".hoodie"), recursive: true, Cancellation))
        {
            entries.Add(entry);
        }

        Assert.Equal([(".hoodie/.aux/x", 3L), (".hoodie/.partition", 1L)], entries.Select(e => (e.Path.Value, e.Size)));
        Assert.All(entries, e => Assert.True(e.Modified > DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public async Task An_absent_folder_lists_as_empty()
    {
        Assert.Empty(await ListAsync(new ObjectPath("no/such"), recursive: false));
        Assert.Empty(await ListAsync(default, recursive: true));
    }

    [Fact]
    public async Task Deleting_removes_the_object_and_its_empty_folders_and_absent_is_fine()
    {
        await Store.PutAsync(Path, Bytes("x"), Cancellation);
        await Store.PutAsync(Other, Bytes("y"), Cancellation);
        await Store.DeleteAsync(Path, Cancellation);
        await Store.DeleteAsync(Path, Cancellation);
        Assert.Null(await Store.GetAsync(Path, Cancellation));
        Assert.Equal(["a/c/"], await ListAsync(new ObjectPath("a"), recursive: false));
        await Store.PutAsync(Path, Bytes("again"), Cancellation);
        Assert.Equal("again", await TextAsync(Path));
    }

    [Fact]
    public async Task Folders_that_come_and_go_never_fail_a_writer()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
        {
            for (int i = 0; i < 50; i++)
            {
                var path = new ObjectPath($"shared/folder/{writer}");
                Assert.Equal(PutResult.Created, await Store.PutIfAbsentAsync(path, Bytes("x"), Cancellation));
                await Store.DeleteAsync(path, Cancellation);
            }
        }));
        Assert.Empty(await ListAsync(default, recursive: true));
    }

    [Fact]
    public async Task A_cancelled_call_changes_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutIfAbsentAsync(Path, Bytes("x"), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync(Path, Bytes("x"), cancelled));
        Assert.Empty(await ListAsync(default, recursive: true));
    }

    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    protected async Task<string?> TextAsync(ObjectPath path) =>
        await Store.GetAsync(path, Cancellation) is byte[] content ? Encoding.UTF8.GetString(content) : null;

    /// <summary>The paths of a listing; folders end in a slash.</summary>
    protected async Task<string[]> ListAsync(ObjectPath folder, bool recursive, ObjectPath? after = null)
    {
        var names = new List<string>();
        await foreach (ObjectStat entry in Store.ListAsync(folder, recursive, after, Cancellation))
        {
            names.Add(entry.IsFolder ? entry.Path.Value + "/" : entry.Path.Value);
        }

        return [.. names];
    }
}
