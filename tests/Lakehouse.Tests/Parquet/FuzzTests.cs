using Lakehouse.Fuzz;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>A short run of every fuzz target; <c>tests/Lakehouse.Fuzz</c> runs them for as long as one likes.</summary>
public sealed class FuzzTests
{
    private const long Executions = 50_000;
    private static readonly TimeSpan TimePerTarget = TimeSpan.FromSeconds(2);

    [Fact]
    public void Damaged_bytes_are_refused_or_read_and_never_crash_hang_or_eat_memory()
    {
        Assert.SkipUnless(FuzzCorpus.DefaultFolder is not null, "SKIPPED: the corpora of Parquet files are not beside the repository.");
        ulong seed = (ulong)Random.Shared.NextInt64();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        IReadOnlyList<FuzzTarget> targets = ParquetTargets.All(FuzzCorpus.Load(FuzzCorpus.DefaultFolder));
        Assert.True(targets.Count > 15, $"Only {targets.Count} targets.");
        foreach (FuzzTarget target in targets)
        {
            FuzzVerdict verdict = FuzzRunner.Run(target, seed, 0, Executions, TimePerTarget);
            if (target.Name == "canary")
            {
                Assert.NotNull(verdict.Failure);
            }
            else
            {
                Assert.True(verdict.Failure is null, $"{target.Name} --seed {seed} --from {verdict.FailedExecution}: {verdict.Failure}");
            }
        }
    }
}
