using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Keeps the timeline and the sequence short. Instants below the floor go (requested, inflight, completed, oldest first); of old
/// numbers below it go claim and committed outcome, but never an aborted outcome: it is what stops the claim's sleeping owner.
/// </summary>
internal static class Pruning
{
    private static readonly TimeSpan UploadLifetimeMax = TimeSpan.FromDays(1);

    internal static async Task RunAsync(IObjectStore store, SequenceView view, DateTimeOffset numbersBefore, CancellationToken cancellation)
    {
        if (view.Newest is not { } newest || (newest.FloorInstant is null && newest.Upkeep.Voided.IsEmpty))
        {
            return;
        }

        ActiveTimeline timeline = await ActiveTimeline.LoadAsync(store, cancellation);
        await RemoveVoidedAsync(store, timeline, newest.Upkeep, cancellation);
        if (newest.FloorInstant is not { } floorInstant)
        {
            return;
        }

        foreach (TimelineFile file in timeline.Below(floorInstant))
        {
            await store.DeleteAsync(file.Path, cancellation);
        }

        foreach (ObjectPath folder in await SequenceFolder.FoldersAsync(store, cancellation))
        {
            if (!await PruneNumbersAsync(store, folder, newest.Floor, numbersBefore, cancellation))
            {
                return;
            }
        }
    }

    /// <summary>Takes off again what a publisher that slept through a restore has put back.</summary>
    private static async Task RemoveVoidedAsync(
        IObjectStore store, ActiveTimeline timeline, Upkeep upkeep, CancellationToken cancellation)
    {
        var there = timeline.Files.Select(static f => f.Instant).ToHashSet(StringComparer.Ordinal);
        foreach (VoidedInstant voided in upkeep.Voided.Where(v => there.Contains(v.Instant)))
        {
            Outcome? outcome = await SequenceFolder.ReadOutcomeAsync(store, voided.Number, cancellation);
            await ServicePublication.UndoAsync(
                store, voided.Instant, voided.Action, outcome?.Files.Select(static f => f.Final) ?? [], cancellation);
        }
    }

    /// <summary>False when the folder holds numbers that stay, so that younger folders need no look.</summary>
    private static async Task<bool> PruneNumbersAsync(
        IObjectStore store, ObjectPath folder, long floor, DateTimeOffset numbersBefore, CancellationToken cancellation)
    {
        (List<long> claims, List<long> outcomes) = await SequenceFolder.NumbersAsync(store, folder, cancellation);
        foreach (long number in outcomes)
        {
            if (number >= floor)
            {
                return false;
            }

            if (!claims.Contains(number))
            {
                // Its claim went before: an aborted outcome, which stays.
                continue;
            }

            if (await SequenceFolder.ReadOutcomeAsync(store, number, cancellation) is { } outcome)
            {
                if (InstantTime.Parse(outcome.Instant) >= numbersBefore)
                {
                    return false;
                }

                if (outcome.IsCommitted)
                {
                    await store.DeleteAsync(SequenceFolder.OutcomePath(number), cancellation);
                }
            }

            await store.DeleteAsync(SequenceFolder.ClaimPath(number), cancellation);
        }

        return true;
    }

    /// <summary>
    /// Deletes what decided numbers have left below <c>.hoodie/.temp/</c>, and uploads that nobody can be writing to any more; a checkpoint's
    /// own folder is not touched.
    /// </summary>
    internal static async Task RemoveLeftoversAsync(
        IObjectStore store, SequenceView view, DateTimeOffset now, CancellationToken cancellation)
    {
        if (view.Newest is null || !view.Published)
        {
            return;
        }

        List<ObjectPath> leftovers = [];
        await foreach (ObjectStat stat in store.ListAsync(HudiTable.TemporaryFolder, recursive: false, cancellation))
        {
            if (stat.IsFolder && IsDecided(stat.Path))
            {
                leftovers.Add(stat.Path);
            }
        }

        foreach (ObjectPath folder in leftovers)
        {
            await DeleteFolderAsync(store, folder, cancellation);
        }

        await store.AbortUploadsAsync(
            default, (path, begun) => begun < now - UploadLifetimeMax || IsDecided(path.Parent), cancellation);

        bool IsDecided(ObjectPath staging) =>
            SequenceFolder.TryParseStaging(staging.Name, out long number) && number <= view.Newest.Number;
    }

    internal static async Task DeleteFolderAsync(IObjectStore store, ObjectPath folder, CancellationToken cancellation)
    {
        List<ObjectPath> files = [];
        await foreach (ObjectStat stat in store.ListAsync(folder, recursive: true, cancellation))
        {
            files.Add(stat.Path);
        }

        await SideBySide.RunAsync(files, SideBySide.RequestsAtATime, store.DeleteAsync, cancellation);
    }
}
