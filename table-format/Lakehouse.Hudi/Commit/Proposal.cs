using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>How a proposal stands to the table as it is.</summary>
internal abstract record Standing
{
    private Standing()
    {
    }

    internal sealed record Fits : Standing;

    internal sealed record Done : Standing;

    internal sealed record Misfits(string Reason) : Standing;
}

/// <summary>What a committer wants the next number to be. Pure.</summary>
internal abstract record Proposal(CheckpointReference Checkpoint, ImmutableArray<StagedFile> Files)
{
    /// <summary>The precondition: may this follow the state that <paramref name="found"/> describes?</summary>
    internal abstract Standing Judge(SequenceBase found);

    internal virtual ImmutableArray<OffsetRange> Ranges => [];

    internal virtual ImmutableArray<FollowerTable> Followers => [];

    internal virtual ImmutableArray<Followed> FollowedAfter(SequenceBase found) => found.Followed;
}

/// <summary>A checkpoint's work for its primary table: fits when every range starts exactly where the ledger ends.</summary>
internal sealed record IngestProposal(Committable Work) : Proposal(Work.Checkpoint, Work.Files)
{
    internal override ImmutableArray<OffsetRange> Ranges => Work.Ranges;

    internal override ImmutableArray<FollowerTable> Followers => [.. Work.Followers.Where(static f => !f.Files.IsEmpty)];

    internal override Standing Judge(SequenceBase found)
    {
        if (found.State.CheckpointOf(Checkpoint.Pipeline, Checkpoint.Worker) is { } newest
            && newest.Path == Checkpoint.Path && newest.Id == Checkpoint.Id)
        {
            return new Standing.Done();
        }

        return found.State.Ledger.WhyNotContinuedBy(Work.Ranges, Work.HistoryEpoch) is { } reason
            ? new Standing.Misfits(reason)
            : new Standing.Fits();
    }
}

/// <summary>What a primary's outcome brings to a follower: fits exactly once, in the order of the primary's numbers.</summary>
internal sealed record FollowerProposal(string Primary, long Number, CheckpointReference Checkpoint, ImmutableArray<StagedFile> Files)
    : Proposal(Checkpoint, Files)
{
    internal override Standing Judge(SequenceBase found) =>
        FollowedNumber(found) >= Number ? new Standing.Done() : new Standing.Fits();

    internal override ImmutableArray<Followed> FollowedAfter(SequenceBase found) =>
        [.. found.Followed.Where(f => f.Primary != Primary), new Followed(Primary, Number)];

    private long FollowedNumber(SequenceBase found) => found.Followed.FirstOrDefault(f => f.Primary == Primary).Number;
}
