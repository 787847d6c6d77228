using Lakehouse.Engine;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Simulation;

/// <summary>One seed of the whole pipeline.</summary>
internal static class PipelineScenario
{
    private const int AgainMax = 6;
    private static readonly double[] _intensities = [0.3, 1, 3];

    /// <summary>
    /// A few records, one worker, three tables (the first, a route's and the dead letters'), and only the faults that the plan names: for
    /// walking through every point.
    /// </summary>
    internal static PipelineOutcome RunSmall(int seed, FaultPlan faults)
    {
        var world = new SimulatedWorld(seed);
        var system = new PipelineSystem(world, Sabotage.None, hasRoute: true);
        system.Trips.AddPartition();
        system.Trips.AddPartition();
        system.Trips.Grow(16);
        return Run(world, system, faults, workerCount: 1, system.Start);
    }

    /// <summary>
    /// Everything drawn from the seed: how long the log is and how it grows, one worker to four of one group, eager or cooperative, dying,
    /// pausing, failing and lost calls and how many of them, stops by signal, rebalances, new partitions. Every second seed has a route.
    /// </summary>
    internal static PipelineOutcome RunRandom(
        int seed, Sabotage? sabotage = null, bool rollsBack = false, bool replays = false, bool erases = false)
    {
        var world = new SimulatedWorld(seed);
        Random random = world.Random;
        var system = new PipelineSystem(
            world, sabotage ?? Sabotage.None, hasRoute: seed % 2 == 0, hasLong: replays, instantsKept: erases ? random.Next(1, 6) : null);
        int workerCount = random.Next(1, 5);
        double intensity = _intensities[random.Next(_intensities.Length)];
        for (int p = random.Next(1, 3); p >= 0; p--)
        {
            system.Trips.AddPartition();
        }

        system.Trips.Grow(random.Next(10, 80));
        for (int left = random.Next(4); left > 0; left--)
        {
            world.Time.CreateTimer(
                _ => system.Log.Rebalance(PipelineSystem.Group), null, TimeSpan.FromMilliseconds(random.Next(5_000)), Timeout.InfiniteTimeSpan);
        }

        for (int left = rollsBack ? random.Next(1, 4) : 0; left > 0; left--)
        {
            int instantCount = random.Next(1, 4);
            world.Time.CreateTimer(
                _ => system.RollBack(instantCount), null, TimeSpan.FromMilliseconds(random.Next(100, 5_000)), Timeout.InfiniteTimeSpan);
        }

        system.Log.IsCooperative = random.Next(2) == 0;
        int growthsLeft = random.Next(3);
        var faults = new FaultPlan
        {
            Kill = 0.0012 * intensity, Pause = 0.0004 * intensity, Fail = 0.0015 * intensity, Unknown = 0.03 * intensity, Slow = 0.2,
        };
        for (int left = replays ? random.Next(2, 6) : 0; left > 0; left--)
        {
            world.Time.CreateTimer(
                _ => _ = system.IsQuiet ? null : system.Replay(faults), null, TimeSpan.FromMilliseconds(random.Next(300, 6_000)), Timeout.InfiniteTimeSpan);
        }

        for (int left = erases ? random.Next(1, 4) : 0; left > 0; left--)
        {
            int fare = random.Next(TripLog.DearFrom);
            world.Time.CreateTimer(
                _ => _ = system.IsQuiet ? null : system.Erase(fare, faults),
                null,
                TimeSpan.FromMilliseconds(random.Next(300, 6_000)),
                Timeout.InfiniteTimeSpan);
        }

        return Run(world, system, faults, workerCount, (process, worker) =>
        {
            if (growthsLeft > 0)
            {
                growthsLeft--;
                system.Trips.Grow(random.Next(20));
                if (random.Next(4) == 0)
                {
                    system.Trips.AddPartition();
                }
            }

            return process.Faults != FaultPlan.None && random.Next(6) == 0
                ? system.StartUntilStopped(process, worker, TimeSpan.FromMilliseconds(random.Next(4_000)))
                : system.Start(process, worker);
        });
    }

    private static PipelineOutcome Run(
        SimulatedWorld world, PipelineSystem system, FaultPlan faults, int workerCount, Func<SimulatedProcess, int, Task> start)
    {
        var lives = new Lives(world, start, () => system.Oracle.Check(), MayGiveUp, workerCount) { KeepsPoints = faults == FaultPlan.None };
        lives.Run(faults);
        for (int again = 0; again < AgainMax; again++)
        {
            world.RunUntil(() => system.Restores.TrueForAll(static restore => restore.IsCompleted)
                && system.Replays.Concat(system.Erasures).All(static work => work.IsCompleted));
            if (system.Restores.Concat<Task>(system.Replays).Concat(system.Erasures).FirstOrDefault(static task => task.IsFaulted) is { Exception: { } failed })
            {
                throw new SimulationOracleException($"An operator could not do what it began: {failed.InnerException}");
            }

            system.Oracle.Check();
            if (system.Oracle.IsComplete)
            {
                break;
            }

            // It was stopped, or taken back, or the log grew while the last life was on its way; the operator starts it once more.
            string name = again == 0 ? "last" : FormattableString.Invariant($"last{again}");
            new Lives(world, system.Start, () => system.Oracle.Check(), static _ => false) { Name = name }.Run(FaultPlan.None);
        }

        long replayed = system.Replays.Sum(static replay => replay.Result ?? 0);
        if (system.Replays.Count > 0)
        {
            // One that nothing stops, and one more that finds nothing.
            system.IsQuiet = true;
            replayed += ToEnd(world, system.Replay(FaultPlan.None));
            long again = ToEnd(world, system.Replay(FaultPlan.None));
            if (again > 0)
            {
                throw new SimulationOracleException($"Seed {world.Seed}: a second replay moved {again} dead letters.");
            }
        }

        long erased = system.Erasures.Sum(static erasure => erasure.Result ?? 0);
        system.IsQuiet |= system.Erasures.Count > 0;
        foreach (int fare in system.Oracle.Erased.ToArray())
        {
            erased += ToEnd(world, system.Erase(fare, FaultPlan.None));
            if (ToEnd(world, system.Erase(fare, FaultPlan.None)) > 0)
            {
                throw new SimulationOracleException($"Seed {world.Seed}: a second erasure of the same rows took some.");
            }
        }

        int restores = system.Restores.Count(static restore => restore.IsCompletedSuccessfully && restore.Result);
        return new PipelineOutcome(
            world.TraceHash, lives.Count, system.Oracle.CheckEnd(), system.Restarts, restores, replayed, erased, lives.First.Points ?? []);
    }

    private static long ToEnd(SimulatedWorld world, Task<long?> work)
    {
        world.RunUntil(() => work.IsCompleted);
        return work.Result ?? throw new SimulationOracleException($"Seed {world.Seed}: an operator gave up without a fault.");
    }

    /// <summary>
    /// Before the job runs, the tables are opened: a failure there ends the process, whose operator starts it again. So does a job that
    /// says that it may be started again, as one does that could not commit in the time it had to stop.
    /// </summary>
    private static bool MayGiveUp(Exception failure) =>
        failure is JobException or ObjectStoreException { IsTransient: true } or ObjectStoreException { OutcomeIsUnknown: true };
}

/// <summary>How a seed went.</summary>
internal sealed record PipelineOutcome(
    ulong TraceHash, int Lives, PipelineCheck End, long Restarts, int Restores, long Replayed, long Erased, IReadOnlyList<string> Points);
