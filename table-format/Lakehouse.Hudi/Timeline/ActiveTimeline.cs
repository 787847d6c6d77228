using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>The timeline files as one listing of <c>.hoodie/</c> shows them, in ordinal order.</summary>
internal sealed record ActiveTimeline(ImmutableArray<TimelineFile> Files)
{
    private const int LooksMax = 20;

    /// <summary>The greatest instant of any action and state, or null.</summary>
    internal string? LastInstant => Files.IsEmpty ? null : Files.Max(static f => f.Instant);

    /// <summary>Completed commits and replacecommits in order of their instant.</summary>
    internal IEnumerable<TimelineFile> CompletedCommits => Files
        .Where(static f => f.State == InstantState.Completed && f.Action is TimelineFile.Commit or TimelineFile.ReplaceCommit)
        .OrderBy(static f => f.Instant, StringComparer.Ordinal);

    /// <summary>Files of instants before a floor in the order in which they may be deleted: the completed file last.</summary>
    internal IEnumerable<TimelineFile> Below(string floor) => Files
        .Where(f => string.CompareOrdinal(f.Instant, floor) < 0)
        .OrderBy(static f => f.Instant, StringComparer.Ordinal)
        .ThenBy(static f => f.State);

    internal static async Task<ActiveTimeline> LoadAsync(IObjectStore store, CancellationToken cancellation)
    {
        ImmutableArray<TimelineFile>.Builder files = ImmutableArray.CreateBuilder<TimelineFile>();
        await foreach (ObjectStat stat in store.ListAsync(TimelineFile.Folder, recursive: false, cancellation))
        {
            if (!stat.IsFolder && TimelineFile.TryParse(stat.Path.Name, out TimelineFile file))
            {
                files.Add(file);
            }
        }

        return new ActiveTimeline(files.ToImmutable());
    }

    /// <summary>
    /// The timeline and the metadata of its completed commits up to an instant, null for all, in their order. When one of them goes between
    /// the listing and its reading (a pruning, a restore) it is read anew: a timeline with a hole would hide rows.
    /// </summary>
    internal static async Task<(ActiveTimeline Timeline, ImmutableArray<CompletedInstant> Completed)> ReadAsync(
        IObjectStore store, string? upTo, CancellationToken cancellation)
    {
        for (int looks = 0; looks < LooksMax; looks++)
        {
            ActiveTimeline timeline = await LoadAsync(store, cancellation);
            TimelineFile[] wanted =
            [
                .. timeline.CompletedCommits.Where(f => upTo is null || string.CompareOrdinal(f.Instant, upTo) <= 0),
            ];
            ImmutableArray<CompletedInstant> completed = await ReadAsync(store, wanted, cancellation);
            if (completed.Length == wanted.Length)
            {
                return (timeline, completed);
            }
        }

        throw new HudiException(store.Root, "its timeline changes faster than it can be read.");
    }

    private static async Task<ImmutableArray<CompletedInstant>> ReadAsync(
        IObjectStore store, TimelineFile[] files, CancellationToken cancellation)
    {
        var instants = new CompletedInstant?[files.Length];
        await SideBySide.RunAsync(
            Enumerable.Range(0, files.Length),
            SideBySide.RequestsAtATime,
            async (i, stop) => instants[i] = await ReadAsync(store, files[i], stop),
            cancellation);
        return [.. instants.OfType<CompletedInstant>()];
    }

    /// <summary>The metadata of a completed instant, or null when a pruning has removed it meanwhile.</summary>
    internal static async Task<CompletedInstant?> ReadAsync(IObjectStore store, TimelineFile file, CancellationToken cancellation)
    {
        byte[]? json = await store.GetAsync(file.Path, cancellation);
        return json is null
            ? null
            : new CompletedInstant(file.Instant, file.Action, CommitMetadata.FromJson(json, $"'{file.Path}' in {store.Root}"));
    }
}
