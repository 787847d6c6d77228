using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Hudi;
using Xunit;

namespace Lakehouse.Tests.Storage;

public sealed class PacedObjectStoreTests : ObjectStoreContract
{
    private static readonly ObjectPath Path = new("a/b");

    protected override IObjectStore Store { get; } =
        new PacedObjectStore(new MemoryObjectStore("m", TimeProvider.System), 1 << 30, TimeProvider.System);

    [Fact]
    public async Task No_more_is_read_and_uploaded_per_second_than_the_pace_allows()
    {
        var time = new ManualTime();
        var store = new PacedObjectStore(new MemoryObjectStore("m", time), 1_000, time);
        CancellationToken stop = TestContext.Current.CancellationToken;
        DateTimeOffset begun = time.GetUtcNow();
        await using (IObjectUpload upload = await store.BeginUploadAsync(Path, stop))
        {
            for (int i = 0; i < 10; i++)
            {
                await upload.WriteAsync(new byte[1_000], stop);
            }

            await upload.CompleteAsync(stop);
        }

        byte[] read = new byte[5_000];
        await store.ReadAsync(Path, 0, read, stop);
        await store.ReadAsync(Path, [new ReadRange(0, read), new ReadRange(5_000, read)], stop);
        await store.GetAsync(Path, stop);
        Assert.InRange((time.GetUtcNow() - begun).TotalSeconds, 30, 36);
    }

    [Fact]
    public async Task A_rest_is_saved_up_for_a_second_at_most()
    {
        var time = new ManualTime();
        var pace = new BytePace(1_000, time);
        time.Advance(TimeSpan.FromMinutes(5));
        DateTimeOffset begun = time.GetUtcNow();
        await pace.TakeAsync(1_000, TestContext.Current.CancellationToken);
        Assert.Equal(begun, time.GetUtcNow());
        await pace.TakeAsync(4_000, TestContext.Current.CancellationToken);
        Assert.InRange((time.GetUtcNow() - begun).TotalSeconds, 3.9, 4.1);
    }
}
