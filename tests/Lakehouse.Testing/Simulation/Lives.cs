namespace Lakehouse.Testing;

/// <summary>
/// Lives of one or several workers, one after the other, or beside each other when one stands still: a worker is started anew whenever its
/// process dies, pauses or gives up. After every life <paramref name="check"/> compares the durable world with the log; the last life of
/// each has no faults, and must end by itself. Those that were paused wake up and must see that the world has moved on.
/// </summary>
public sealed class Lives(
    SimulatedWorld world, Func<SimulatedProcess, int, Task> start, Action check, Func<Exception, bool> mayGiveUp, int workerCount = 1)
{
    private readonly List<Life> _all = [];
    private readonly List<Life> _current = [];

    /// <summary>Lives of a worker before its last one, at most.</summary>
    public int FaultyMax { get; init; } = 10;

    /// <summary>The names of the points of the first life are kept.</summary>
    public bool KeepsPoints { get; init; }

    /// <summary>What the names of its processes begin with.</summary>
    public string Name { get; init; } = "";

    /// <summary>How many there were.</summary>
    public int Count => _all.Count;

    /// <summary>The first of them.</summary>
    public SimulatedProcess First => _all[0].Process;

    /// <summary>
    /// Runs them until every worker has come to its proper end and everybody who was paused to any end. <paramref name="faults"/> befall
    /// all but the last; a planned one only the first.
    /// </summary>
    public void Run(FaultPlan faults)
    {
        for (int worker = 0; worker < workerCount; worker++)
        {
            _current.Add(Start(worker, 0, faults));
        }

        while (_current.Count > 0)
        {
            world.RunUntil(() => _current.Exists(static life => life.IsOver));
            check();
            foreach (Life over in _current.FindAll(static life => life.IsOver))
            {
                _current.Remove(over);
                CheckEnd(over);
                if (!over.Run.IsCompletedSuccessfully)
                {
                    _current.Add(Next(over, faults));
                }
            }
        }

        foreach (Life life in _all)
        {
            life.Process.Faults = FaultPlan.None;
        }

        world.RunUntil(() => _all.TrueForAll(static life => life.Process.IsDead || life.Run.IsCompleted));
        _all.ForEach(CheckEnd);
        check();
    }

    private Life Next(Life over, FaultPlan faults)
    {
        // Others, whose faults go on, may drive one out that has none; alone it must come to its end.
        bool isDisturbed = _all.Exists(life => life.Worker != over.Worker && life.Process.Faults != FaultPlan.None);
        if (over.IsLast && (!isDisturbed || over.Number > 2 * FaultyMax))
        {
            throw new SimulationException($"Seed {world.Seed}: a life without faults did not come to its end.", over.Run.Exception);
        }

        bool isLast = over.Number + 1 >= FaultyMax || faults.IsPlanned;
        return Start(over.Worker, over.Number + 1, isLast ? FaultPlan.None : faults);
    }

    private Life Start(int worker, int number, FaultPlan faults)
    {
        var process = new SimulatedProcess(world, FormattableString.Invariant($"{Name}w{worker}.{number}"), faults)
        {
            Points = KeepsPoints && _all.Count == 0 ? [] : null,
        };
        var life = new Life(worker, number, process, start(process, worker));
        _all.Add(life);
        return life;
    }

    /// <summary>Giving up is allowed after faults: whoever operates it starts it again.</summary>
    private void CheckEnd(Life life)
    {
        if (life.Run.IsFaulted && !mayGiveUp(life.Run.Exception.InnerException!)) // Faulted: there is one.
        {
            throw new SimulationException($"Seed {world.Seed}: a life ended in failure.", life.Run.Exception);
        }
    }

    private sealed record Life(int Worker, int Number, SimulatedProcess Process, Task Run)
    {
        internal bool IsLast { get; } = Process.Faults == FaultPlan.None;

        /// <summary>For its operator: what stands still is replaced, unless nothing more can happen to it.</summary>
        internal bool IsOver => Run.IsCompleted || Process.IsDead || (Process.IsPaused && !IsLast);
    }
}
