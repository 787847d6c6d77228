using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Which files belong to nothing and nobody. Pure.
/// 1. An orphan is a data file that no completed instant names although its instant lies within the timeline: from the floor on, because
/// older files are committed without being named, and up to the newest completed instant, because later ones may be on their way.
/// Instants become public in order, so nothing within can still be on its way, unless another program has begun that instant.
/// 2. Staging of a decided and published number, and any other staging that nobody has touched for a day. Who still needed that reads its
/// records again.
/// </summary>
internal static class StrayFiles
{
    internal static readonly TimeSpan StagingKept = TimeSpan.FromDays(1);

    /// <param name="files">Everything outside <c>.hoodie</c>, listed after the timeline.</param>
    /// <param name="timeline">The timeline files.</param>
    /// <param name="completed">Its completed instants, in order.</param>
    /// <param name="floorInstant">The floor as it was after all that was read: pruning may have gone on meanwhile.</param>
    internal static ImmutableArray<ObjectStat> Orphans(
        IEnumerable<ObjectStat> files,
        ActiveTimeline timeline,
        ImmutableArray<CompletedInstant> completed,
        string? floorInstant)
    {
        if (completed.IsEmpty)
        {
            return [];
        }

        var named = completed.SelectMany(static i => i.Metadata.WriteStats).Select(static s => s.Path).ToHashSet(StringComparer.Ordinal);
        var begun = timeline.Files.Where(static f => f.State != InstantState.Completed).Select(static f => f.Instant).ToHashSet();
        begun.ExceptWith(completed.Select(static i => i.Time));
        string first = string.CompareOrdinal(floorInstant, completed[0].Time) > 0 ? floorInstant! : completed[0].Time;
        return
        [
            .. files.Where(file => DataFileName.TryParse(file.Path.Name, out DataFileName name)
                && !named.Contains(file.Path.Value)
                && !begun.Contains(name.Instant)
                && string.CompareOrdinal(name.Instant, first) >= 0
                && string.CompareOrdinal(name.Instant, completed[^1].Time) <= 0),
        ];
    }

    /// <param name="files">Everything below <c>.hoodie/.temp/</c>.</param>
    /// <param name="newest">The newest decided number.</param>
    /// <param name="published">Whether it is published.</param>
    /// <param name="untouchedSince">The time before which staging is given up.</param>
    internal static ImmutableArray<ObjectStat> Staging(
        IEnumerable<ObjectStat> files, long newest, bool published, DateTimeOffset untouchedSince) =>
    [
        .. files.GroupBy(static f => FolderOf(f.Path), StringComparer.Ordinal)
            .Where(folder => SequenceFolder.TryParseStaging(folder.Key, out long number)
                ? number < newest || (number == newest && published)
                : folder.All(f => f.Modified < untouchedSince))
            .SelectMany(static folder => folder),
    ];

    /// <summary>
    /// What says that a savepoint was begun where there is none: who created it died, and its last call came when others had completed and
    /// released it. Given up late, for it may be another program's that is just being created.
    /// </summary>
    /// <param name="files">The files in <c>.hoodie/</c>, listed after <paramref name="upkeep"/> was read.</param>
    /// <param name="upkeep">What services have decided.</param>
    /// <param name="untouchedSince">The time before which it is given up.</param>
    internal static ImmutableArray<ObjectPath> Savepoints(
        IReadOnlyCollection<ObjectStat> files, Upkeep upkeep, DateTimeOffset untouchedSince)
    {
        var there = files.Select(static f => f.Path).ToHashSet();
        return
        [
            .. files.Where(file => file.Modified < untouchedSince
                    && TimelineFile.TryParse(file.Path.Name, out TimelineFile begun)
                    && begun is { Action: TimelineFile.Savepoint, State: not InstantState.Completed }
                    && !upkeep.Savepoints.Any(s => s.Instant == begun.Instant)
                    && !there.Contains((begun with { State = InstantState.Completed }).Path))
                .Select(static f => f.Path),
        ];
    }

    private static string FolderOf(ObjectPath path) => path.Value[(HudiTable.TemporaryFolder.Value.Length + 1)..].Split('/')[0];
}
