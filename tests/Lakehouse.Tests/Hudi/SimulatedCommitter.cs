using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

/// <summary>A process that reads the table's state, stages the next rows and commits them, again and again, one step at a time.</summary>
internal sealed class SimulatedCommitter(ProtocolWorld world, int worker, string attempt, IObjectStore shared)
{
    private TaskCompletionSource? _gate;

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
            _gate = new TaskCompletionSource();
            await _gate.Task;
            LastCall = call;
        };
        Work = RunAsync(new TableCommitter(table, $"worker-{worker}", attempt, world.Options, world.Time, world.Random), commits);
    }

    /// <summary>Lets one store call happen. False when the process waits for time or has ended.</summary>
    internal bool Step()
    {
        LastCall = null;
        if (_gate is not { } gate)
        {
            return false;
        }

        _gate = null;
        gate.SetResult();
        return true;
    }

    internal void Kill()
    {
        Store.IsDead = true;
        Step();
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
