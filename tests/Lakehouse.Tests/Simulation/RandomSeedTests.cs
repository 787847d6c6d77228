using System.Globalization;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Simulation;

/// <summary>
/// The whole pipeline under whatever a seed draws. <c>LAKEHOUSE_SEEDS=2000</c> runs more seeds than the suite does,
/// <c>LAKEHOUSE_SEED=n</c> the one that a failure names.
/// </summary>
public sealed class RandomSeedTests(ITestOutputHelper output)
{
    private const int SeedCount = 200;
    private const int RollbackSeedCount = 60;
    private const int ReplaySeedCount = 60;
    private const int ErasureSeedCount = 40;
    private const int InstantsPruned = 7;

    [Fact]
    public void Random_deaths_pauses_failures_lost_answers_and_rebalances_lose_and_double_nothing()
    {
        int[] seeds = Number("LAKEHOUSE_SEED") is { } one ? [one] : [.. Enumerable.Range(10_000, Number("LAKEHOUSE_SEEDS") ?? SeedCount)];
        var failed = new List<string>();
        (long lives, long restarts, long instants, long rows, long routed, long deadLetters, ulong trace) = (0, 0, 0, 0, 0, 0, 0);
        foreach (int seed in seeds)
        {
            try
            {
                PipelineOutcome outcome = PipelineScenario.RunRandom(seed);
                lives += outcome.Lives;
                restarts += outcome.Restarts;
                instants += outcome.End.Instants;
                rows += outcome.End.Rows;
                routed += outcome.End.Routed;
                deadLetters += outcome.End.DeadLetters;
                trace = (trace * 31) + outcome.TraceHash;
            }
            catch (Exception failure) when (failure is SimulationOracleException or SimulationException)
            {
                failed.Add($"LAKEHOUSE_SEED={seed}: {failure.Message} {failure.InnerException}");
            }
        }

        output.WriteLine($"{seeds.Length} seeds, {lives} lives, {restarts} restarts within a life, {instants} instants, {rows} rows, "
            + $"{routed} routed, {deadLetters} dead letters; the trace, equal in every process, is {trace:x16}");
        Assert.True(failed.Count == 0, $"{failed.Count} of {seeds.Length} seeds failed:\n{string.Join("\n", failed.Take(5))}");
        Assert.True(seeds.Length < 100 || (lives > 2 * seeds.Length && restarts > seeds.Length), $"{lives} lives, {restarts} restarts: too few.");
    }

    [Fact]
    public void An_operator_who_takes_the_table_back_in_the_middle_of_all_that_loses_and_doubles_nothing()
    {
        int restores = 0;
        for (int seed = 50_000; seed < 50_000 + RollbackSeedCount; seed++)
        {
            try
            {
                restores += PipelineScenario.RunRandom(seed, rollsBack: true).Restores;
            }
            catch (Exception failure) when (failure is SimulationOracleException or SimulationException)
            {
                Assert.Fail($"seed {seed}: {failure.Message} {failure.InnerException}");
            }
        }

        output.WriteLine($"{RollbackSeedCount} seeds, {restores} restores");
        Assert.True(restores > RollbackSeedCount / 3, $"only {restores} restores");
    }

    [Fact]
    public void Operators_who_replay_dead_letters_in_the_middle_of_all_that_move_each_of_them_once()
    {
        int[] seeds = Number("LAKEHOUSE_SEED") is { } one
            ? [one]
            : [.. Enumerable.Range(70_000, Number("LAKEHOUSE_SEEDS") ?? ReplaySeedCount)];
        (long replayed, long restores, long rows, long deadLetters) = (0, 0, 0, 0);
        var failed = new List<string>();
        foreach (int seed in seeds)
        {
            try
            {
                PipelineOutcome outcome = PipelineScenario.RunRandom(seed, rollsBack: seed % 3 == 0, replays: true);
                replayed += outcome.Replayed;
                restores += outcome.Restores;
                rows += outcome.End.Rows + outcome.End.Routed;
                deadLetters += outcome.End.DeadLetters;
            }
            catch (Exception failure) when (failure is SimulationOracleException or SimulationException)
            {
                failed.Add($"LAKEHOUSE_SEED={seed}: {failure.Message} {failure.InnerException}");
            }
        }

        output.WriteLine($"{seeds.Length} seeds, {replayed} dead letters replayed, {restores} restores, {rows} rows, {deadLetters} dead letters left");
        Assert.True(failed.Count == 0, $"{failed.Count} of {seeds.Length} seeds failed:\n{string.Join("\n", failed.Take(5))}");
        Assert.True(replayed > 4 * seeds.Length, $"only {replayed} replayed");
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

    private static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : null;
}
