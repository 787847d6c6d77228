using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

public class CrashTests
{
    public enum Fault
    {
        DiesBefore,
        DiesAfter,
        FailsBefore,
        AnswerLostAfter,
        AnswerLostBefore,
    }

    [Theory]
    [InlineData(Fault.DiesBefore)]
    [InlineData(Fault.DiesAfter)]
    [InlineData(Fault.FailsBefore)]
    [InlineData(Fault.AnswerLostAfter)]
    [InlineData(Fault.AnswerLostBefore)]
    public async Task A_fault_at_any_store_call_of_a_commit_leaves_each_row_once_when_the_same_worker_comes_back(Fault fault) =>
        await FaultAtEveryCallAsync(fault, "worker-1");

    [Theory]
    [InlineData(Fault.DiesBefore)]
    [InlineData(Fault.DiesAfter)]
    [InlineData(Fault.FailsBefore)]
    [InlineData(Fault.AnswerLostAfter)]
    [InlineData(Fault.AnswerLostBefore)]
    public async Task A_fault_at_any_store_call_of_a_commit_leaves_each_row_once_when_another_worker_goes_on(Fault fault) =>
        await FaultAtEveryCallAsync(fault, "worker-2");

    [Theory]
    [InlineData(Fault.DiesBefore)]
    [InlineData(Fault.DiesAfter)]
    public async Task A_death_at_any_store_call_of_a_recovery_is_recovered_from(Fault fault)
    {
        for (int at = 0; ; at++)
        {
            var world = new ProtocolWorld();
            await world.CreateAsync();
            await world.CommitAsync("worker-1", "a", 1, 0, 5);
            (ProcessStore first, TableCommitter committer) = await world.ProcessAsync("worker-1", "b");
            Committable work = await world.StageAsync("worker-1", "b", 2, 5, 9, letters: 2);
            KillAfter(first, call => call.Is("put-if-absent", ".outcome"));
            await Assert.ThrowsAnyAsync<Exception>(() => committer.CommitAsync(work, Stop));

            (ProcessStore second, TableCommitter recovering) = await world.ProcessAsync("worker-1", "c");
            int calls = Inject(second, fault, at, world);
            Exception? died = await Record.ExceptionAsync(() => recovering.RecoverAsync(Stop));
            calls = Calls(second);
            await GoOnAsync(world, "worker-1", work, 9, 2);
            if (died is null)
            {
                Assert.True(at >= calls, "a fault was not felt");
                return;
            }
        }
    }

    [Fact]
    public async Task A_link_that_fails_while_another_process_finishes_the_publication_is_no_lost_file()
    {
        for (int at = 1; at <= 4; at++)
        {
            var world = new ProtocolWorld();
            await world.CreateAsync();
            (ProcessStore store, TableCommitter committer) = await world.ProcessAsync("worker-1", "a");
            int callsSince = 0;
            int holdAt = at;
            Hold hold = Hold.At(store, _ => callsSince > 0 && callsSince++ == holdAt);
            Func<StoreCall, Task> held = store.Before;
            store.Before = call => callsSince == 0 && call.Is("copy-if-absent", ".parquet") && ++callsSince > 0
                ? throw new ObjectStoreException("copy-if-absent", store.Root, call.Path, "it passes") { IsTransient = true }
                : held(call);
            Task<CommitResult> publishing = committer.CommitAsync(await world.StageAsync("worker-1", "a", 1, 0, 5), Stop);
            await hold.Reached;

            (_, TableCommitter other) = await world.ProcessAsync("worker-2", "a");
            await other.RecoverAsync(Stop);
            hold.Release();
            Exception? failure = await Record.ExceptionAsync(() => publishing);
            Assert.True(failure is null or ObjectStoreException { IsTransient: true }, $"held at call {at}: {failure}");
            Assert.Equal(5, await world.Oracle.CheckAsync());
        }
    }

