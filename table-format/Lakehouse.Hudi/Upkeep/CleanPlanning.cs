using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Which files a clean may delete. Pure.
/// 1. The policy names the earliest instant that stays whole (commits, hours), or how many versions of a group stay.
/// 2. A version of a file group is shown from its own instant until the next version's, or until the group is replaced. It may go when
/// that end lies at or before the earliest instant; of a replaced group when the replacing instant lies before it (Hudi's rule).
/// 3. What a savepoint shows stays, what a held instant replaced, and what is not superseded at all.
/// </summary>
internal static class CleanPlanning
{
    /// <param name="policy">What to keep.</param>
    /// <param name="timeline">The completed instants, in order.</param>
    /// <param name="files">All data files in partitions.</param>
    /// <param name="savepoints">The instants that savepoints keep.</param>
    /// <param name="held">Instants that may be undone from elsewhere: what they replaced stays.</param>
    /// <param name="now">The clock.</param>
    internal static CleanPlan Plan(
        CleanPolicy policy,
        ImmutableArray<CompletedInstant> timeline,
        IEnumerable<ObjectStat> files,
        IReadOnlyCollection<string> savepoints,
        IReadOnlySet<string> held,
        DateTimeOffset now)
    {
        if (timeline.IsEmpty)
        {
            return new CleanPlan(policy, null, "", "", [], null);
        }

        CompletedInstant? earliest = Earliest(policy, timeline, now);
        Dictionary<(string, string), string> replaced = Replaced(timeline);
        ImmutableArray<CleanedFile>.Builder cleaned = ImmutableArray.CreateBuilder<CleanedFile>();
        string? sparedFrom = null;
        foreach (IGrouping<(string, string), Version> group in Versions(timeline, files).GroupBy(static v => v.Group))
        {
            Version[] versions = [.. group.OrderBy(static v => v.Instant, StringComparer.Ordinal)];
            string? replacedAt = replaced.GetValueOrDefault(group.Key);
            for (int i = 0; i < versions.Length; i++)
            {
                bool isLast = i == versions.Length - 1;
                string? until = isLast ? replacedAt : versions[i + 1].Instant;
                if (until is not null
                    && !held.Contains(until)
                    && IsExpired(policy, earliest?.Time, until, isLast, replacedAt is not null, versions.Length - 1 - i)
                    && !savepoints.Any(s => Order(versions[i].Instant, s) <= 0 && Order(s, until) < 0))
                {
                    cleaned.Add(new CleanedFile(versions[i].File.Path, versions[i].File.Size, until));
                }
                else if (replacedAt is not null && (sparedFrom is null || Order(replacedAt, sparedFrom) < 0))
                {
                    sparedFrom = replacedAt;
                }
            }
        }

        return new CleanPlan(
            policy,
            earliest?.Time,
            earliest?.Action ?? "",
            timeline[^1].Time,
            [.. cleaned.OrderBy(static f => f.Path)],
            cleaned.Count == 0 ? null : cleaned.Max(static f => f.ShownUntil))
        {
            SparedFrom = sparedFrom,
        };
    }

    /// <summary>When each file group was replaced, by partition and file id.</summary>
    internal static Dictionary<(string, string), string> Replaced(ImmutableArray<CompletedInstant> timeline)
    {
        var replaced = new Dictionary<(string, string), string>();
        foreach (CompletedInstant instant in timeline)
        {
            foreach ((string partition, ImmutableArray<string> fileIds) in instant.Metadata.PartitionToReplaceFileIds
                ?? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty)
            {
                foreach (string fileId in fileIds)
                {
                    replaced.TryAdd((partition, fileId), instant.Time);
                }
            }
        }

        return replaced;
    }

    private static CompletedInstant? Earliest(CleanPolicy policy, ImmutableArray<CompletedInstant> timeline, DateTimeOffset now) =>
        policy switch
        {
            CleanPolicy.KeepCommits(var count) => timeline.Length > count ? timeline[^Math.Max(count, 1)] : null,
            CleanPolicy.KeepHours(var hours) => timeline.FirstOrDefault(
                i => Order(i.Time, InstantTime.At(now - TimeSpan.FromHours(hours))) >= 0) ?? timeline[^1],
            _ => null,
        };

    private static bool IsExpired(
        CleanPolicy policy, string? earliest, string until, bool isLast, bool isReplaced, int newerVersions) => policy switch
        {
            CleanPolicy.KeepVersions(var count) => isReplaced || newerVersions >= Math.Max(count, 1),
            _ => earliest is not null && (isLast ? Order(until, earliest) < 0 : Order(until, earliest) <= 0),
        };

    /// <summary>The files that readers take for committed: their instant completed, or is older than the whole active timeline.</summary>
    private static IEnumerable<Version> Versions(ImmutableArray<CompletedInstant> timeline, IEnumerable<ObjectStat> files)
    {
        var completed = timeline.Select(static i => i.Time).ToHashSet(StringComparer.Ordinal);
        foreach (ObjectStat file in files)
        {
            if (DataFileName.TryParse(file.Path.Name, out DataFileName name)
                && (completed.Contains(name.Instant) || Order(name.Instant, timeline[0].Time) < 0))
            {
                yield return new Version((file.Path.Parent.Value, name.FileId), name.Instant, file);
            }
        }
    }

    private static int Order(string one, string other) => string.CompareOrdinal(one, other);

    private sealed record Version((string Partition, string FileId) Group, string Instant, ObjectStat File);
}
