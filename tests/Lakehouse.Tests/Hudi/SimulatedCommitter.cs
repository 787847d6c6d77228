using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>A process that reads the table's state, stages the next rows and commits them, again and again, one step at a time.</summary>
internal sealed class SimulatedCommitter(ProtocolWorld world, int worker, string attempt, IObjectStore shared)
{
    private readonly List<TaskCompletionSource> _gates = [];

    internal int Worker => worker;

    internal Task Work { get; private set; } = Task.CompletedTask;

    internal StoreCall? LastCall { get; private set; }

    internal bool IsFinished => Work.IsCompleted;

    private ProcessStore Store { get; } = new(shared);

    internal async Task StartAsync(int commits)
    {
        HudiTable table = (await HudiTable.OpenAsync(Store, world.Time, world.Random, Stop))!;
        Store.Before = async call =>
        {
            // < Continuations run on the stepping thread: one thread, one order.
            var gate = new TaskCompletionSource();
            _gates.Add(gate);
            await gate.Task;
            LastCall = call;
        };
        Work = RunAsync(new TableCommitter(table, $"worker-{worker}", attempt, world.Options, world.Time, world.Random), commits);
    }

    /// <summary>Lets one of the store calls that wait happen. False when the process waits for time or has ended.</summary>
    internal bool Step(Random order)
    {
        LastCall = null;
        if (_gates.Count == 0)
        {
            return false;
        }

        int which = order.Next(_gates.Count);
        TaskCompletionSource gate = _gates[which];
        _gates.RemoveAt(which);
        gate.SetResult();
        return true;
    }

    /// <summary>Every call that waits, and every later one, fails: nothing of the process reaches the store again.</summary>
    internal void Kill()
    {
        Store.IsDead = true;
        while (_gates.Count > 0)
        {
            TaskCompletionSource gate = _gates[^1];
            _gates.RemoveAt(_gates.Count - 1);
            gate.SetResult();
        }
    }

    private async Task RunAsync(TableCommitter committer, int commits)
    {
        await committer.RecoverAsync(Stop);
        for (int checkpoint = 1; checkpoint <= commits; checkpoint++)
        {
            TableState state = await committer.ReadStateAsync(Stop);
            long start = state.Ledger.Entries.GetValueOrDefault(ProtocolWorld.Key)?.EndOffset ?? 0;
            Committable work = await world.StageAsync($"worker-{worker}", attempt, checkpoint, start, start + 1 + (checkpoint % 2));
            await committer.CommitAsync(work, Stop);
        }
    }
}
