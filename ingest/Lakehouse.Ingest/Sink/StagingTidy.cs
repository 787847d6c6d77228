using System.Globalization;
using System.Text.RegularExpressions;
using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Ingest;

/// <summary>
/// Deletes what earlier lives of a worker staged and never committed. Safe for whoever still lives: a file that a commit names has been
/// copied out of these folders, and a commit whose files are gone fails and is read again from the log.
/// </summary>
internal static partial class StagingTidy
{
    /// <summary>Deletes the worker's staging folders of attempts before this one, and of this one up to a committed checkpoint.</summary>
    internal static async Task RunAsync(
        IObjectStore store, string pipeline, string worker, string attempt, long committed, CancellationToken cancellation)
    {
        ObjectPath staging = HudiTable.StagingFolder(pipeline, worker, attempt, committed).Parent;
        List<ObjectPath> stale = [];
        await foreach (ObjectStat entry in store.ListAsync(staging, recursive: false, cancellation))
        {
            if (entry.IsFolder && IsStale(entry.Path.Name, pipeline, worker, attempt, committed))
            {
                stale.Add(entry.Path);
            }
        }

        await store.AbortUploadsAsync(
            staging, (path, _) => IsStale(path.Parent.Name, pipeline, worker, attempt, committed), cancellation);
        foreach (ObjectPath folder in stale)
        {
            List<ObjectPath> files = [];
            await foreach (ObjectStat file in store.ListAsync(folder, recursive: true, cancellation))
            {
                files.Add(file.Path);
            }

            await SideBySide.RunAsync(files, SideBySide.RequestsAtATime, store.DeleteAsync, cancellation);
        }
    }

    /// <summary>
    /// Names are <c>pipeline-worker-attempt-checkpoint</c>. Attempts begin with the time and so sort; one that sorts after ours may be the
    /// living one, and we the zombie.
    /// </summary>
    internal static bool IsStale(string folder, string pipeline, string worker, string attempt, long committed)
    {
        string prefix = $"{pipeline}-{worker}-";
        if (!folder.StartsWith(prefix, StringComparison.Ordinal))
        {
            return false;
        }

        // Anything else after the prefix belongs to a pipeline or worker with a longer name.
        Match match = AttemptAndCheckpoint().Match(folder[prefix.Length..]);
        if (!match.Success)
        {
            return false;
        }

        int order = string.CompareOrdinal(match.Groups[1].Value, attempt);
        return order < 0 || (order == 0 && long.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture) <= committed);
    }

    [GeneratedRegex(@"^(\d{8}T\d{6}-[0-9a-f]{16})-(\d{1,18})$")]
    private static partial Regex AttemptAndCheckpoint();
}
