using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Engine;

public sealed class JobSimulationTests
{
    private static readonly FaultPlan _faults = new() { Kill = 0.004, Pause = 0.002, Fail = 0.005, Unknown = 0.02 };

    [Fact]
    public void Without_faults_everything_is_in_the_table_after_several_commits()
    {
        ToyOutcome outcome = ToyScenario.Run(seed: 1, FaultPlan.None);
        Assert.Equal(1, outcome.Lives);
        Assert.InRange(outcome.Commits, 4, 100);
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace_and_another_seed_another()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            Assert.Equal(ToyScenario.Run(seed, _faults).TraceHash, ToyScenario.Run(seed, _faults).TraceHash);
        }

        Assert.NotEqual(ToyScenario.Run(1, _faults).TraceHash, ToyScenario.Run(2, _faults).TraceHash);
    }

    [Fact]
    public void A_crash_before_or_after_any_call_loses_and_doubles_nothing()
    {
        for (int seed = 100; seed < 103; seed++)
        {
            long points = ToyScenario.Run(seed, FaultPlan.None).Points;
            Assert.InRange(points, 100, 5_000);
            for (long point = 0; point < points; point++)
            {
                ToyOutcome outcome = ToyScenario.Run(seed, new FaultPlan { KillAt = point });
                Assert.True(outcome.Lives == 2, $"Seed {seed}: point {point} was not reached.");
            }
        }
    }

    [Fact]
    public void Random_kills_pauses_failures_and_lost_answers_lose_and_double_nothing()
    {
        int lives = 0;
        int restarts = 0;
        for (int seed = 1000; seed < 1300; seed++)
        {
            ToyOutcome outcome = ToyScenario.Run(seed, _faults);
            lives += outcome.Lives;
            restarts += outcome.Restarts;
        }

        // The faults did happen.
        Assert.True(lives > 500, $"{lives} lives");
        Assert.True(restarts > 50, $"{restarts} restarts");
    }

    [Fact]
    public void A_committer_that_does_not_check_where_its_ranges_start_is_caught()
    {
        int caught = 0;
        for (int seed = 0; seed < 100; seed++)
        {
            try
            {
                ToyScenario.Run(seed, _faults, broken: true);
            }
            catch (OracleException)
            {
                caught++;
            }
        }

        Assert.True(caught > 0);
    }
}
