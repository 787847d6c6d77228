using Lakehouse.Engine;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Engine;

/// <summary>
/// Lives of one worker, one after the other, or beside each other when one is paused. After every life the table is compared with the log;
/// the last life has no faults and must bring everything in.
/// </summary>
internal static class ToyScenario
{
    private const int LivesMax = 12;

    internal static ToyOutcome Run(int seed, FaultPlan faults, bool broken = false, List<string>? trace = null, List<string>? points = null)
    {
        var world = new SimulatedWorld(seed) { Trace = trace };
        var pipeline = new ToyPipeline(world, splitCount: 3, rowsPerSplit: 300);
        var lives = new List<(SimulatedProcess Process, Task Job)>();
        int restarts = 0;
        while (true)
        {
            bool last = lives.Count + 1 >= LivesMax;
            var process = new SimulatedProcess(world, $"life{lives.Count}", last || (faults.KillAt is not null && lives.Count > 0) ? FaultPlan.None : faults)
            {
                Points = lives.Count == 0 ? points : null,
            };
            Job job = pipeline.CreateJob(
                process, world.Random.Next(1, 4), table => broken ? new ToyTable(new CrashingObjectStore(pipeline.Durable, process)) { ChecksRanges = false } : table);
            Task run = job.RunAsync(RunMode.UntilEndOfInput, CancellationToken.None);
            lives.Add((process, run));
            world.RunUntil(() => run.IsCompleted || process.IsDead || (process.IsPaused && !last));
            pipeline.CheckTable();
            restarts += (int)job.Progress.Restarts;
            if (run.IsCompletedSuccessfully)
            {
                break;
            }

            if (run.IsFaulted)
            {
                // Giving up is allowed after faults; whoever operates it starts it again.
                if (last || run.Exception!.InnerException is not JobException { IsTransient: true })
                {
                    throw new SimulationException($"Seed {seed}: a life ended in failure.", run.Exception);
                }
            }
        }

        // Those that were paused wake up and must see that the world has moved on.
        world.RunUntil(() => lives.TrueForAll(static life => life.Process.IsDead || life.Job.IsCompleted));
        int covered = pipeline.CheckTable();
        if (covered != pipeline.SplitCount * pipeline.RowsPerSplit)
        {
            throw new OracleException($"Seed {seed}: the last life ended with {covered} rows of the log in the table.");
        }

        int commits = ToyTable.ReadAllAsync(pipeline.Durable).GetAwaiter().GetResult().Count;
        return new ToyOutcome(world.TraceHash, lives.Count, commits, restarts, lives[0].Process.PointCount);
    }
}

internal sealed record ToyOutcome(ulong TraceHash, int Lives, int Commits, int Restarts, long Points);
