using System.Collections.Immutable;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Service;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Ingest;

namespace Lakehouse.Tests.Simulation;

/// <summary>
/// The real pipeline in a simulated world: everything that <c>run</c> builds from a definition, from the consumer's queue to the committed
/// instant of its tables. The log and the stores outlive its processes.
/// </summary>
internal sealed class PipelineSystem
{
    internal const string Group = "lake";
    private static readonly string _route =
        $$"""

        routes: [ { where: "fare >= {{TripLog.DearFrom}}", table: { path: lake/dear, partition_by: [dt] } } ]
        """;

    private static readonly PipelineDefinition _withoutRoute = PipelineBench.Parse(PipelineBench.Trips);
    private static readonly PipelineDefinition _withRoute = PipelineBench.Parse(PipelineBench.Trips + _route);

    private readonly SimulatedWorld _world;
    private readonly Sabotage _sabotage;
    private readonly PipelineDefinition _definition;
    private readonly PipelineDefinition _corrected;
    private readonly Dictionary<string, MemoryObjectStore> _stores = new(StringComparer.Ordinal);
    private readonly List<Job> _jobs = [];
    private readonly int _instantsKept;

    internal PipelineSystem(SimulatedWorld world, Sabotage sabotage, bool hasRoute, bool hasLong = false, int? instantsKept = null)
    {
        _instantsKept = instantsKept ?? new CommitterOptions().ActiveInstantsKept;
        (_world, _sabotage, _corrected) = (world, sabotage, hasRoute ? _withRoute : _withoutRoute);
        _definition = hasLong ? _corrected with { Json = new JsonFormatDefinition(TripLog.RecordBytesMax) } : _corrected;
        Trips = new TripLog(Log, world.Random, hasLong);
        Oracle = new PipelineOracle(
            world, Trips, Durable("lake/trips"), hasRoute ? Durable("lake/dear") : null, Durable("lake/dead"), erases: instantsKept is not null);
    }

    internal SimulatedLog Log { get; } = new();

    internal TripLog Trips { get; }

    internal PipelineOracle Oracle { get; }

    internal long Restarts => _jobs.Sum(static job => job.Progress.Restarts);

    /// <summary>Starts one life of a worker: builds the pipeline and runs it to the end of the log, as <c>run --until-caught-up</c>.</summary>
    internal Task Start(SimulatedProcess process, int worker) =>
        Start(process, worker, RunMode.UntilEndOfInput, CancellationToken.None);

    /// <summary>Starts one that gets the signal to stop after a while.</summary>
    internal Task StartUntilStopped(SimulatedProcess process, int worker, TimeSpan after)
    {
        var stop = new CancellationTokenSource();
        _world.Time.CreateTimer(_ => stop.Cancel(), null, after, Timeout.InfiniteTimeSpan);
        return Start(process, worker, RunMode.Continuous, stop.Token);
    }

    private Task Start(SimulatedProcess process, int worker, RunMode mode, CancellationToken stop)
    {
        var world = new PipelineWorld
        {
            OpenConsumer = options => OpenConsumer(process, options.Group),
            OpenStore = location => new RetryingObjectStore(
                new CrashingObjectStore(_sabotage.Wrap(Durable(location)), process), _world.Time, _world.Random),
            Scheduler = process.Scheduler,
            Time = _world.Time,
            Random = _world.Random,
            Worker = FormattableString.Invariant($"worker-{worker}"),
            CoreCount = 2,
            ActiveInstantsKept = _instantsKept,
        };
        return process.Scheduler.RunAsync("main", async () =>
        {
            Pipeline pipeline = await Pipeline.BuildAsync(_definition, world, CancellationToken.None);
            _sabotage.Break(pipeline, Log);
            _jobs.Add(pipeline.Job);
            await pipeline.Job.RunAsync(mode, stop);
        });
    }

    /// <summary>Operators begin nothing any more of what they had in mind for later.</summary>
    internal bool IsQuiet { get; set; }

    /// <summary>What operators do, or did: each gives true when it took something back.</summary>
    internal List<Task<bool>> Restores { get; } = [];

    /// <summary>An operator takes the table back over its newest instants, while workers go on.</summary>
    internal void RollBack(int instantCount)
    {
        if (IsQuiet)
        {
            return;
        }

        var process = new SimulatedProcess(_world, FormattableString.Invariant($"operator{Restores.Count}"), FaultPlan.None);
        var end = new TaskCompletionSource<bool>();
        Restores.Add(end.Task);
        _ = process.Scheduler.RunAsync("main", async () =>
        {
            try
            {
                end.SetResult(await RollBackAsync(instantCount, process));
            }
            catch (HudiException)
            {
                end.SetResult(false); // there are not so many instants yet
            }
            catch (Exception failure)
            {
                end.SetException(failure);
                throw;
            }
        });
    }

