using System.Collections.Immutable;
using Lakehouse.Storage;

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
internal abstract record Proposal(string Action, ImmutableArray<StagedFile> Files)
{
    /// <summary>Asks for a staged file of a follower that is not there any more; null when there are no followers.</summary>
    internal Func<CancellationToken, Task<ObjectPath?>>? FindGoneAsync { get; init; }

    /// <summary>The precondition: may this follow the state that <paramref name="found"/> describes?</summary>
    internal abstract Standing Judge(SequenceBase found);

    /// <summary>The outcome that commits it under a claim.</summary>
    internal abstract Outcome Compose(HudiTable table, SequenceBase found, Claim claim, long floor, string? floorInstant);
}

/// <summary>A proposal that brings files.</summary>
internal abstract record FileProposal(CheckpointReference Checkpoint, ImmutableArray<StagedFile> Files)
    : Proposal(TimelineFile.Commit, Files)
{
    internal override Outcome Compose(HudiTable table, SequenceBase found, Claim claim, long floor, string? floorInstant) =>
        OutcomePlan.Committed(table, found, claim, this, floor, floorInstant);

    internal virtual ImmutableArray<OffsetRange> Ranges => [];

    internal virtual ImmutableArray<FollowerTable> Followers => [];

    internal virtual ImmutableArray<Followed> FollowedAfter(SequenceBase found) => found.Followed;
}

/// <summary>
/// A checkpoint's work for its primary table: fits when every range starts exactly where the ledger ends, and nobody has committed under
/// the worker's name since the work was begun. The second lets a newer life of a worker delete what older ones staged: what it finds
/// before it commits can never be committed after it.
/// </summary>
internal sealed record IngestProposal(Committable Work) : FileProposal(Work.Checkpoint, Work.Files)
{
    internal override ImmutableArray<OffsetRange> Ranges => Work.Ranges;

    internal override ImmutableArray<FollowerTable> Followers => [.. Work.Followers.Where(static f => !f.Files.IsEmpty)];

    internal override Standing Judge(SequenceBase found)
    {
        CheckpointReference? newest = found.State.CheckpointOf(Checkpoint.Pipeline, Checkpoint.Worker);
        if (newest is not null && newest.Path == Checkpoint.Path && newest.Id == Checkpoint.Id)
        {
            return new Standing.Done();
        }

        if (Work.BuildsOn is { } path && path != (newest?.Path ?? ""))
        {
            return new Standing.Misfits(FormattableString.Invariant(
                $"another process has committed checkpoint {newest?.Id} under the name of worker '{Checkpoint.Worker}' meanwhile"));
        }

        return found.State.Ledger.WhyNotContinuedBy(Work.Ranges, Work.HistoryEpoch) is { } reason
            ? new Standing.Misfits(reason)
            : new Standing.Fits();
    }
}

/// <summary>What a primary's outcome brings to a follower: fits exactly once, in the order of the primary's numbers.</summary>
internal sealed record FollowerProposal(Followed Follows, CheckpointReference Checkpoint, ImmutableArray<StagedFile> Files)
    : FileProposal(Checkpoint, Files)
{
    internal override Standing Judge(SequenceBase found) =>
        found.FollowedNumber(Follows.Primary) >= Follows.Number ? new Standing.Done() : new Standing.Fits();

    internal override ImmutableArray<Followed> FollowedAfter(SequenceBase found) => found.Following(Follows);
}

/// <summary>
/// What a primary's outcome takes out of a follower: fits exactly once, as what it brings does. That the file groups are live was decided
/// with the primary's outcome (<see cref="ReplayProposal"/>).
/// </summary>
internal sealed record FollowerReplaceProposal(Followed Follows, FollowerTable Work, ImmutableArray<ReplayedCount> Replayed)
    : Proposal(TimelineFile.ReplaceCommit, Work.Files)
{
    internal override Standing Judge(SequenceBase found) =>
        found.FollowedNumber(Follows.Primary) >= Follows.Number ? new Standing.Done() : new Standing.Fits();

    internal override Outcome Compose(HudiTable table, SequenceBase found, Claim claim, long floor, string? floorInstant) =>
        OutcomePlan.Taken(table, found, claim, this);
}

