using System.Globalization;
using System.Text.RegularExpressions;
using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Ingest;

/// <summary>
/// Deletes what earlier lives of a worker staged and never committed: files that were there before this life's own first commit, deleted
/// after it. Safe for whoever still lives, followers' files too, which are copied only after the outcome: a checkpoint that was begun before
/// that commit cannot be committed after it, neither by who began it (<see cref="Committable.BuildsOn"/>) nor by who recovers
/// (<see cref="IsVoid"/>), and one before it has been rolled forward.
/// </summary>
internal static partial class StagingTidy
{
    /// <summary>The files in the worker's staging folders of attempts before this one, and of this one up to a checkpoint.</summary>
    internal static async Task<List<ObjectPath>> FindAsync(
        IObjectStore store, string pipeline, string worker, string attempt, long checkpoint, CancellationToken cancellation)
    {
        ObjectPath staging = HudiTable.StagingFolder(pipeline, worker, attempt, checkpoint).Parent;
        List<ObjectPath> stale = [];
        await foreach (ObjectStat entry in store.ListAsync(staging, recursive: false, cancellation))
        {
            if (entry.IsFolder && IsStale(entry.Path.Name, pipeline, worker, attempt, checkpoint))
            {
                stale.Add(entry.Path);
            }
        }

        List<ObjectPath> files = [];
        foreach (ObjectPath folder in stale)
        {
            await foreach (ObjectStat file in store.ListAsync(folder, recursive: true, cancellation))
            {
                files.Add(file.Path);
            }
        }

        return files;
    }

    /// <summary>Deletes what was found, and gives up the uploads that were left there.</summary>
    internal static async Task DeleteAsync(
        IObjectStore store, IEnumerable<ObjectPath> files, string pipeline, string worker, string attempt, long committed,
        CancellationToken cancellation)
    {
        await store.AbortUploadsAsync(
            HudiTable.StagingFolder(pipeline, worker, attempt, committed).Parent,
            (path, _) => IsStale(path.Parent.Name, pipeline, worker, attempt, committed),
            cancellation);
        await SideBySide.RunAsync(files, SideBySide.RequestsAtATime, store.DeleteAsync, cancellation);
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

        return IsUpTo(match.Groups[1].Value, long.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture), attempt, committed);
    }

    /// <summary>Whether the life that committed a checkpoint may delete what another one needs, now or whenever it goes on.</summary>
    internal static bool IsVoid(CheckpointReference other, CheckpointReference committed) =>
        IsUpTo(AttemptOf(other), other.Id, AttemptOf(committed), committed.Id);

    private static bool IsUpTo(string attempt, long checkpoint, string lastAttempt, long last)
    {
        int order = string.CompareOrdinal(attempt, lastAttempt);
        return order < 0 || (order == 0 && checkpoint <= last);
    }

    private static string AttemptOf(CheckpointReference checkpoint) => new ObjectPath(checkpoint.Path).Parent.Name;

    [GeneratedRegex(@"^(\d{8}T\d{6}-[0-9a-f]{16})-(\d{1,18})$")]
    private static partial Regex AttemptAndCheckpoint();
}
