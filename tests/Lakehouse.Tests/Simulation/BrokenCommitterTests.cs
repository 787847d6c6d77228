using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Simulation;

/// <summary>The oracle can fail: a rule taken out of the product or of its store is noticed within a few seeds.</summary>
public sealed class BrokenCommitterTests(ITestOutputHelper output)
{
    private const int SeedCountMax = 60;

    [Fact]
    public void A_store_on_which_two_can_win_the_same_number_is_caught() =>
        MustBeCaught(new SharedNumbers());

    [Fact]
    public void A_committer_that_does_not_ask_whether_its_ranges_continue_the_ledger_is_caught() =>
        MustBeCaught(new BrokenCommitter(isUnfenced: true, followsGroup: false));

    [Fact]
    public void Sources_that_begin_at_the_groups_offsets_are_caught_when_nothing_fences_them() =>
        MustBeCaught(new BrokenCommitter(isUnfenced: true, followsGroup: true));

    [Fact]
    public void Fenced_they_cannot_hurt_the_table_but_get_nowhere()
    {
        int stuck = 0;
        for (int seed = 0; seed < 10; seed++)
        {
            try
            {
                PipelineScenario.RunRandom(seed, new BrokenCommitter(isUnfenced: false, followsGroup: true));
            }
            catch (SimulationException)
            {
                stuck++;
            }
        }

        Assert.NotEqual(0, stuck);
    }

    private void MustBeCaught(Sabotage sabotage)
    {
        for (int seed = 0; seed < SeedCountMax; seed++)
        {
            try
            {
                PipelineScenario.RunRandom(seed, sabotage);
            }
            catch (SimulationOracleException wrong)
            {
                output.WriteLine(wrong.Message);
                return;
            }
            catch (SimulationException)
            {
                // The pipeline noticed by itself and gave up; the table may still be right.
            }
        }

        Assert.Fail($"{SeedCountMax} seeds, and the oracle saw nothing.");
    }
}
