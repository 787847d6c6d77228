using Lakehouse.Hudi;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>
/// Several processes commit to one table, one store call at a time in an order drawn from a seed. They pause for as long as it takes, die
/// anywhere and come back under the same worker id while their old selves still sleep.
/// </summary>
public class RandomScheduleTests
{
    private const int CommitsPerProcess = 4;
    private const int ServicesPerProcess = 4;
    private const int CommitterCount = 3;
    private const int StepsMax = 20_000;

    [Fact]
    public async Task Whatever_the_order_of_store_calls_and_deaths_the_table_is_the_log_up_to_its_ledger()
    {
        long committed = 0;
        for (ulong seed = 1; seed <= 60; seed++)
        {
            committed += await RunAsync(seed, honest: true);
        }

        Assert.True(committed > 300, $"only {committed} rows in all seeds");
    }

    [Fact]
    public async Task Restores_savepoints_and_cleans_in_between_change_nothing_about_that()
    {
        List<string> trace = [];
        for (ulong seed = 1; seed <= 60; seed++)
        {
            await RunAsync(seed, honest: true, trace, operators: 2);
        }

        Assert.True(trace.Count(static t => t.EndsWith(".restore", StringComparison.Ordinal)) > 60, "few restores");
        Assert.True(trace.Count(static t => t.EndsWith(".savepoint", StringComparison.Ordinal)) > 30, "few savepoints");
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_trace()
    {
        List<string> first = [];
        List<string> second = [];
        await RunAsync(7, honest: true, first);
        await RunAsync(7, honest: true, second);
        Assert.Equal(first, second);
        Assert.True(first.Count > 200, "nothing happened");
    }

    [Fact]
    public async Task A_store_that_lets_two_put_one_name_is_caught_by_the_oracle()
    {
        int caught = 0;
        for (ulong seed = 1; seed <= 20; seed++)
        {
            Exception? wrong = await Record.ExceptionAsync(() => RunAsync(seed, honest: false));
            caught += wrong is null ? 0 : 1;
        }

        Assert.True(caught > 10, $"caught in {caught} of 20 seeds only");
    }

    private static async Task<long> RunAsync(ulong seed, bool honest, List<string>? trace = null, int operators = 0)
    {
        var world = new ProtocolWorld(seed, new ManualTime { FiresAlone = false })
        {
            Options = new CommitterOptions
            {
                ClaimDeadline = TimeSpan.FromSeconds(2),
                PollInterval = TimeSpan.FromSeconds(1),
                ActiveInstantsKept = 3,
                NumberRetention = TimeSpan.FromSeconds(1),
            },
        };
        await world.CreateAsync();
        var order = new Random((int)seed);
        List<SimulatedCommitter> alive = [];
        int attempts = 0;
        for (int worker = 0; worker < CommitterCount + operators; worker++)
        {
            alive.Add(await StartAsync(worker));
        }

        for (int step = 0; alive.Count > 0; step++)
        {
            Assert.True(step < StepsMax, $"seed {seed}: no end");
            SimulatedCommitter one = alive[order.Next(alive.Count)];
            if (order.Next(60) == 0 && attempts < 12)
            {
                // A new life begins; the old one dies, or only sleeps.
                alive.Add(await StartAsync(one.Worker));
                if (order.Next(2) == 0)
                {
                    one.Kill();
                }
            }

            if (!one.Step(order) || order.Next(10) == 0)
            {
                world.Time.Advance(TimeSpan.FromMilliseconds(300));
                world.Time.FireNext();
            }

            if (one.LastCall is { Mutates: true } call)
            {
                trace?.Add($"{one.Worker} {call}");
                try
                {
                    await world.Oracle.CheckAsync();
                }
                catch (Exception e) when (honest)
                {
                    throw new InvalidOperationException($"seed {seed}, step {step}, after {call}: {e.Message}", e);
                }
            }

            await RemoveFinishedAsync(alive, honest, seed);
        }

        (_, TableCommitter last) = await world.ProcessAsync("worker-last", "a");
        TableState state = await last.RecoverAsync(Stop);
        long end = await world.Oracle.CheckAsync();
        Assert.Equal(end, state.Ledger.Entries.GetValueOrDefault(ProtocolWorld.Key)?.EndOffset ?? 0);
        return end;

        async Task<SimulatedCommitter> StartAsync(int worker)
        {
            var committer = new SimulatedCommitter(
                world, worker, $"a{attempts++}", honest ? world.Shared : new ForgetfulStore(world.Shared));
            await (worker < CommitterCount ? committer.StartAsync(CommitsPerProcess) : committer.StartUpkeepAsync(ServicesPerProcess));
            return committer;
        }
    }

    private static async Task RemoveFinishedAsync(List<SimulatedCommitter> alive, bool honest, ulong seed)
    {
        foreach (SimulatedCommitter done in alive.Where(static c => c.IsFinished).ToList())
        {
            alive.Remove(done);
            Exception? failure = await Record.ExceptionAsync(() => done.Work);
            Assert.True(failure is null or ProcessDiedException || !honest, $"seed {seed}: worker {done.Worker} failed: {failure}");
        }
    }
}
