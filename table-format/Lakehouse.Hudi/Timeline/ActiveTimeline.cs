using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>The timeline files as one listing of <c>.hoodie/</c> shows them, in ordinal order.</summary>
internal sealed record ActiveTimeline(ImmutableArray<TimelineFile> Files)
{
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

    /// <summary>The metadata of completed instants in their order, without those that a pruning has removed meanwhile.</summary>
    internal static async Task<ImmutableArray<CompletedInstant>> ReadAsync(
        IObjectStore store, IReadOnlyList<TimelineFile> files, CancellationToken cancellation)
    {
        var instants = new CompletedInstant?[files.Count];
        await SideBySide.RunAsync(
            Enumerable.Range(0, files.Count),
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
