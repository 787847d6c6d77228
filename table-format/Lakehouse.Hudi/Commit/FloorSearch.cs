using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Finds the floor that a commit sets: what <see cref="CommitDecision.Floor"/> wants, or less where an instant below it is still needed:
/// 1. one that a savepoint keeps;
/// 2. in a follower, the newest instant that its primary cannot take back: what is newer may all go with a restore, and readers of an empty
/// timeline see nothing at all, not even what was pruned long ago;
/// 3. a replacecommit whose replaced files no clean has deleted: without it on the timeline they would come back.
/// </summary>
internal static class FloorSearch
{
    internal static async Task<(long Floor, string? Instant)> RunAsync(
        IObjectStore store, SequenceBase found, Claim claim, Followed? follows, int kept, CancellationToken cancellation)
    {
        long floor = Math.Min(CommitDecision.Floor(found.Floor, claim.Number, kept), found.Upkeep.PinnedFrom);
        if (floor > found.Floor && claim.Action == TimelineFile.Commit && follows is { } primary)
        {
            floor = await LastingAsync(store, found, floor, primary, cancellation);
        }

        if (floor > found.Floor && claim.Action == TimelineFile.Commit
            && await OldestReplacingAsync(store, found.Upkeep, cancellation) is { } replacing)
        {
            floor = await LastAsync(
                store, found.Floor, floor, outcome => string.CompareOrdinal(outcome.Instant, replacing) <= 0, cancellation);
        }

        if (floor <= found.Floor || claim.Action != TimelineFile.Commit)
        {
            return (found.Floor, found.FloorInstant);
        }

        for (long number = floor; number < claim.Number; number++)
        {
            if (await SequenceFolder.ReadOutcomeAsync(store, number, cancellation) is { IsCommitted: true } outcome)
            {
                return (number, outcome.Instant);
            }
        }

        return (claim.Number, claim.Instant);
    }

    /// <summary>
    /// The number of the newest instant, up to a wanted one, that a primary has brought and cannot take back: a restore takes back what came
    /// after its target, and no target lies below the primary's floor. Without such an instant the floor stays.
    /// </summary>
    private static async Task<long> LastingAsync(
        IObjectStore store, SequenceBase found, long wanted, Followed primary, CancellationToken cancellation)
    {
        long number = await LastAsync(
            store, found.Floor, wanted, outcome => outcome.FollowedNumber(primary.Primary) <= primary.Floor, cancellation);
        while (number > found.Floor
            && !(await SequenceFolder.ReadOutcomeAsync(store, number, cancellation) is { Commit: not null, Followed: [.., var by] } outcome
                && by.Primary == primary.Primary
                && !found.Upkeep.IsVoided(outcome.Instant)))
        {
            number--;
        }

        return number;
    }

    private static async Task<string?> OldestReplacingAsync(IObjectStore store, Upkeep upkeep, CancellationToken cancellation) =>
        (await ActiveTimeline.LoadAsync(store, cancellation)).CompletedCommits
            .Where(f => f.Action == TimelineFile.ReplaceCommit
                && (string.CompareOrdinal(f.Instant, upkeep.RetainedFrom) > 0
                    || (upkeep.SparedFrom is { } spared && string.CompareOrdinal(f.Instant, spared) >= 0)))
            .Select(static f => f.Instant)
            .FirstOrDefault();

    /// <summary>
    /// The greatest number from <paramref name="floor"/> to <paramref name="wanted"/> for which something holds that holds up to some number
    /// and for none after it, by halving: there may be many. The floor itself is taken to be one.
    /// </summary>
    private static async Task<long> LastAsync(
        IObjectStore store, long floor, long wanted, Func<Outcome, bool> holds, CancellationToken cancellation)
    {
        (long last, long after) = (floor, wanted + 1);
        while (after - last > 1)
        {
            long middle = last + ((after - last) / 2);

            // < Without an outcome: the number that is just being decided.
            bool isOver = await SequenceFolder.ReadOutcomeAsync(store, middle, cancellation) is not { } outcome || !holds(outcome);
            (last, after) = isOver ? (last, middle) : (middle, after);
        }

        return last;
    }
}
