using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>Several committers that always have something to commit, one of them ten times farther from the store than the others.</summary>
public class FairnessTests(ITestOutputHelper output)
{
    private const int FastCount = 3;
    private const int PassedMax = 20;
    private static readonly TimeSpan Near = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Far = TimeSpan.FromMilliseconds(50);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_slow_committer_is_not_starved_by_fast_ones(ulong seed)
    {
        List<int> gaps = await RunAsync(seed, TimeSpan.FromSeconds(5));
        output.WriteLine($"numbers of others between two commits of the slow one: {string.Join(' ', gaps)}");
        Assert.All(gaps, static gap => Assert.InRange(gap, 0, PassedMax));
    }

    [Fact]
    public async Task Without_courtesy_it_would_be()
    {
        List<int> gaps = await RunAsync(1, TimeSpan.Zero);
        output.WriteLine($"numbers of others between two commits of the slow one: {string.Join(' ', gaps)}");
        Assert.Contains(gaps, static gap => gap > PassedMax);
    }

    [Fact]
    public async Task A_place_whose_owner_is_gone_holds_nobody_up_for_longer_than_the_courtesy()
    {
        var world = new ProtocolWorld(1, new ManualTime());
        await world.CreateAsync();
        await world.CommitAsync("worker-0", "a", 1, 0, 1);
        var place = new ObjectPath($".hoodie/.sequence/waiting/{new string('0', 20)}-0123456789abcdef");
        await world.Shared.PutAsync(place, "\n"u8.ToArray(), Stop);
        (_, TableCommitter committer) = await world.ProcessAsync("worker-0", "b");
        await committer.RecoverAsync(Stop);
        DateTimeOffset begun = world.Time.GetUtcNow();
        Assert.IsType<CommitResult.Committed>(await committer.CommitAsync(await world.StageAsync("worker-0", "b", 2, 1, 2), Stop));
        Assert.InRange(world.Time.GetUtcNow() - begun, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(12));
        Assert.Null(await world.Shared.StatAsync(place, Stop));
    }

    /// <summary>Runs until 120 numbers are committed; how many came between two commits of the slow one, and after its last.</summary>
    private static async Task<List<int>> RunAsync(ulong seed, TimeSpan courtesy)
    {
        var world = new ProtocolWorld(seed, new ManualTime { FiresAlone = false })
        {
            Options = new CommitterOptions { PollInterval = TimeSpan.FromMilliseconds(250), Courtesy = courtesy },
        };
        await world.CreateAsync();
        List<int> commits = [];
        List<Task> all = [.. Enumerable.Range(0, FastCount + 1).Select(i => CommitAsync(world, i, i == FastCount ? Far : Near, commits))];
        while (commits.Count < 120)
        {
            Assert.True(world.Time.FireNext(), "everybody waits for nothing");
            all.ForEach(static one => Assert.False(one.IsFaulted, one.Exception?.ToString()));
        }

        List<int> gaps = [0];
        foreach (int committer in commits)
        {
            if (committer == FastCount)
            {
                gaps.Add(0);
            }
            else
            {
                gaps[^1]++;
            }
        }

        return gaps;
    }

    /// <summary>Commits a partition of its own again and again; each of its calls to the store takes some time, more or less.</summary>
    private static async Task CommitAsync(ProtocolWorld world, int worker, TimeSpan latency, List<int> commits)
    {
        (ProcessStore store, TableCommitter committer) = await world.ProcessAsync($"worker-{worker}", "a");
        store.Before = _ => Task.Delay(latency * (0.5 + world.Random.NextDouble()), world.Time, Stop);
        LedgerKey key = ProtocolWorld.Key with { Partition = worker };
        for (int checkpoint = 1; ; checkpoint++)
        {
            Committable work = await world.StageAsync($"worker-{worker}", "a", checkpoint, checkpoint - 1, checkpoint);
            work = work with { Ranges = [work.Ranges[0] with { Key = key }] };
            Assert.IsType<CommitResult.Committed>(await committer.CommitAsync(work, Stop));
            commits.Add(worker);
        }
    }
}
