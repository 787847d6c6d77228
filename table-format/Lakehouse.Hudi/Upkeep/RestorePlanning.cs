using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>What a restore would do, or why it cannot be done.</summary>
internal abstract record RestoreDecision
{
    private RestoreDecision()
    {
    }

    internal sealed record Planned(RestorePlan Plan) : RestoreDecision;

    internal sealed record Refused(string Reason) : RestoreDecision;
}

/// <summary>
/// Plans a restore. Pure.
/// 1. Possible targets are the committed instants of the active timeline that no clean has taken a file from, and those of savepoints.
/// 2. Everything committed after the target goes, newest first. A savepoint among that must be deleted first, by its owner.
/// 3. Ledger and checkpoints become those of the target. The history epoch rises above every one that was: work begun before does not fit.
/// </summary>
internal static class RestorePlanning
{
    /// <param name="target">Where to go back to.</param>
    /// <param name="sequence">The table's numbers.</param>
    /// <param name="completed">The completed instants on the timeline, whoever made them.</param>
    internal static RestoreDecision Plan(RestoreTarget target, SequenceStatus sequence, IReadOnlyCollection<string> completed)
    {
        if (sequence.IsFollower)
        {
            return new RestoreDecision.Refused(
                "its rows come with the commits of another table; restore that one, and this one goes back with it");
        }

        if (sequence.Outcomes.IsEmpty)
        {
            return new RestoreDecision.Refused("it has no sequence of commits to go back in");
        }

        Outcome newest = sequence.Outcomes[^1];
        Outcome[] instants =
        [
            .. sequence.Outcomes.Where(o => o.Commit is not null && o.Number >= newest.Floor && !newest.Upkeep.IsVoided(o.Instant)),
        ];
        Outcome? oldest = instants.FirstOrDefault(o => newest.Upkeep.IsWhole(o.Instant));
        (Outcome? found, string? reason) = Find(target, instants, newest.Upkeep);
        if (found is null || !newest.Upkeep.IsWhole(found.Instant))
        {
            return new RestoreDecision.Refused((reason ?? $"a clean has deleted files of instant {found?.Instant}")
                + (oldest is null ? "; there is no instant to go back to" : $"; the oldest possible one is {oldest.Instant}"));
        }

        if (newest.Upkeep.Savepoints.FirstOrDefault(s => string.CompareOrdinal(s.Instant, found.Instant) > 0) is { } lost)
        {
            return new RestoreDecision.Refused(
                $"savepoint '{lost.Name}' at {lost.Instant} is newer than {found.Instant} and would be lost; delete it first");
        }

        if (completed.FirstOrDefault(c => string.CompareOrdinal(c, found.Instant) > 0 && !instants.Any(o => o.Instant == c)) is { } foreign)
        {
            return new RestoreDecision.Refused($"instant {foreign} was made by another program and cannot be undone");
        }

        Outcome[] undone = [.. instants.Where(o => o.Number > found.Number).Reverse()];
        TableState after = found.State with
        {
            Ledger = found.State.Ledger with { HistoryEpoch = newest.State.Ledger.HistoryEpoch + 1 },
        };
        return new RestoreDecision.Planned(new RestorePlan(
            found.Instant,
            newest.Upkeep.Savepoints.FirstOrDefault(s => s.Instant == found.Instant),
            [.. undone.Select(Undo)],
            Followers(undone),
            newest.State,
            after));
    }

    /// <summary>The instants of a follower that took over some numbers of a primary, newest first.</summary>
    internal static ImmutableArray<UndoneInstant> OfFollower(SequenceStatus sequence, string primaryId, ImmutableArray<long> numbers) =>
        [.. TakenOver(sequence, primaryId, numbers).Reverse().Select(Undo)];

