using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Hudi;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Ingest;

/// <summary>
/// A fault at every single call that a replay makes to either store, while the oracle looks on: each record is a row, a dead letter or
/// filtered; in both only until the dead letters have followed. Every eleventh call, each fault beginning at another one, unless
/// <c>LAKEHOUSE_CHAOS=full</c>.
/// </summary>
public sealed class ReplayCrashTests
{
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("LAKEHOUSE_CHAOS") == "full";

    [Theory]
    [InlineData(CrashTests.Fault.DiesBefore, false)]
    [InlineData(CrashTests.Fault.DiesAfter, false)]
    [InlineData(CrashTests.Fault.FailsBefore, false)]
    [InlineData(CrashTests.Fault.AnswerLostAfter, false)]
    [InlineData(CrashTests.Fault.AnswerLostBefore, false)]
    [InlineData(CrashTests.Fault.DiesBefore, true)]
    [InlineData(CrashTests.Fault.DiesAfter, true)]
    public async Task A_fault_at_any_store_call_of_a_replay_leaves_each_record_in_one_place(CrashTests.Fault fault, bool pipelineGoesOn)
    {
        ReplayBench prepared = await SmallAsync();
        int felt = 0;
        for (int at = IsFull ? 0 : (int)fault + (pipelineGoesOn ? 5 : 0); ; at += IsFull ? 1 : 11)
        {
            ReplayBench bench = await prepared.CopyAsync();
            var store = new ProcessStore(bench.Pipelines.Store(ReplayBench.Table));
            var oracle = new ReplayOracle(bench);
            CrashTests.Inject(store, fault, at, oracle.CheckAsync);
            FollowerReplay replayer = await bench.ReplayerAsync(store);
            Exception? failure = await Record.ExceptionAsync(() => bench.ReplayAsync(replayer));
            felt += failure is null ? 0 : 1;

            await oracle.CheckAsync();
            if (pipelineGoesOn)
            {
                await bench.RunAsync();
            }

            await bench.ReplayAsync();
            Assert.Equal((3, 1), await bench.ProveAsync());
            foreach (string location in bench.Locations)
            {
                await TableInvariants.CheckAllAsync(await bench.OpenAsync(location), Stop);
            }

            if (at >= CrashTests.Calls(store))
            {
                Assert.Null(failure);
                Assert.True(felt > (IsFull ? 40 : 4) && at > 80, $"{felt} faults were felt at {at} calls");
                return;
            }
        }
    }

    /// <summary>
    /// A replay that sleeps at any change it makes, while another process, which does not wait for it, replays the same; it wakes up and
    /// goes on as if nothing had happened.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_replay_that_wakes_up_after_another_one_changes_nothing(bool takenBack)
    {
        ReplayBench prepared = await SmallAsync();
        string before = (await prepared.InstantsAsync(ReplayBench.Table))[^1];
        for (int at = takenBack ? 1 : 0; ; at += IsFull ? 1 : 4)
        {
            ReplayBench bench = await prepared.CopyAsync();
            var store = new ProcessStore(bench.Pipelines.Store(ReplayBench.Table));
            int changes = 0;
            int sleepAt = at;
            Hold hold = Hold.At(store, call => call.Mutates && changes++ == sleepAt);
            FollowerReplay sleeper = await bench.ReplayerAsync(store);
            Task<ReplayResult> sleeping = bench.ReplayAsync(sleeper);
            await Task.WhenAny(hold.Reached, sleeping);
            bool slept = !sleeping.IsCompleted;

            await bench.ReplayAsync();
            if (takenBack)
            {
                await (await bench.UpkeepAsync()).RestoreAsync(new RestoreTarget.To(before), Stop);
            }

            var oracle = new ReplayOracle(bench);
            await oracle.CheckAsync();
            hold.Release();
            Exception? failure = await Record.ExceptionAsync(() => sleeping);
            Assert.True(failure is null or ObjectStoreException or HudiException, failure?.ToString());
            await oracle.CheckAsync();
            await bench.ReplayAsync();
            Assert.Equal((3, 1), await bench.ProveAsync());
            await bench.RunAsync();
            Assert.Equal((3, 1), await bench.ProveAsync());
            if (!slept)
            {
                Assert.True(at > 10, $"it made {at} changes");
                return;
            }
        }
    }

    /// <summary>At any call of one replay another one is decided, and its process dies before anything of that can be seen.</summary>
    [Fact]
    public async Task A_replay_that_is_decided_and_not_yet_visible_is_not_replayed_again()
    {
        ReplayBench prepared = await SmallAsync();
        for (int at = 0; ; at += IsFull ? 1 : 3)
        {
            ReplayBench bench = await prepared.CopyAsync();
            int calls = 0;
            int decidedAt = at;
            var store = new ProcessStore(bench.Pipelines.Store(ReplayBench.Table))
            {
                Before = async _ =>
                {
                    if (calls++ == decidedAt)
                    {
                        var other = new ProcessStore(bench.Pipelines.Store(ReplayBench.Table));
                        other.After = call =>
                        {
                            other.IsDead |= call.Is("put-if-absent", ".outcome");
                            return Task.CompletedTask;
                        };
                        FollowerReplay decided = await bench.ReplayerAsync(other);
                        await Record.ExceptionAsync(() => bench.ReplayAsync(decided));
                    }
                },
            };
            FollowerReplay replayer = await bench.ReplayerAsync(store);
            Exception? failure = await Record.ExceptionAsync(() => bench.ReplayAsync(replayer));
            Assert.True(failure is null or ObjectStoreException or HudiException, failure?.ToString());
            await bench.ReplayAsync();
            Assert.Equal((3, 1), await bench.ProveAsync());
            if (calls <= at)
            {
                Assert.True(at > 60, $"{at} calls");
                return;
            }
        }
    }

    /// <summary>
    /// One good record, two long ones, one of which goes to a route, a filtered one that is long, a broken one: 1 row and 4 dead letters;
    /// then 3 and 1.
    /// </summary>
    private static async Task<ReplayBench> SmallAsync()
    {
        var bench = new ReplayBench
        {
            Routes = ("\nroutes: [ { where: \"fare = 1\", table: { path: lake/one, partition_by: [dt] } } ]", ["lake/one"]),
        };
        bench.Pipelines.Log.CreateTopic("trips", 1);
        var partition = new Lakehouse.Kafka.TopicPartition("trips", 0);
        bench.Pipelines.Produce(partition, 1);
        foreach (string bad in (string[])[ReplayBench.Long(0), ReplayBench.Long(1), ReplayBench.Long(2), "{"])
        {
            bench.Pipelines.Produce(partition, bad);
        }

        await bench.RunAsync();
        Assert.Equal((1, 4), await bench.ProveAsync());
        return bench;
    }
}
