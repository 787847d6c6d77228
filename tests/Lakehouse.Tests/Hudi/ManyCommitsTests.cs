using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>What a table costs whose history is long. Counted are calls and what listings give; time says little about another store.</summary>
public sealed class ManyCommitsTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(20);

    [Fact]
    public async Task An_opening_and_a_commit_cost_no_more_after_a_thousand_commits_than_after_three_hundred()
    {
        var time = new ManualTime();
        var store = new MemoryObjectStore("trips", time);
        var table = new RealTable(store, partitioned: false, time);
        await table.CreateAsync();
        TableCommitter committer = table.Committer();
        await committer.RecoverAsync(Stop);
        List<Cost> openings = [];
        List<Cost> commits = [];
        int active = 0;
        for (int commit = 1; commit <= 1_200; commit++)
        {
            // Now and then a claim is left and aborted: aborted outcomes are never pruned.
            if (commit % 40 == 0)
            {
                await DieBeforeOutcomeAsync(table, store, commit);
            }

            Assert.IsType<CommitResult.Committed>(await committer.CommitAsync(Work(commit), Stop));
            time.Advance(Interval);
            if (commit % 100 is 0 or 50)
            {
                openings.Add(await CountAsync(table, store, c => c.RecoverAsync(Stop)));
                commits.Add(await CountAsync(table, store, c => c.CommitAsync(Work(++commit), Stop)));
                active = Math.Max(active, (await table.Table.CompletedInstantsAsync(Stop)).Length);
            }
        }

        output.WriteLine($"openings: {string.Join(' ', openings)}; commits: {string.Join(' ', commits)}; at most {active} active instants");
        Assert.InRange(active, 250, 300);
        Assert.All(openings, static c => Assert.True(c.Calls <= 20 + PruningCalls && c.Listed <= ListedMax, $"an opening costs {c}"));
        Assert.All(commits, static c => Assert.True(c.Calls <= 20 + PruningCalls && c.Listed <= ListedMax, $"a commit costs {c}"));
        Assert.True(openings[^5..].Average(static c => c.Calls) < openings[8..16].Average(static c => c.Calls) * 1.5, "openings cost more and more");
    }

    /// <summary>
    /// Pruning reads and deletes each number once: outcome and claim of at most 60 at a time, which go side by side, and the completed files of a
    /// tenth of the instants.
    /// </summary>
    private const int PruningCalls = (60 * 3) + (30 * 3);

    /// <summary>Three times the timeline of 300 instants with three files each, and the numbers of one folder: three pages of S3.</summary>
    private const int ListedMax = 3_000;

    private static async Task<Cost> CountAsync(RealTable table, MemoryObjectStore store, Func<TableCommitter, Task> work)
    {
        int calls = 0;
        int listed = 0;
        var counted = new ProcessStore(store)
        {
            Before = _ =>
            {
                calls++;
                return Task.CompletedTask;
            },
            Listed = _ => listed++,
        };
        await work(table.Committer("b", counted));
        return new Cost(calls, listed);
    }

    private static async Task DieBeforeOutcomeAsync(RealTable table, MemoryObjectStore shared, int commit)
    {
        var store = new ProcessStore(shared);
        store.Before = call =>
        {
            store.IsDead |= call.Is("put-if-absent", ".outcome");
            return Task.CompletedTask;
        };
        await Assert.ThrowsAsync<ProcessDiedException>(() => table.Committer("c", store).CommitAsync(Work(commit), Stop));
    }

    private static Committable Work(int commit) => new(
        [],
        [new OffsetRange(RealTable.Key, (commit - 1) * 10, commit * 10, 3, "topic-id", 10, 0, 10, 0, 0, null, null)],
        new CheckpointReference("trips", "worker-1", commit, $"trips/worker-1/a/{commit}"),
        0,
        []);

    private readonly record struct Cost(int Calls, int Listed)
    {
        public override string ToString() => $"{Calls}+{Listed}";
    }
}
