using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Simulation;

/// <summary>
/// The whole pipeline under whatever a seed draws. <c>LAKEHOUSE_SEEDS=2000</c> runs more seeds than the suite does,
/// <c>LAKEHOUSE_SEED=n</c> the one that a failure names.
/// </summary>
public sealed class RandomSeedTests(ITestOutputHelper output)
{
    private const int SeedCount = 100;
    private const int RollbackSeedCount = 30;
    private const int ReplaySeedCount = 30;
    private const int ErasureSeedCount = 20;
    private const int InstantsPruned = 7;

    [Fact]
    public void Random_deaths_pauses_failures_lost_answers_and_rebalances_lose_and_double_nothing()
    {
        IReadOnlyList<PipelineOutcome> outcomes = Seeds.Run(10_000, Seeds.Count(SeedCount), static seed => PipelineScenario.RunRandom(seed));
        (long lives, long restarts) = (outcomes.Sum(static o => o.Lives), outcomes.Sum(static o => o.Restarts));
        ulong trace = outcomes.Aggregate(0UL, static (all, o) => (all * 31) + o.TraceHash);
        output.WriteLine($"{outcomes.Count} seeds, {lives} lives, {restarts} restarts within a life, {outcomes.Sum(static o => o.End.Instants)} instants, "
            + $"{outcomes.Sum(static o => o.End.Rows)} rows, {outcomes.Sum(static o => o.End.Routed)} routed, "
            + $"{outcomes.Sum(static o => o.End.DeadLetters)} dead letters; the trace, equal in every process, is {trace:x16}");
        Assert.True(
            outcomes.Count < SeedCount || (lives > 2 * outcomes.Count && restarts > outcomes.Count), $"{lives} lives, {restarts} restarts: too few.");
    }

    [Fact]
    public void An_operator_who_takes_the_table_back_in_the_middle_of_all_that_loses_and_doubles_nothing()
    {
        IReadOnlyList<PipelineOutcome> outcomes = Seeds.Run(
            50_000, Seeds.Count(RollbackSeedCount), static seed => PipelineScenario.RunRandom(seed, rollsBack: true));
        int restores = outcomes.Sum(static o => o.Restores);
        output.WriteLine($"{outcomes.Count} seeds, {restores} restores");
        Assert.True(restores > outcomes.Count / 3 || outcomes.Count < RollbackSeedCount, $"only {restores} restores");
    }

    [Fact]
    public void Operators_who_replay_dead_letters_in_the_middle_of_all_that_move_each_of_them_once()
    {
        IReadOnlyList<PipelineOutcome> outcomes = Seeds.Run(
            70_000, Seeds.Count(ReplaySeedCount), static seed => PipelineScenario.RunRandom(seed, rollsBack: seed % 3 == 0, replays: true));
        (long replayed, long rows, long deadLetters) =
            (outcomes.Sum(static o => o.Replayed), outcomes.Sum(static o => o.End.Rows + o.End.Routed), outcomes.Sum(static o => o.End.DeadLetters));
        output.WriteLine($"{outcomes.Count} seeds, {replayed} dead letters replayed, {outcomes.Sum(static o => o.Restores)} restores, "
            + $"{rows} rows, {deadLetters} dead letters left");
        Assert.True(replayed > 4 * outcomes.Count || outcomes.Count < ReplaySeedCount, $"only {replayed} replayed");
    }

    [Fact]
    public void Operators_who_erase_and_clean_in_the_middle_of_all_that_on_tables_that_prune_lose_and_double_nothing()
    {
        IReadOnlyList<PipelineOutcome> outcomes = Seeds.Run(
            90_000, Seeds.Count(ErasureSeedCount), static seed => PipelineScenario.RunRandom(seed, rollsBack: seed % 3 == 0, erases: true));
        (long erased, long instants, int restores) =
            (outcomes.Sum(static o => o.Erased), outcomes.Sum(static o => o.End.Instants), outcomes.Sum(static o => o.Restores));
        output.WriteLine($"{outcomes.Count} seeds, {erased} rows erased, {restores} restores, {instants} instants left");
        Assert.True(erased > outcomes.Count, $"only {erased} erased");
        Assert.True(instants < InstantsPruned * outcomes.Count, $"{instants} instants: nothing is pruned");
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace_and_another_seed_another()
    {
        HashSet<ulong> hashes = [];
        for (int seed = 1; seed <= 5; seed++)
        {
            ulong hash = PipelineScenario.RunRandom(seed).TraceHash;
            Assert.True(hash == PipelineScenario.RunRandom(seed).TraceHash, $"Seed {seed} gave two traces.");
            Assert.True(hashes.Add(hash), $"Seed {seed} gave the trace of another.");
        }
    }
}
