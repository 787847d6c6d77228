using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Tests.Storage;

public class SideBySideTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Work_ahead_comes_in_the_order_of_its_items_and_no_more_is_begun_than_allowed()
    {
        var begun = new List<(int Item, TaskCompletionSource<int> Work)>();
        var seen = new List<int>();
        await foreach ((int item, Task<int> work) in SideBySide.AheadAsync(Enumerable.Range(0, 10), 3, Begin, Stop))
        {
            Assert.Equal(Math.Min(seen.Count + 4, 10), begun.Count);
            begun[item].Work.SetResult(item * item);
            Assert.Equal(item * item, await work);
            seen.Add(item);
        }

        Assert.Equal(Enumerable.Range(0, 10), seen);

        Task<int> Begin(int item, CancellationToken stop)
        {
            begun.Add((item, new TaskCompletionSource<int>()));
            return begun[^1].Work.Task;
        }
    }

    [Fact]
    public async Task A_failure_ahead_is_thrown_where_its_item_is_reached()
    {
        var seen = new List<int>();
        InvalidDataException failure = await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach ((int item, Task<int> work) in SideBySide.AheadAsync(Enumerable.Range(0, 10), 4, FailAtThree, Stop))
            {
                await work;
                seen.Add(item);
            }
        });
        Assert.Equal("3", failure.Message);
        Assert.Equal([0, 1, 2], seen);

        static Task<int> FailAtThree(int item, CancellationToken stop) =>
            item == 3 ? Task.FromException<int>(new InvalidDataException("3")) : Task.FromResult(item);
    }

    [Fact]
    public async Task Who_leaves_early_waits_for_what_was_begun_and_hears_nothing_of_its_failures()
    {
        var begun = new List<TaskCompletionSource<int>>();
        IAsyncEnumerator<(int, Task<int>)> walk = SideBySide.AheadAsync(Enumerable.Range(0, 10), 2, Begin, Stop).GetAsyncEnumerator(Stop);
        Assert.True(await walk.MoveNextAsync());
        begun[0].SetResult(0);
        Task leaving = walk.DisposeAsync().AsTask();
        begun[1].SetException(new InvalidDataException());
        Assert.False(leaving.IsCompleted);
        begun[2].SetResult(2);
        await leaving;
        Assert.Equal(3, begun.Count);

        Task<int> Begin(int item, CancellationToken stop)
        {
            begun.Add(new TaskCompletionSource<int>());
            return begun[^1].Task;
        }
    }
}
