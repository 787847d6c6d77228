using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Makes a committed outcome visible. Anybody may do it, several at once, and stop anywhere; every step can be repeated.
/// 1. <c>t.commit.requested</c>, <c>t.inflight</c>.
/// 2. Partition metadata.
/// 3. Every staged file is linked or copied to its final name, never written from memory.
/// 4. <c>t.commit</c>.
/// 5. Staging and the checkpoint's files are deleted; an instant that has meanwhile fallen below the floor is taken off again.
/// </summary>
internal static class Publication
{
    internal static Task PublishAsync(HudiTable table, Outcome outcome, CancellationToken cancellation) =>
        outcome.Service is { } work
            ? ServicePublication.PublishAsync(table, outcome, work, cancellation)
            : PublishFilesAsync(table.Store, outcome, cancellation);

    private static async Task PublishFilesAsync(IObjectStore store, Outcome outcome, CancellationToken cancellation)
    {
        Invariant.Holds(outcome is { IsCommitted: true, Commit: not null }, "Only a committed outcome is published.");
        TimelineFile completed = outcome.Completed;
        if (await store.StatAsync(completed.Path, cancellation) is null)
        {
            if (!await ExposeAsync(store, outcome, cancellation))
            {
                return;
            }

            await ConditionalPut.SameForAllAsync(store, completed.Path, outcome.Commit.ToJson(), cancellation);
        }

        await SideBySide.RunAsync(
            outcome.Files.SelectMany(static f => (ObjectPath[])[f.Staged, f.Source]), SideBySide.RequestsAtATime, store.DeleteAsync, cancellation);
        await RemoveIfOutdatedAsync(store, outcome, cancellation);
    }

    /// <summary>Steps 1 to 3. False when this instant was published and pruned while we slept: it must not come back.</summary>
    private static async Task<bool> ExposeAsync(IObjectStore store, Outcome outcome, CancellationToken cancellation)
    {
        if (!await IsWantedAsync(store, outcome, cancellation))
        {
            return false;
        }

        foreach (InstantState state in (InstantState[])[InstantState.Requested, InstantState.Inflight])
        {
            TimelineFile file = outcome.Completed with { State = state };
            await ConditionalPut.SameForAllAsync(store, file.Path, ReadOnlyMemory<byte>.Empty, cancellation);
        }

        await SideBySide.RunAsync(
            outcome.Files.Select(static f => f.Final.Parent).Distinct(),
            SideBySide.RequestsAtATime,
            (partition, stop) => ConditionalPut.SameForAllAsync(
                store, partition / PartitionPath.MetadataName, PartitionPath.Metadata(partition.Value, outcome.Instant), stop),
            cancellation);
        bool isDone = false;
        await SideBySide.RunAsync(
            outcome.Files,
            SideBySide.RequestsAtATime,
            async (file, stop) =>
            {
                if (!await LinkAsync(store, outcome, file, stop))
                {
                    isDone = true;
                }
            },
            cancellation);
        if (!isDone)
        {
            return true;
        }

        await RemoveIfOutdatedAsync(store, outcome, cancellation);
        return false;
    }

    /// <summary>False when somebody else has finished the publication.</summary>
    private static async Task<bool> LinkAsync(IObjectStore store, Outcome outcome, OutcomeFile file, CancellationToken cancellation)
    {
        try
        {
            await store.CopyIfAbsentAsync(file.Staged, file.Final, cancellation);
            return true;
        }
        catch (ObjectStoreException e)
        {
            // In this order: a staged file goes last, so when it is gone, what shows that all is well is there already.
            bool isStaged = await store.StatAsync(file.Staged, cancellation) is not null;
            if (await store.StatAsync(file.Final, cancellation) is not null)
            {
                return true;
            }

            if (await store.StatAsync(outcome.Completed.Path, cancellation) is not null
                || !await IsWantedAsync(store, outcome, cancellation))
            {
                return false;
            }

            if (!isStaged)
            {
                throw new HudiException(store.Root, $"'{file.Staged}', a file of the committed instant {outcome.Instant}, is gone "
                    + "before it was published; something else deletes files below .hoodie.", e);
            }

            throw;
        }
    }

    /// <summary>True while this outcome is the newest: nothing is claimed before it is published, so a newer one means it was.</summary>
    internal static async Task<bool> IsWantedAsync(IObjectStore store, Outcome outcome, CancellationToken cancellation) =>
        !await SequenceFolder.HasHigherAsync(store, outcome.Number, cancellation);

    /// <summary>Takes the instant off the timeline when a newer outcome's floor lies above it or a restore has undone it.</summary>
    internal static async Task RemoveIfOutdatedAsync(IObjectStore store, Outcome outcome, CancellationToken cancellation)
    {
        SequenceView view = await SequenceFolder.LookAsync(store, outcome, cancellation);
        if (view.Newest?.Upkeep.IsVoided(outcome.Instant) == true)
        {
            await ServicePublication.UndoAsync(
                store, outcome.Instant, outcome.Action, outcome.Files.Select(static f => f.Final), cancellation);
        }
        else if (view.Newest is { FloorInstant: { } floor } && string.CompareOrdinal(outcome.Instant, floor) < 0)
        {
            foreach (InstantState state in (InstantState[])[InstantState.Requested, InstantState.Inflight, InstantState.Completed])
            {
                await store.DeleteAsync((outcome.Completed with { State = state }).Path, cancellation);
            }
        }
    }
}
