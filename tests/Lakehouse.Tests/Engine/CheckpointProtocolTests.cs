using System.Collections.Immutable;
using Lakehouse.Engine;
using Xunit;

namespace Lakehouse.Tests.Engine;

public sealed class CheckpointProtocolTests
{
    private static readonly StoredCheckpoint?[] _committed = [null, Stored(2, "a"), Stored(3, "a")];

    [Fact]
    public void Every_combination_of_facts_leads_to_the_one_right_decision()
    {
        StoredCheckpoint[] stored = [Stored(1, "a"), Stored(3, "a"), Stored(4, "a"), Stored(4, "b")];
        int combinations = 0;
        foreach (RecoveryFacts facts in AllFacts(stored))
        {
            RecoveryDecision decision = CheckpointProtocol.Decide(facts);
            StoredCheckpoint[] fitting = [.. facts.Candidates
                .Where(c => c.Fits && (facts.Committed is null || c.Checkpoint.Id.Value > facts.Committed.Id.Value))
                .Select(static c => c.Checkpoint).Order()];
            switch (decision)
            {
                case RecoveryDecision.RollForward(var checkpoint):
                    Assert.Equal(fitting[^1], checkpoint);
                    Assert.DoesNotContain(checkpoint, decision.Discarded);
                    break;
                case RecoveryDecision.RestoreCommitted(var checkpoint):
                    Assert.Empty(fitting);
                    Assert.Equal(facts.Committed, checkpoint);
                    Assert.True(facts.CommittedIsReadable);
                    break;
                case RecoveryDecision.RestorePositions(var checkpoint):
                    Assert.Empty(fitting);
                    Assert.Equal(facts.Committed, checkpoint);
                    Assert.False(facts.CommittedIsReadable);
                    break;
                default:
                    Assert.IsType<RecoveryDecision.StartFresh>(decision);
                    Assert.Empty(fitting);
                    Assert.Null(facts.Committed);
                    break;
            }

            int rolled = decision is RecoveryDecision.RollForward ? 1 : 0;
            Assert.Equal(facts.Candidates.Length - rolled, decision.Discarded.Length);
            combinations++;
        }

        // 3^4 candidate lists (absent, unfit, fit), times no commit, and two commits readable or not.
        Assert.Equal(81 * 5, combinations);
    }

    [Fact]
    public void The_next_number_is_above_every_number_ever_used()
    {
        ImmutableArray<StoredCheckpoint> stored = [Stored(1, "a"), Stored(7, "b")];
        Assert.Equal(8, CheckpointProtocol.FirstAfter(CommittedState.Nothing, stored, default).Value);
        Assert.Equal(10, CheckpointProtocol.FirstAfter(new CommittedState(new CheckpointId(9), "x"), stored, default).Value);
        Assert.Equal(13, CheckpointProtocol.FirstAfter(CommittedState.Nothing, stored, new CheckpointId(12)).Value);
        Assert.Equal(1, CheckpointProtocol.FirstAfter(CommittedState.Nothing, [], default).Value);
    }

    private static IEnumerable<RecoveryFacts> AllFacts(StoredCheckpoint[] stored)
    {
        for (int code = 0; code < 81; code++)
        {
            var candidates = ImmutableArray.CreateBuilder<CandidateCheckpoint>();
            int left = code;
            foreach (StoredCheckpoint checkpoint in stored)
            {
                if (left % 3 != 0)
                {
                    candidates.Add(new CandidateCheckpoint(checkpoint, left % 3 == 2));
                }

                left /= 3;
            }

            foreach (StoredCheckpoint? committed in _committed)
            {
                yield return new RecoveryFacts(committed, false, candidates.ToImmutable());
                if (committed is not null)
                {
                    yield return new RecoveryFacts(committed, true, candidates.ToImmutable());
                }
            }
        }
    }

    private static StoredCheckpoint Stored(long id, string attempt) => new(new CheckpointId(id), $"p/w/{attempt}/{id}");
}
