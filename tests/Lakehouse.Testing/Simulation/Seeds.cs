using System.Collections.Concurrent;
using System.Globalization;
using Xunit;

namespace Lakehouse.Testing;

/// <summary>
/// Runs a scenario once per seed, on all cores; every seed is a world of its own. <c>LAKEHOUSE_SEEDS=20000</c> runs so many instead of the
/// suite's, <c>LAKEHOUSE_FIRST_SEED=n</c> others than it does, <c>LAKEHOUSE_SEED=n</c> the one that a failure names.
/// </summary>
public static class Seeds
{
    private const int FailuresShown = 5;

    /// <summary>How many seeds to run where the suite runs <paramref name="normally"/>.</summary>
    public static int Count(int normally) => Number("LAKEHOUSE_SEEDS") ?? normally;

    /// <summary>The first seed to run where the suite begins with <paramref name="normally"/>.</summary>
    public static int First(int normally) => Number("LAKEHOUSE_FIRST_SEED") ?? normally;

    /// <summary>The one seed that was asked for, or null: then it pays to keep what happened in words.</summary>
    public static int? One => Number("LAKEHOUSE_SEED");

    /// <summary>The one seed that was asked for, or any, told in the test's output.</summary>
    public static int Pick(ITestOutputHelper output)
    {
        ArgumentNullException.ThrowIfNull(output);
        int seed = One ?? Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        return seed;
    }

    /// <summary>The outcomes in the order of their seeds. Fails the test with the seeds that failed.</summary>
    public static IReadOnlyList<TOutcome> Run<TOutcome>(int first, int count, Func<int, TOutcome> scenario)
    {
        int[] seeds = One is { } one ? [one] : [.. Enumerable.Range(First(first), count)];
        var outcomes = new TOutcome[seeds.Length];
        var failed = new ConcurrentDictionary<int, Exception>();
        Parallel.For(0, seeds.Length, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, i =>
        {
            try
            {
                outcomes[i] = scenario(seeds[i]);
            }
            catch (Exception failure)
            {
                failed[seeds[i]] = failure;
            }
        });
        Assert.True(failed.IsEmpty, $"{failed.Count} of {seeds.Length} seeds failed:\n"
            + string.Join("\n", failed.OrderBy(static f => f.Key).Take(FailuresShown).Select(static f => $"LAKEHOUSE_SEED={f.Key}: {Text(f.Value)}")));
        return outcomes;
    }

    private static string Text(Exception failure) =>
        One is null ? $"{failure.Message} {failure.InnerException?.Message}" : failure.ToString();

    private static int? Number(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : null;
}
