namespace Lakehouse.Testing;

/// <summary>
/// Lives of a worker, one after the other, or beside each other when one stands still: the system is started anew whenever its process
/// dies, pauses or gives up. After every life <paramref name="check"/> compares the durable world with the log; the last life has no
/// faults, and must end by itself. Those that were paused wake up and must see that the world has moved on.
/// </summary>
public sealed class Lives(SimulatedWorld world, Func<SimulatedProcess, Task> start, Action check, Func<Exception, bool> mayGiveUp)
{
    private readonly List<(SimulatedProcess Process, Task Run)> _lives = [];

    /// <summary>Lives before the last one, at most.</summary>
    public int FaultyMax { get; init; } = 10;

    /// <summary>The names of the points of the first life are kept.</summary>
    public bool KeepsPoints { get; init; }

    /// <summary>How many there were.</summary>
    public int Count => _lives.Count;

    /// <summary>The first of them.</summary>
    public SimulatedProcess First => _lives[0].Process;

    /// <summary>Runs them. <paramref name="faults"/> befall all but the last; a planned kill only the first.</summary>
    public void Run(FaultPlan faults)
    {
        while (!RunOne(_lives.Count >= FaultyMax || (faults.KillAt is not null && _lives.Count > 0) ? FaultPlan.None : faults))
        {
        }

        foreach ((SimulatedProcess process, _) in _lives)
        {
            process.Faults = FaultPlan.None;
        }

        world.RunUntil(() => _lives.TrueForAll(static life => life.Process.IsDead || life.Run.IsCompleted));
        foreach ((_, Task run) in _lives)
        {
            CheckEnd(run);
        }

        check();
    }

    /// <summary>True when the life came to its proper end.</summary>
    private bool RunOne(FaultPlan faults)
    {
        bool isLast = faults == FaultPlan.None && _lives.Count > 0;
        var process = new SimulatedProcess(world, FormattableString.Invariant($"life{_lives.Count}"), faults)
        {
            Points = KeepsPoints && _lives.Count == 0 ? [] : null,
        };
        Task run = start(process);
        _lives.Add((process, run));
        world.RunUntil(() => run.IsCompleted || process.IsDead || (process.IsPaused && !isLast));
        check();
        CheckEnd(run);
        if (isLast && !run.IsCompletedSuccessfully)
        {
            throw new SimulationException($"Seed {world.Seed}: a life without faults did not come to its end.", run.Exception);
        }

        return run.IsCompletedSuccessfully;
    }

    /// <summary>Giving up is allowed after faults: whoever operates it starts it again.</summary>
    private void CheckEnd(Task run)
    {
        if (run.IsFaulted && !mayGiveUp(run.Exception.InnerException!)) // Faulted: there is one.
        {
            throw new SimulationException($"Seed {world.Seed}: a life ended in failure.", run.Exception);
        }
    }
}
