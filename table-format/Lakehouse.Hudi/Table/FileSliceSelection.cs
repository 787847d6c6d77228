using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Which data files a snapshot shows, by the rule of Hudi's Java readers (<c>HoodieFileGroup.isFileSliceCommitted</c>). Pure.
/// 1. A file counts when its instant is at or before the snapshot's and completed, or older than the whole active timeline.
/// 2. Of a file group (partition, file id) the greatest instant wins.
/// 3. File groups replaced at or before the snapshot's instant are gone.
/// </summary>
internal static class FileSliceSelection
{
    /// <summary>Selects from all <paramref name="files"/> of the table's partitions.</summary>
    /// <param name="files">Data files in partitions that have partition metadata.</param>
    /// <param name="timeline">Completed instants up to the snapshot's, in order.</param>
    internal static ImmutableArray<FileSlice> Select(IEnumerable<ObjectStat> files, ImmutableArray<CompletedInstant> timeline)
    {
        if (timeline.IsEmpty)
        {
            return [];
        }

        string first = timeline[0].Time;
        var completed = timeline.Select(static i => i.Time).ToHashSet(StringComparer.Ordinal);
        var latest = new Dictionary<(string, string), FileSlice>();
        ILookup<string, WriteStat> stats = timeline
            .SelectMany(static i => i.Metadata.WriteStats)
            .ToLookup(static s => s.Path, StringComparer.Ordinal);
        foreach (ObjectStat file in files)
        {
            if (!DataFileName.TryParse(file.Path.Name, out DataFileName name)
                || !(completed.Contains(name.Instant) || string.CompareOrdinal(name.Instant, first) < 0))
            {
                continue;
            }

            string partition = file.Path.Parent.Value;
            if (!latest.TryGetValue((partition, name.FileId), out FileSlice? other)
                || string.CompareOrdinal(name.Instant, other.Instant) > 0)
            {
                long rows = stats[file.Path.Value].FirstOrDefault()?.RowCount ?? -1;
                latest[(partition, name.FileId)] = new FileSlice(partition, name.FileId, name.Instant, file.Path, file.Size, rows);
            }
        }

        foreach ((string, string) group in Replaced(timeline))
        {
            latest.Remove(group);
        }

        return [.. latest.Values.OrderBy(static s => s.Path)];
    }
    /// <summary>Files that a snapshot should show by its timeline alone and that <paramref name="shown"/> lacks.</summary>
    internal static IEnumerable<string> Missing(ImmutableArray<CompletedInstant> timeline, ImmutableArray<FileSlice> shown)
    {
        var latest = new Dictionary<(string, string), string>();
        foreach (WriteStat stat in timeline.SelectMany(static i => i.Metadata.WriteStats))
        {
            latest[(stat.PartitionPath, stat.FileId)] = stat.Path;
        }

        foreach ((string, string) group in Replaced(timeline))
        {
            latest.Remove(group);
        }

        var there = shown.Select(static s => s.Path.Value).ToHashSet(StringComparer.Ordinal);
        return latest.Values.Where(path => !there.Contains(path)).Order(StringComparer.Ordinal);
    }

    private static IEnumerable<(string PartitionPath, string FileId)> Replaced(ImmutableArray<CompletedInstant> timeline) =>
        from instant in timeline
        from partition in instant.Metadata.PartitionToReplaceFileIds ?? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty
        from fileId in partition.Value
        select (partition.Key, fileId);
}
