using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Protocol;

/// <summary>
/// The commit protocol under whatever a seed draws: committers, services, readers, and everything that can befall them.
/// </summary>
public sealed class ProtocolSeedTests(ITestOutputHelper output)
{
    private const int FirstSeed = 100_000;
    private const int SeedCount = 100;

    [Fact]
    public void Whoever_dies_sleeps_or_wakes_and_whatever_is_pruned_cleaned_or_taken_back_readers_see_each_record_once()
    {
        var all = new ProtocolTally();
        ulong trace = 0;
        IReadOnlyList<(ProtocolTally Tally, ulong TraceHash)> seeds =
            Seeds.Run(FirstSeed, Seeds.Count(SeedCount), static seed => ProtocolScenario.Run(seed));
        foreach ((ProtocolTally tally, ulong hash) in seeds)
        {
            all.Add(tally);
            trace = (trace * 31) + hash;
        }

        // What no seed has shows nothing.
        bool lacksSomething = $"{all}".Replace(" }", ",", StringComparison.Ordinal).Contains(" = 0,", StringComparison.Ordinal);
        Assert.True(!lacksSomething || seeds.Count < SeedCount, $"{all}");
        output.WriteLine($"{seeds.Count} seeds, trace {trace:x16}: {all}");
    }
}