    /// <summary>Why a follower cannot go back, or null when it can.</summary>
    /// <param name="follower">What is to go back in it.</param>
    /// <param name="primaryId">The identity of the primary.</param>
    /// <param name="sequence">The follower's numbers.</param>
    /// <param name="timeline">The follower's completed instants.</param>
    /// <param name="files">The paths of the follower's files on storage.</param>
    internal static string? WhyNotOfFollower(
        UndoneFollower follower,
        string primaryId,
        SequenceStatus sequence,
        ImmutableArray<CompletedInstant> timeline,
        IReadOnlySet<string> files)
    {
        string table = $"the table at {follower.Location}, which goes back with it,";
        Outcome[] undone = [.. TakenOver(sequence, primaryId, follower.Numbers)];
        long followed = sequence.FollowedNumber(primaryId);
        if (undone.Length < follower.Numbers.Count(n => n <= followed))
        {
            return $"{table} has forgotten which instants brought the rows in question";
        }

        var going = undone.Select(static o => o.Instant).ToHashSet(StringComparer.Ordinal);
        Dictionary<(string, string), string> replaced = CleanPlanning.Replaced(timeline);
        if (undone.SelectMany(static o => o.Commit?.WriteStats ?? []).Any(
            s => replaced.TryGetValue((s.PartitionPath, s.FileId), out string? by) && !going.Contains(by)))
        {
            return $"{table} has merged the rows in question with others";
        }

        var back = undone.SelectMany(static o => o.Commit?.ReplacedGroups ?? []).ToHashSet();
        return timeline.Where(i => !going.Contains(i.Time)).SelectMany(static i => i.Metadata.WriteStats)
            .Any(s => back.Contains((s.PartitionPath, s.FileId)) && !files.Contains(s.Path))
            ? $"a clean of {table} has deleted files that would have to come back"
            : null;
    }

    /// <summary>The last table that a number names in what it follows is the one whose share it took over.</summary>
    private static IEnumerable<Outcome> TakenOver(SequenceStatus sequence, string primaryId, ImmutableArray<long> numbers)
    {
        // < A follower may have none yet: what it is to take over is decided and on its way.
        Upkeep upkeep = sequence.Outcomes.IsEmpty ? Upkeep.None : sequence.Outcomes[^1].Upkeep;
        return sequence.Outcomes.Where(o => o.Commit is not null && !upkeep.IsVoided(o.Instant)
            && !o.Followed.IsEmpty && o.Followed[^1].Primary == primaryId && numbers.BinarySearch(o.Followed[^1].Number) >= 0);
    }

    private static (Outcome? Found, string? Reason) Find(RestoreTarget target, Outcome[] instants, Upkeep upkeep)
    {
        switch (target)
        {
            case RestoreTarget.BeforeLast(var count):
                return count < instants.Length
                    ? (instants[^(count + 1)], null)
                    : (null, FormattableString.Invariant($"of its {instants.Length} instants at least one must stay"));
            case RestoreTarget.To(var text):
                string instant = upkeep.Savepoints.FirstOrDefault(s => s.Name == text)?.Instant ?? text;
                return instants.FirstOrDefault(o => o.Instant == instant) is { } found
                    ? (found, null)
                    : (null, $"'{text}' is neither a savepoint nor an instant of its active timeline");
            default:
                throw new InvariantViolatedException($"Unknown target {target}.");
        }
    }

    private static UndoneInstant Undo(Outcome outcome) => new(
        outcome.Number,
        outcome.Instant,
        outcome.Action,
        [.. outcome.Commit?.WriteStats.Select(static s => new NamedFile(s.PartitionPath, s.Path, s.ByteCount, s.RowCount)) ?? []]);

    private static ImmutableArray<UndoneFollower> Followers(Outcome[] undone) =>
    [
        .. undone.SelectMany(static o => o.Followers.Select(f => (o.Number, Table: f)))
            .GroupBy(static f => f.Table.Location, StringComparer.Ordinal)
            .OrderBy(static g => g.Key, StringComparer.Ordinal)
            .Select(static g => new UndoneFollower(
                g.Key, [.. g.Select(static f => f.Number).Order()], g.Sum(static f => f.Table.RowsAdded))),
    ];
}