/// <summary>
/// Rows that leave a follower and come to this table instead. Fits while nothing has taken rows out of a follower since it was planned and
/// the history is the same: then the rows are still there. Commits that only add rows, here or there, do not disturb it.
/// </summary>
/// <param name="ReplayedAt">The newest instant that had taken rows out of a follower when it was planned, or null.</param>
/// <param name="HistoryEpoch">The history epoch then.</param>
/// <param name="Files">This table's new files.</param>
/// <param name="Replayed">What became of the rows.</param>
/// <param name="Followers">What changes in other tables.</param>
internal sealed record ReplayProposal(
    string? ReplayedAt,
    long HistoryEpoch,
    ImmutableArray<StagedFile> Files,
    ImmutableArray<ReplayedCount> Replayed,
    ImmutableArray<FollowerTable> Followers) : Proposal(TimelineFile.Commit, Files)
{
    internal override Standing Judge(SequenceBase found) =>
        found.State.Ledger.HistoryEpoch != HistoryEpoch ? new Standing.Misfits("the table was restored meanwhile")
        : found.Upkeep.ReplayedAt != ReplayedAt ? new Standing.Misfits($"instant {found.Upkeep.ReplayedAt} has replayed dead letters meanwhile")
        : new Standing.Fits();

    internal override Outcome Compose(HudiTable table, SequenceBase found, Claim claim, long floor, string? floorInstant) =>
        OutcomePlan.Replayed(table, found, claim, this, floor, floorInstant);
}

/// <summary>
/// New file groups in the place of others. Fits while nothing has replaced file groups since it was planned and the history is the same:
/// then every group that it replaces is live. Commits that only add files do not disturb it.
/// </summary>
/// <param name="ReplacedAt">The newest instant that had replaced file groups when it was planned, or null.</param>
/// <param name="HistoryEpoch">The history epoch then.</param>
/// <param name="Plan">What comes and what goes.</param>
internal sealed record ReplaceProposal(string? ReplacedAt, long HistoryEpoch, Replacement Plan)
    : Proposal(TimelineFile.ReplaceCommit, Plan.Files)
{
    internal override Standing Judge(SequenceBase found) =>
        found.State.Ledger.HistoryEpoch != HistoryEpoch ? new Standing.Misfits("the table was restored meanwhile")
        : found.Upkeep.ReplacedAt != ReplacedAt ? new Standing.Misfits($"instant {found.Upkeep.ReplacedAt} has replaced files meanwhile")
        : new Standing.Fits();

    internal override Outcome Compose(HudiTable table, SequenceBase found, Claim claim, long floor, string? floorInstant) =>
        OutcomePlan.Replaced(table, found, claim, this);
}

/// <summary>
/// A table service: fits only the very state that it was planned on. When another number came in between it is planned again.
/// </summary>
/// <param name="BasedOn">The newest decided number when it was planned.</param>
/// <param name="Work">What it does.</param>
/// <param name="After">A restore: the table's state afterwards. Others leave the state as it is.</param>
/// <param name="Follows">In a follower: the number of the primary table that this carries out here.</param>
internal sealed record ServiceProposal(long BasedOn, ServiceWork Work, TableState? After = null, Followed? Follows = null)
    : Proposal(ActionOf(Work), [])
{
    internal override Standing Judge(SequenceBase found)
    {
        if (Follows is { } follows && found.FollowedNumber(follows.Primary) >= follows.Number)
        {
            return new Standing.Done();
        }

        return found.Number == BasedOn
            ? new Standing.Fits()
            : new Standing.Misfits(FormattableString.Invariant($"it was planned on number {BasedOn}, the table is at {found.Number}"));
    }

    internal override Outcome Compose(HudiTable table, SequenceBase found, Claim claim, long floor, string? floorInstant) =>
        OutcomePlan.Served(found, claim, this);

    private static string ActionOf(ServiceWork work) => work switch
    {
        ServiceWork.Clean => TimelineFile.Clean,
        ServiceWork.Restore => TimelineFile.Restore,
        _ => TimelineFile.Savepoint,
    };
}
