using Lakehouse.Hudi;
using Lakehouse.Storage;
using Xunit;

namespace Lakehouse.Testing;

/// <summary>
/// How hudi-rs 0.5 chooses files at timeline layout 1: every data file outside <c>.hoodie</c> whose instant is at or before the snapshot's,
/// whether that instant completed or not; the greatest per file id; replaced groups off. Bad names and doubles are errors.
/// </summary>
public static class HudiRsRule
{
    /// <summary>The files that hudi-rs reads as of the snapshot; fails the test where it would fail.</summary>
    public static async Task<List<ObjectPath>> SelectAsync(
        IObjectStore store, TableSnapshot snapshot, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(snapshot);
        List<ObjectPath> files = [];
        await foreach (ObjectStat file in store.ListAsync(default, recursive: true, cancellation))
        {
            if (!file.Path.Value.StartsWith(".hoodie/", StringComparison.Ordinal)
                && file.Path.Name.EndsWith(".parquet", StringComparison.Ordinal))
            {
                files.Add(file.Path);
            }
        }

        return Select(files, snapshot.Timeline, snapshot.Instant ?? "");
    }

    /// <summary>The same from all data files of a table and its completed instants up to that of the snapshot.</summary>
    public static List<ObjectPath> Select(IEnumerable<ObjectPath> files, IEnumerable<CompletedInstant> timeline, string atInstant)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(timeline);
        var latest = new Dictionary<(string, string), (string Instant, ObjectPath Path)>();
        var seen = new HashSet<(string, string)>();
        foreach (ObjectPath file in files)
        {
            Assert.True(DataFileName.TryParse(file.Name, out DataFileName name), $"'{file}' is no data file name");
            Assert.True(seen.Add((name.FileId, name.Instant)), $"two files of {name.FileId} at {name.Instant}");
            if (string.CompareOrdinal(name.Instant, atInstant) > 0)
            {
                continue;
            }

            (string, string) group = (file.Parent.Value, name.FileId);
            if (!latest.TryGetValue(group, out (string Instant, ObjectPath Path) other)
                || string.CompareOrdinal(name.Instant, other.Instant) > 0)
            {
                latest[group] = (name.Instant, file);
            }
        }

        foreach (CompletedInstant instant in timeline.Where(static i => i.Metadata.PartitionToReplaceFileIds is not null))
        {
            foreach ((string partition, var fileIds) in instant.Metadata.PartitionToReplaceFileIds!)
            {
                foreach (string fileId in fileIds)
                {
                    latest.Remove((partition, fileId));
                }
            }
        }

        return [.. latest.Values.Select(static v => v.Path)];
    }
}
