using Lakehouse.Testing;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// One worker id with its own way to Kafka and to the store, and the processes that run under it: one, now and then none or two.
/// </summary>
internal sealed class WorkerPlace(
    string id, string pipeline, string door, ToxiproxyService kafka, ToxiproxyService? store, IReadOnlyDictionary<string, string> environment)
{
    private readonly Dictionary<string, string> _environment = new(environment) { ["LAKEHOUSE_DOOR"] = door };
    private readonly HashSet<LakehouseProcess> _paused = [];

    public string Id { get; } = id;

    /// <summary>Those that have not been seen to end.</summary>
    public List<LakehouseProcess> Processes { get; } = [];

    public void Start() => Processes.Add(LakehouseProcess.Start(
        Path.GetDirectoryName(pipeline)!, _environment, "run", pipeline, "--worker", Id));

    public void Pause(LakehouseProcess process)
    {
        process.Pause();
        _paused.Add(process);
    }

    public bool IsPaused(LakehouseProcess process) => _paused.Contains(process);

    public void Continue(LakehouseProcess process)
    {
        if (_paused.Remove(process) && !process.HasExited)
        {
            process.Continue();
        }
    }

    public void Kill(LakehouseProcess process)
    {
        _paused.Remove(process);
        Processes.Remove(process);
        process.Dispose();
    }

    /// <summary>Cuts it off from what is named, or heals that.</summary>
    public async Task CutAsync(WorkerFault fault, bool isCut)
    {
        if (fault is WorkerFault.CutOffFromKafka or WorkerFault.CutOffFromBoth)
        {
            await kafka.CutAsync(isCut);
        }

        if (fault is WorkerFault.CutOffFromStore or WorkerFault.CutOffFromBoth && store is not null)
        {
            await store.CutAsync(isCut);
        }
    }

    /// <summary>Everything is as it should be again.</summary>
    public async Task HealAsync()
    {
        await CutAsync(WorkerFault.CutOffFromBoth, isCut: false);
        foreach (LakehouseProcess process in _paused.ToArray())
        {
            Continue(process);
        }
    }
}
