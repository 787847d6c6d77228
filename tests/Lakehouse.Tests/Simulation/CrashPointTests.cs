using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Simulation;

/// <summary>
/// One small run of the whole pipeline, repeated once for every point at which something can happen to it: before and after every call to
/// a store or to Kafka. After each the process is started again if need be, runs to the end, and the oracle is asked.
/// </summary>
public sealed class CrashPointTests(ITestOutputHelper output)
{
    // The first seed whose run, when nothing happens, commits more than once and has something for each table.
    private static readonly int Seed = Enumerable.Range(7, 50).First(static seed =>
        PipelineScenario.RunSmall(seed, FaultPlan.None).End is { Instants: >= 3, Rows: >= 2, Routed: >= 2, DeadLetters: >= 2 });

    [Fact]
    public void Without_faults_one_life_makes_the_table_the_log()
    {
        PipelineOutcome outcome = PipelineScenario.RunSmall(Seed, FaultPlan.None);
        Assert.Equal(1, outcome.Lives);
        // Every step of the commit, of all three tables' publication, and every call of the consumer is among the points.
        foreach (string call in (string[])
            [
                "put-if-absent .hoodie/.sequence/", "put-if-absent .hoodie/.checkpoints/", "complete upload .hoodie/.temp/", "copy patched .hoodie/.temp/",
                "copy-if-absent dt=", "list .hoodie", "delete .hoodie/.temp/", "Describe", "QueryWatermarks", "Subscribe", "PollGroup",
                "Assign", "Poll trips-0", "Poll trips-1", "MirrorOffsets", "Close",
            ])
        {
            Assert.Contains(outcome.Points, point => point.StartsWith("before " + call, StringComparison.Ordinal));
            Assert.Contains(outcome.Points, point => point.StartsWith("after " + call, StringComparison.Ordinal));
        }

        output.WriteLine($"seed {Seed}, {outcome.Points.Count} points, {outcome.End}");
    }

    [Fact]
    public void A_crash_before_or_after_any_call_loses_and_doubles_nothing() => AtEveryPoint(
        static point => new FaultPlan { KillAt = point },
        static outcome => outcome.Lives == 2);

    [Fact]
    public void Nor_does_any_call_that_fails_or_takes_effect_while_its_answer_is_lost() => AtEveryPoint(
        static point => new FaultPlan { FailAt = point },
        static _ => true);

    [Fact]
    public void Nor_does_a_process_that_stands_still_at_any_call_and_wakes_when_another_has_taken_its_place() => AtEveryPoint(
        static point => new FaultPlan { PauseAt = point },
        static outcome => outcome.Lives == 2);

    private void AtEveryPoint(Func<long, FaultPlan> plan, Func<PipelineOutcome, bool> happened)
    {
        IReadOnlyList<string> points = PipelineScenario.RunSmall(Seed, FaultPlan.None).Points;
        var failed = new List<string>();
        long restarts = 0;
        for (int point = 0; point < points.Count; point++)
        {
            try
            {
                PipelineOutcome outcome = PipelineScenario.RunSmall(Seed, plan(point));
                restarts += outcome.Restarts;
                Assert.True(happened(outcome), $"point {point} ({points[point]}) was not reached");
            }
            catch (Exception failure) when (failure is SimulationOracleException or SimulationException)
            {
                failed.Add($"point {point} ({points[point]}): {failure.Message} {failure.InnerException}");
            }
        }

        output.WriteLine($"{points.Count} points, {restarts} restarts within a life");
        Assert.True(failed.Count == 0, $"{failed.Count} of {points.Count} points failed:\n{string.Join("\n", failed.Take(5))}");
    }
}