    private async Task<bool> RollBackAsync(int instantCount, SimulatedProcess process)
    {
        if (await OpenAsync("lake/trips", process) is not { } table)
        {
            return false;
        }

        var upkeep = new TableUpkeep(table, OptionsOf(process), _world.Time, _world.Random);
        await upkeep.RestoreAsync(new RestoreTarget.BeforeLast(instantCount), CancellationToken.None);
        return true;
    }

    /// <summary>What replays do, or did: each gives how many dead letters it moved, null when it died or gave up.</summary>
    internal List<Task<long?>> Replays { get; } = [];

    /// <summary>An operator replays dead letters with the corrected pipeline, while workers go on.</summary>
    internal Task<long?> Replay(FaultPlan faults) =>
        Operate(FormattableString.Invariant($"replay{Replays.Count}"), faults, Replays, ReplayAsync);

    /// <summary>What erasures do, or did: each gives how many rows it took, null when it died or gave up.</summary>
    internal List<Task<long?>> Erasures { get; } = [];

    /// <summary>An operator erases the trips of some fares from the first table and cleans it, while workers go on.</summary>
    internal Task<long?> Erase(int fare, FaultPlan faults)
    {
        Oracle.Erased.Add(fare);
        return Operate(FormattableString.Invariant($"erasure{Erasures.Count}"), faults, Erasures, process => EraseAsync(fare, process));
    }

    private async Task<long?> EraseAsync(int fare, SimulatedProcess process)
    {
        if (await OpenAsync("lake/trips", process) is not { } table)
        {
            return 0;
        }

        var erasure = new TableErasure(table, OptionsOf(process), _world.Time, _world.Random);
        string where = FormattableString.Invariant($"fare >= {fare} AND fare < {fare + PipelineOracle.FaresErased}");
        ErasureResult result = await erasure.RunAsync(new WhereCondition(where, table), CancellationToken.None);
        var upkeep = new TableUpkeep(table, OptionsOf(process), _world.Time, _world.Random);
        await upkeep.CleanAsync(new CleanPolicy.KeepCommits(2), CancellationToken.None);
        return result.RowsErased;
    }

    private Task<long?> Operate(
        string name, FaultPlan faults, List<Task<long?>> all, Func<SimulatedProcess, Task<long?>> workAsync)
    {
        var process = new SimulatedProcess(_world, name, faults);
        var end = new TaskCompletionSource<long?>();
        all.Add(end.Task);
        process.Killed += () => end.TrySetResult(null);
        _ = process.Scheduler.RunAsync("main", async () =>
        {
            try
            {
                end.TrySetResult(await workAsync(process));
            }
            catch (Exception e) when (e is HudiException or ObjectStoreException)
            {
                end.TrySetResult(null);
            }
            catch (Exception failure)
            {
                end.TrySetException(failure);
                throw;
            }
        });
        return end.Task;
    }

    private async Task<long?> ReplayAsync(SimulatedProcess process)
    {
        if (await OpenAsync("lake/trips", process) is not { } table
            || await OpenAsync("lake/dead", process) is not { } letters)
        {
            return 0;
        }

        ImmutableArray<string> locations = [.. _corrected.Routes.Select(static r => r.Table.Path)];
        var routes = ImmutableArray.CreateBuilder<HudiTable>();
        foreach (string location in locations)
        {
            if (await OpenAsync(location, process) is not { } route)
            {
                return 0;
            }

            routes.Add(route);
        }

        var replay = new FollowerReplay(table, "lake/dead", locations, OptionsOf(process), _world.Time, _world.Random);
        ReplayResult result = await replay.RunAsync(
            new WhereCondition("true", letters),
            start => new DeadLetterReplay(_corrected, table, [.. routes], start, static _ => { }),
            CancellationToken.None);
        return result.Counts.Sum(static c => c.Total);
    }

    private CommitterOptions OptionsOf(SimulatedProcess process) => new()
    {
        OpenFollower = async (location, _) => (await OpenAsync(location, process))!,
    };

    private Task<HudiTable?> OpenAsync(string location, SimulatedProcess process) => HudiTable.OpenAsync(
        new RetryingObjectStore(new CrashingObjectStore(Durable(location), process), _world.Time, _world.Random),
        _world.Time, _world.Random, CancellationToken.None);

    private MemoryObjectStore Durable(string location)
    {
        if (!_stores.TryGetValue(location, out MemoryObjectStore? store))
        {
            _stores.Add(location, store = new MemoryObjectStore(location, _world.Time));
        }

        return store;
    }

    private TricklingConsumer OpenConsumer(SimulatedProcess process, string group)
    {
        // Two lives of a worker may be members of the group at once, as without group.instance.id.
        var consumer = new SimulatedConsumer(Log, group, process.Name, _world.Time, _world.Random, process.Intercept);
        process.Killed += consumer.Kill;
        process.Paused += () => Log.Expel(consumer);
        return new TricklingConsumer(consumer, _world);
    }
}
