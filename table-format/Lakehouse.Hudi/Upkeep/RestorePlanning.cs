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
        Outcome? oldest = instants.FirstOrDefault(o => IsPossible(o.Instant, newest.Upkeep));
        (Outcome? found, string? reason) = Find(target, instants, newest.Upkeep);
        if (found is null || !IsPossible(found.Instant, newest.Upkeep))
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

    /// <summary>Which instants of a follower hold any of some file groups, newest first.</summary>
    internal static ImmutableArray<UndoneInstant> OfFollower(SequenceStatus sequence, ImmutableArray<string> fileIds)
    {
        Outcome newest = sequence.Outcomes[^1];
        var wanted = fileIds.ToHashSet(StringComparer.Ordinal);
        return
        [
            .. sequence.Outcomes
                .Where(o => o.Commit is not null && !newest.Upkeep.IsVoided(o.Instant)
                    && o.Commit.WriteStats.Any(s => wanted.Contains(s.FileId)))
                .Reverse()
                .Select(Undo),
        ];
    }

    private static bool IsPossible(string instant, Upkeep upkeep) =>
        upkeep.RetainedFrom is null
        || string.CompareOrdinal(instant, upkeep.RetainedFrom) >= 0
        || upkeep.Savepoints.Any(s => s.Instant == instant);

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
        .. undone.SelectMany(static o => o.Followers)
            .GroupBy(static f => f.Location, StringComparer.Ordinal)
            .OrderBy(static g => g.Key, StringComparer.Ordinal)
            .Select(static g => new UndoneFollower(
                g.Key,
                [.. g.SelectMany(static f => f.Files).Select(static f => f.FileId)],
                g.SelectMany(static f => f.Files).Sum(static f => f.RowCount))),
    ];
}
