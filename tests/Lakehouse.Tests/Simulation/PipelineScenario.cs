using Lakehouse.Engine;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Simulation;

/// <summary>One seed of the whole pipeline.</summary>
internal static class PipelineScenario
{
    private static readonly FaultPlan _randomFaults = new() { Kill = 0.0012, Pause = 0.0004, Fail = 0.0015, Unknown = 0.03, Slow = 0.2 };

    /// <summary>A few records, one worker, and only the faults that the plan names: for walking through every point.</summary>
    internal static PipelineOutcome RunSmall(int seed, FaultPlan faults)
    {
        var world = new SimulatedWorld(seed);
        var system = new PipelineSystem(world, Sabotage.None);
        system.Trips.AddPartition();
        system.Trips.AddPartition();
        system.Trips.Grow(16);
        return Run(world, system, faults, workerCount: 1, () => { });
    }

    /// <summary>
    /// Everything drawn from the seed: how long the log is and how it grows, one worker or two that take turns, dying, pausing, failing
    /// and lost calls, rebalances, new partitions.
    /// </summary>
    internal static PipelineOutcome RunRandom(int seed, Sabotage? sabotage = null)
    {
        var world = new SimulatedWorld(seed);
        var system = new PipelineSystem(world, sabotage ?? Sabotage.None);
        int workerCount = world.Random.Next(1, 3);
        for (int p = world.Random.Next(1, 3); p >= 0; p--)
        {
            system.Trips.AddPartition();
        }

        system.Trips.Grow(world.Random.Next(10, 80));
        for (int left = world.Random.Next(4); left > 0; left--)
        {
            world.Time.CreateTimer(
                _ => system.Log.Rebalance(PipelineSystem.Group), null, TimeSpan.FromMilliseconds(world.Random.Next(5_000)), Timeout.InfiniteTimeSpan);
        }

        int growthsLeft = world.Random.Next(3);
        return Run(world, system, _randomFaults, workerCount, () =>
        {
            if (growthsLeft > 0)
            {
                growthsLeft--;
                system.Trips.Grow(world.Random.Next(20));
                if (world.Random.Next(4) == 0)
                {
                    system.Trips.AddPartition();
                }
            }
        });
    }

    private static PipelineOutcome Run(SimulatedWorld world, PipelineSystem system, FaultPlan faults, int workerCount, Action beforeLife)
    {
        var lives = new Lives(world, Start, () => system.Oracle.Check(), MayGiveUp, workerCount) { KeepsPoints = faults == FaultPlan.None };
        lives.Run(faults);
        if (!system.Oracle.IsComplete)
        {
            // The log grew while the last life was on its way; the operator starts it once more.
            new Lives(world, Start, () => system.Oracle.Check(), static _ => false) { Name = "last" }.Run(FaultPlan.None);
        }

        return new PipelineOutcome(world.TraceHash, lives.Count, system.Oracle.CheckEnd(), system.Restarts, lives.First.Points ?? []);

        Task Start(SimulatedProcess process, int worker)
        {
            beforeLife();
            return system.Start(process, worker);
        }
    }

    /// <summary>
    /// Before the job runs, the tables are opened: a failure there ends the process, whose operator starts it again. So does a job that
    /// says that it may be started again.
    /// </summary>
    private static bool MayGiveUp(Exception failure) => failure is JobException { IsTransient: true }
        or ObjectStoreException { IsTransient: true } or ObjectStoreException { OutcomeIsUnknown: true };
}

/// <summary>How a seed went.</summary>
internal sealed record PipelineOutcome(ulong TraceHash, int Lives, PipelineCheck End, long Restarts, IReadOnlyList<string> Points);
