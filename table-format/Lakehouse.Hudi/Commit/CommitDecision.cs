namespace Lakehouse.Hudi;

/// <summary>
/// The arbitration between committers. Pure: facts in, one step out; the executor acts and looks again.
/// 1. A committed outcome that is not published is published, and its followers rolled forward, before anything else.
/// 2. A proposal that is done or does not fit ends here: continuity of its ranges is the fence.
/// 3. A claim in the way is aborted when it is the worker's own (an earlier life's) or has been watched past the deadline.
/// 4. Otherwise the next number is claimed.
/// </summary>
internal static class CommitDecision
{
    /// <param name="view">The sequence as it is.</param>
    /// <param name="found">What the newest outcome says.</param>
    /// <param name="proposal">What to commit, or null to only finish what others left.</param>
    /// <param name="followersDone">Whether the newest outcome's followers have their files.</param>
    /// <param name="pendingIsOwn">Whether the pending claim is the asking worker's own, or its dead predecessor's.</param>
    /// <param name="watchedFor">How long this process has seen the pending claim.</param>
    /// <param name="deadline">How long it watches one.</param>
    internal static CommitStep Next(
        SequenceView view,
        SequenceBase found,
        Proposal? proposal,
        bool followersDone,
        bool pendingIsOwn,
        TimeSpan watchedFor,
        TimeSpan deadline)
    {
        if (view.Newest is { IsCommitted: true } newest)
        {
            bool followersAreDue = newest.HasFollowers && !followersDone;
            if (!view.Published && !(newest.FollowersGoFirst && followersAreDue))
            {
                return new CommitStep.Publish(newest);
            }

            if (followersAreDue)
            {
                return new CommitStep.RollForward(newest);
            }
        }

        switch (proposal?.Judge(found))
        {
            case Standing.Done:
                return new CommitStep.AlreadyDone();
            case Standing.Misfits misfit:
                return new CommitStep.GiveUp(misfit.Reason);
        }

        if (view.Pending is { } claim)
        {
            return pendingIsOwn || (proposal is not null && watchedFor >= deadline)
                ? new CommitStep.Abort(claim)
                : proposal is null ? new CommitStep.Rest() : new CommitStep.Wait(claim);
        }

        return proposal is null ? new CommitStep.Rest() : new CommitStep.Take(found.Number + 1);
    }

    /// <summary>
    /// The floor that a commit of <paramref name="number"/> sets: unchanged until a tenth more than <paramref name="kept"/> numbers lie
    /// above it, then raised so that <paramref name="kept"/> stay. Never above the commit itself.
    /// </summary>
    internal static long Floor(long floor, long number, int kept) =>
        number - floor >= kept + Math.Max(kept / 10, 1) ? Math.Max(floor, number - Math.Max(kept, 1) + 1) : floor;
}
