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

    /// <summary>A process that commits so many times.</summary>
    internal async Task StartAsync(int commits)
    {
        HudiTable table = await OpenAsync();
        Work = RunAsync(new TableCommitter(table, $"worker-{worker}", attempt, world.Options, world.Time, world.Random), commits);
    }

    /// <summary>A process that runs so many table services.</summary>
    internal async Task StartUpkeepAsync(int services)
    {
        HudiTable table = await OpenAsync();
        Work = ServeAsync(new TableUpkeep(table, world.Options, world.Time, world.Random), services);
    }

    private async Task<HudiTable> OpenAsync()
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
        return table;
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
            Committable work = await world.StageAsync(
                $"worker-{worker}", attempt, checkpoint, start, start + 1 + (checkpoint % 2), historyEpoch: state.Ledger.HistoryEpoch);
            await committer.CommitAsync(work, Stop);
        }
    }

    /// <summary>What cannot be done in the moment, such as going back before the first instant, is left.</summary>
    private async Task ServeAsync(TableUpkeep upkeep, int services)
    {
        for (int i = 0; i < services; i++)
        {
            try
            {
                switch ((i + worker) % 4)
                {
                    case 0:
                        await upkeep.RestoreAsync(new RestoreTarget.BeforeLast(1 + (i % 2)), Stop);
                        break;
                    case 1:
                        await upkeep.CreateSavepointAsync(null, null, Stop);
                        break;
                    case 2:
                        foreach (Savepoint savepoint in await upkeep.ReadSavepointsAsync(Stop))
                        {
                            await upkeep.DeleteSavepointAsync(savepoint.Name, Stop);
                        }

                        break;
                    default:
                        await upkeep.CleanAsync(new CleanPolicy.KeepCommits(1), Stop);
                        break;
                }
            }
            catch (HudiException)
            {
                continue;
            }
        }
    }
}
