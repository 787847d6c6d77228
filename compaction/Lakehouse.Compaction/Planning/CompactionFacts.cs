using System.Collections.Immutable;
using Lakehouse.Hudi;

namespace Lakehouse.Compaction;

/// <summary>What the planning needs of a table, from what its timeline and its listing say. Pure.</summary>
public static class CompactionFacts
{
    /// <summary>The files of a snapshot.</summary>
    public static ImmutableArray<CompactionInput> Of(TableSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        var rewriting = snapshot.Timeline.Where(static i => i.Metadata.PartitionToReplaceFileIds is not null)
            .Select(static i => i.Time).ToHashSet(StringComparer.Ordinal);
        var stats = new Dictionary<string, WriteStat>(StringComparer.Ordinal);
        foreach (WriteStat stat in snapshot.Timeline.SelectMany(static i => i.Metadata.WriteStats))
        {
            stats[stat.Path] = stat;
        }

        return
        [
            .. snapshot.FileSlices.Select(slice => new CompactionInput(
                slice, rewriting.Contains(slice.Instant), stats.GetValueOrDefault(slice.Path.Value))),
        ];
    }
}