    private static async Task FaultAtEveryCallAsync(Fault fault, string successor)
    {
        int felt = 0;
        for (int at = 0; ; at++)
        {
            var world = new ProtocolWorld();
            await world.CreateAsync();
            await world.CommitAsync("worker-1", "a", 1, 0, 5);
            (ProcessStore store, TableCommitter committer) = await world.ProcessAsync("worker-1", "b");
            Committable work = await world.StageAsync("worker-1", "b", 2, 5, 9, letters: 2);
            Inject(store, fault, at, world);
            Exception? failure = await Record.ExceptionAsync(() => committer.CommitAsync(work, Stop));
            felt += failure is null ? 0 : 1;
            await GoOnAsync(world, successor, work, 9, 2);
            if (at >= Calls(store))
            {
                Assert.Null(failure);
                Assert.True(felt > 0 && at > 20, $"only {at} calls were made");
                return;
            }
        }
    }

    /// <summary>Another process recovers and rolls the same checkpoint forward; everything must be there once.</summary>
    private static async Task GoOnAsync(ProtocolWorld world, string worker, Committable work, long end, int letters)
    {
        (ProcessStore store, TableCommitter committer) = await world.ProcessAsync(worker, "z");
        store.After = async call => await (call.Mutates ? world.Oracle.CheckAsync() : Task.CompletedTask);
        await committer.RecoverAsync(Stop);
        CommitResult result = await committer.CommitAsync(work, Stop);
        Assert.True(result is CommitResult.Committed or CommitResult.AlreadyCommitted, result.ToString());
        TableState state = await committer.RecoverAsync(Stop);
        Assert.Equal(end, state.Ledger.Entries[ProtocolWorld.Key].EndOffset);
        Assert.Equal(end, await world.Oracle.CheckAsync());
        HudiTable follower = (await HudiTable.OpenAsync(world.FollowerShared, world.Time, world.Random, Stop))!;
        TableSnapshot snapshot = await follower.SnapshotAsync(null, Stop);
        Assert.Equal(letters, snapshot.FileSlices.Sum(static s => s.RowCount));
        Assert.Equal(work.Checkpoint, snapshot.Timeline[^1].Metadata.Checkpoint);
    }

    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<ProcessStore, StrongCount> s_calls = [];

    internal static int Calls(ProcessStore store) => s_calls.GetOrCreateValue(store).Value;

    internal static int Inject(ProcessStore store, Fault fault, int at, ProtocolWorld world) =>
        Inject(store, fault, at, world.Oracle.CheckAsync);

    /// <summary>Puts a fault at one call; <paramref name="lookOn"/> is asked after every change.</summary>
    internal static int Inject(ProcessStore store, Fault fault, int at, Func<Task> lookOn)
    {
        StrongCount count = s_calls.GetOrCreateValue(store);
        store.Before = call =>
        {
            if (count.Value++ != at)
            {
                return Task.CompletedTask;
            }

            count.Hit = true;
            store.IsDead |= fault == Fault.DiesBefore;
            return fault switch
            {
                Fault.FailsBefore => throw new ObjectStoreException(call.Operation, "memory", call.Path, "injected"),
                Fault.AnswerLostBefore => throw new ObjectStoreException(call.Operation, "memory", call.Path, "injected")
                {
                    OutcomeIsUnknown = call.Operation == "put-if-absent",
                },
                _ => Task.CompletedTask,
            };
        };
        store.After = async call =>
        {
            if (call.Mutates)
            {
                await lookOn();
            }

            if (count.Hit)
            {
                count.Hit = false;
                store.IsDead |= fault == Fault.DiesAfter;
                if (fault == Fault.AnswerLostAfter)
                {
                    throw new ObjectStoreException(call.Operation, "memory", call.Path, "injected")
                    {
                        OutcomeIsUnknown = call.Operation == "put-if-absent",
                    };
                }
            }
        };
        return count.Value;
    }

    private static void KillAfter(ProcessStore store, Func<StoreCall, bool> when) => store.After = call =>
    {
        store.IsDead |= when(call);
        return Task.CompletedTask;
    };

    private sealed class StrongCount
    {
        internal int Value { get; set; }

        internal bool Hit { get; set; }
    }
}
