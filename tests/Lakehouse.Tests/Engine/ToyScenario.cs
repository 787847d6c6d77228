using Lakehouse.Engine;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Engine;

/// <summary>Lives of one worker of the toy pipeline, each with another number of subtasks.</summary>
internal static class ToyScenario
{
    internal static ToyOutcome Run(int seed, FaultPlan faults, bool broken = false)
    {
        var world = new SimulatedWorld(seed);
        var pipeline = new ToyPipeline(world, splitCount: 3, rowsPerSplit: 300);
        var jobs = new List<Job>();
        var lives = new Lives(
            world,
            (process, _) => Start(process),
            () => pipeline.CheckTable(),
            static failure => failure is JobException { IsTransient: true });
        lives.Run(faults);
        int covered = pipeline.CheckTable();
        if (covered != pipeline.SplitCount * pipeline.RowsPerSplit)
        {
            throw new OracleException($"Seed {seed}: the last life ended with {covered} rows of the log in the table.");
        }

        return new ToyOutcome(
            world.TraceHash, lives.Count, pipeline.Entries().Count, (int)jobs.Sum(static job => job.Progress.Restarts), lives.First.PointCount);

        Task Start(SimulatedProcess process)
        {
            Job job = pipeline.CreateJob(process, world.Random.Next(1, 4), table =>
                broken ? new ToyTable(new CrashingObjectStore(pipeline.Durable, process)) { ChecksRanges = false } : table);
            jobs.Add(job);
            return job.RunAsync(RunMode.UntilEndOfInput, CancellationToken.None);
        }
    }
}

internal sealed record ToyOutcome(ulong TraceHash, int Lives, int Commits, int Restarts, long Points);
