using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Keeps the timeline and the sequence short. Instants below the floor go (requested, inflight, completed, oldest first); of old
/// numbers below it go claim and committed outcome, but never an aborted outcome: it is what stops the claim's sleeping owner. While the
/// newest outcome is not published nothing goes, because it may be the only one that would stay.
/// </summary>
internal static class Pruning
{
    private const int NumbersAtATime = 60;
    private static readonly TimeSpan UploadLifetimeMax = TimeSpan.FromDays(1);

    internal static async Task RunAsync(IObjectStore store, SequenceView view, DateTimeOffset numbersBefore, CancellationToken cancellation)
    {
        if (view.Newest is not { } newest || !view.Published || (newest.FloorInstant is null && newest.Upkeep.Voided.IsEmpty))
        {
            return;
        }

        ActiveTimeline timeline = await ActiveTimeline.LoadAsync(store, cancellation);
        if (newest.FloorInstant is { } floor && timeline.Below(floor).Any())
        {
            await RemoveStagingAsync(store, newest.Number - 1, cancellation);
        }

        await RemoveVoidedAsync(store, timeline, newest.Upkeep, cancellation);
        if (newest.FloorInstant is not { } floorInstant)
        {
            return;
        }

        await RemoveBelowAsync(store, [.. timeline.Below(floorInstant)], cancellation);
        await PruneNumbersAsync(store, newest.Floor, numbersBefore, cancellation);
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

    /// <summary>
    /// Readers take a data file older than the oldest completed instant for committed, so these go one after the other, oldest first. What
    /// stands beside them goes before, in any order.
    /// </summary>
    private static async Task RemoveBelowAsync(IObjectStore store, IReadOnlyList<TimelineFile> files, CancellationToken cancellation)
    {
        await SideBySide.RunAsync(
            files.Where(static f => f.State != InstantState.Completed).Select(static f => f.Path),
            SideBySide.RequestsAtATime,
            store.DeleteAsync,
            cancellation);
        foreach (TimelineFile file in files.Where(static f => f.State == InstantState.Completed))
        {
            await store.DeleteAsync(file.Path, cancellation);
        }
    }

    /// <summary>Oldest first, and no more than <see cref="NumbersAtATime"/>: who opens a table after a long rest must not wait for all.</summary>
    private static async Task PruneNumbersAsync(
        IObjectStore store, long floor, DateTimeOffset numbersBefore, CancellationToken cancellation)
    {
        List<long> numbers = await OldestClaimedAsync(store, floor, cancellation);
        if (numbers.Count == 0
            || (await SequenceFolder.ReadOutcomeAsync(store, numbers[0], cancellation) is { } oldest && !IsExpired(oldest)))
        {
            return;
        }

        var outcomes = new Outcome?[numbers.Count];
        await SideBySide.RunAsync(
            Enumerable.Range(0, numbers.Count),
            SideBySide.RequestsAtATime,
            async (i, stop) => outcomes[i] = await SequenceFolder.ReadOutcomeAsync(store, numbers[i], stop),
            cancellation);
        await SideBySide.RunAsync(
            Enumerable.Range(0, numbers.Count).TakeWhile(i => outcomes[i] is not { } outcome || IsExpired(outcome)),
            SideBySide.RequestsAtATime,
            async (i, stop) =>
            {
                if (outcomes[i] is { IsCommitted: true })
                {
                    await store.DeleteAsync(SequenceFolder.OutcomePath(numbers[i]), stop);
                }

                await store.DeleteAsync(SequenceFolder.ClaimPath(numbers[i]), stop);
            },
            cancellation);

        bool IsExpired(Outcome outcome) => InstantTime.Parse(outcome.Instant) < numbersBefore;
    }

    /// <summary>
    /// The oldest numbers below the floor whose claim is there; an aborted outcome whose claim went before stays. A claim without outcome was
    /// put when its number had been pruned, or left by a pruning that died: nobody decides it. One listing goes through all folders: of the
    /// numbers that were pruned before only the aborted are left, and a thousand of them are one request.
    /// </summary>
    private static async Task<List<long>> OldestClaimedAsync(IObjectStore store, long floor, CancellationToken cancellation)
    {
        List<long> numbers = [];
        await foreach (ObjectStat stat in store.ListAsync(SequenceFolder.Folder, recursive: true, cancellation))
        {
            if (!SequenceFolder.TryParse(stat.Path.Name, out long number, out bool isOutcome))
            {
                continue;
            }

            if (number >= floor || numbers.Count == NumbersAtATime)
            {
                break;
            }

            if (!isOutcome)
            {
                numbers.Add(number);
            }
        }

        return numbers;
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

        await RemoveStagingAsync(store, view.Newest.Number, cancellation);
        await store.AbortUploadsAsync(
            default, (path, begun) => begun < now - UploadLifetimeMax || IsStagingUpTo(path.Parent, view.Newest.Number), cancellation);
    }

    /// <summary>
    /// Deletes the staging of decided numbers up to one that are all published: from then on nobody, however late, can publish anything of
    /// them. Comes before an instant is taken off the timeline.
    /// </summary>
    internal static async Task RemoveStagingAsync(IObjectStore store, long upTo, CancellationToken cancellation)
    {
        List<ObjectPath> folders = [];
        await foreach (ObjectStat stat in store.ListAsync(HudiTable.TemporaryFolder, recursive: false, cancellation))
        {
            if (stat.IsFolder && IsStagingUpTo(stat.Path, upTo))
            {
                folders.Add(stat.Path);
            }
        }

        foreach (ObjectPath folder in folders)
        {
            await DeleteFolderAsync(store, folder, cancellation);
        }
    }

    private static bool IsStagingUpTo(ObjectPath folder, long upTo) =>
        SequenceFolder.TryParseStaging(folder.Name, out long number) && number <= upTo;

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
