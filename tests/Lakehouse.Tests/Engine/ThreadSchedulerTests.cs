using Lakehouse.Engine;
using Xunit;

namespace Lakehouse.Tests.Engine;

public sealed class ThreadSchedulerTests
{
    private readonly ThreadScheduler _scheduler = new();

    [Fact]
    public async Task Code_after_an_await_continues_on_the_thread_of_its_loop()
    {
        var seen = new HashSet<int>();
        await _scheduler.RunAsync("loop", async () =>
        {
            for (int i = 0; i < 50; i++)
            {
                seen.Add(Environment.CurrentManagedThreadId);
                await Task.Delay(TimeSpan.FromTicks(1));
                await Task.Yield();
            }
        });
        Assert.Single(seen);
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, seen);
    }

    [Fact]
    public async Task Two_loops_run_at_the_same_time_and_answer_each_other()
    {
        var ping = new TaskCompletionSource();
        var pong = new TaskCompletionSource();
        Task one = _scheduler.RunAsync("one", async () =>
        {
            ping.SetResult();
            await pong.Task;
        });
        Task two = _scheduler.RunAsync("two", async () =>
        {
            await ping.Task;
            pong.SetResult();
        });
        await Task.WhenAll(one, two).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_a_loop_throws_fails_its_task()
    {
        FormatException thrown = await Assert.ThrowsAsync<FormatException>(() => _scheduler.RunAsync("bad", async () =>
        {
            await Task.Yield();
            throw new FormatException("here");
        }));
        Assert.Equal("here", thrown.Message);
        await Assert.ThrowsAsync<FormatException>(() => _scheduler.RunAsync("bad at once", static () => throw new FormatException()));
    }

    [Fact]
    public async Task What_a_loop_left_behind_does_not_hang()
    {
        var gate = new TaskCompletionSource();
        Task left = Task.CompletedTask;
        await _scheduler.RunAsync("short", () =>
        {
            left = AfterAsync(gate.Task);
            return Task.CompletedTask;
        });
        gate.SetResult();
        await left.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_job_runs_on_real_threads_to_the_end_of_its_input()
    {
        var world = new Lakehouse.Testing.SimulatedWorld(seed: 0);
        var pipeline = new RealToy(new ToyPipeline(world, splitCount: 4, rowsPerSplit: 5_000));
        await pipeline.RunAsync(_scheduler).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    private static async Task AfterAsync(Task gate) => await gate;
}
