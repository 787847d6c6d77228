using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Storage;

public sealed class RetryingObjectStoreTests : ObjectStoreContract
{
    private static readonly ObjectPath Path = new("x");
    private readonly FlakyObjectStore _flaky = new(new MemoryObjectStore("test", TimeProvider.System));

    public RetryingObjectStoreTests() => Store = new RetryingObjectStore(_flaky, new HastyTime(), new Random(1));

    protected override IObjectStore Store { get; }

    [Fact]
    public async Task What_may_be_repeated_is_repeated_until_it_goes_well()
    {
        await Store.PutAsync(Path, Bytes("0123"), Cancellation);
        Func<Task>[] calls =
        [
            () => Store.PutAsync(Path, Bytes("0123"), Cancellation),
            () => Store.GetAsync(Path, Cancellation),
            () => Store.ReadAsync(Path, 0, new byte[2], Cancellation),
            () => Store.StatAsync(Path, Cancellation),
            () => Store.CopyPatchedAsync(Path, new ObjectPath("y"), [], Cancellation),
            () => Store.CopyIfAbsentAsync(Path, new ObjectPath("z"), Cancellation),
            () => Store.BeginUploadAsync(Path, Cancellation),
            () => Store.DeleteAsync(Path, Cancellation),
            () => ListAsync(default, recursive: true),
        ];
        foreach (Func<Task> call in calls)
        {
            _flaky.FailuresLeft = 5;
            await call();
            Assert.Equal(0, _flaky.FailuresLeft);
        }
    }

    [Fact]
    public async Task Six_attempts_are_the_limit()
    {
        _flaky.FailuresLeft = 100;
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.GetAsync(Path, Cancellation));
        Assert.Equal(94, _flaky.FailuresLeft);
        await Assert.ThrowsAsync<ObjectStoreException>(() => ListAsync(default, recursive: true));
        Assert.Equal(88, _flaky.FailuresLeft);
    }

    [Fact]
    public async Task A_conditional_creation_is_sent_once()
    {
        _flaky.FailuresLeft = 2;
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.PutIfAbsentAsync(new ObjectPath("new"), Bytes("x"), Cancellation));
        Assert.Equal(1, _flaky.FailuresLeft);
        _flaky.FailuresLeft = 0;
        Assert.Null(await TextAsync(new ObjectPath("new")));
    }

    [Fact]
    public async Task A_conditional_creation_that_certainly_had_no_effect_is_sent_again()
    {
        _flaky.FailuresLeft = 2;
        _flaky.HadNoEffect = true;
        Assert.Equal(PutResult.Created, await Store.PutIfAbsentAsync(new ObjectPath("new"), Bytes("x"), Cancellation));
        Assert.Equal(0, _flaky.FailuresLeft);
    }

    [Fact]
    public async Task A_failure_that_will_not_pass_is_not_repeated()
    {
        _flaky.FailuresLeft = 2;
        _flaky.Transient = false;
        await Assert.ThrowsAsync<ObjectStoreException>(() => Store.GetAsync(Path, Cancellation));
        Assert.Equal(1, _flaky.FailuresLeft);
    }

    [Fact]
    public async Task A_listing_that_breaks_off_goes_on_where_it_was()
    {
        for (int i = 0; i < 10; i++)
        {
            await Store.PutAsync(new ObjectPath($"f/{i}"), Bytes("x"), Cancellation);
        }

        _flaky.FailuresLeft = 3;
        _flaky.FailListingAfter = 4;
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"f/{i}"), await ListAsync(default, recursive: true));
        Assert.Equal(0, _flaky.FailuresLeft);
    }
}
