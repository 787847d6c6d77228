using System.Collections.Concurrent;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Protocol;

/// <summary>The oracle can fail: the product without any one rule of its commit protocol is caught by random seeds.</summary>
public sealed class DroppedRuleTests(ITestOutputHelper output)
{
    private const int FirstSeed = 240_000;
    private const int SeedCountMax = 1_000;
    private const int ControlCount = 60;

    [Fact]
    public void Each_rule_of_the_commit_protocol_is_needed_by_a_seed()
    {
        var missed = new ConcurrentBag<string>();
        Parallel.ForEach(
            DroppedRules.All,
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            rule =>
            {
                for (int seed = FirstSeed; seed < FirstSeed + SeedCountMax; seed++)
                {
                    try
                    {
                        ProtocolScenario.Run(seed, rule.Dropped);
                    }
                    catch (Exception wrong)
                    {
                        string cause = wrong.InnerException?.InnerException?.Message ?? "";
                        output.WriteLine($"{rule.Rule}: seed {seed - FirstSeed + 1}: {wrong.Message} {cause}");
                        return;
                    }
                }

                missed.Add(rule.Rule);
            });
        Assert.Empty(missed);
    }

    [Fact]
    public void What_drops_the_rules_does_no_harm_while_it_drops_none()
    {
        var all = new ProtocolTally();
        foreach ((ProtocolTally tally, _) in Seeds.Run(FirstSeed, ControlCount, static seed => ProtocolScenario.Run(seed, DroppedRules.Control)))
        {
            all.Add(tally);
        }

        output.WriteLine($"{ControlCount} seeds: {all}");
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace_and_another_seed_another()
    {
        HashSet<ulong> traces = [];
        for (int seed = FirstSeed; seed < FirstSeed + 5; seed++)
        {
            ulong trace = ProtocolScenario.Run(seed).TraceHash;
            Assert.Equal(trace, ProtocolScenario.Run(seed).TraceHash);
            Assert.True(traces.Add(trace), $"Seed {seed} gave the trace of another.");
        }
    }
}
