using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Makes a committed outcome visible. Anybody may do it, several at once, and stop anywhere; every step can be repeated.
/// 1. <c>t.commit.requested</c>, of a merge with its plan, <c>t.inflight</c>.
/// 2. Partition metadata.
/// 3. Every staged file is linked or copied to its final name, never written from memory.
/// 4. <c>t.commit</c>, which lies in staging too. Whoever slept before this step until the instant was pruned or undone finds nothing
/// to link any more, so that it cannot bring the instant back: staging goes before the instant does.
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
        if (await store.StatAsync(outcome.Completed.Path, cancellation) is not null || await ExposeAsync(store, outcome, cancellation))
        {
            await SideBySide.RunAsync(
                outcome.Files.SelectMany(static f => (ObjectPath[])[f.Staged, f.Source]).Append(outcome.InstantFile.Staged),
                SideBySide.RequestsAtATime,
                store.DeleteAsync,
                cancellation);
        }

        await RemoveIfOutdatedAsync(store, outcome, cancellation);
    }

    /// <summary>Steps 1 to 4. False when others have done all that, and perhaps pruned or undone the instant since, while we slept.</summary>
    private static async Task<bool> ExposeAsync(IObjectStore store, Outcome outcome, CancellationToken cancellation)
    {
        if (!await IsWantedAsync(store, outcome, cancellation))
        {
            return false;
        }

        ReadOnlyMemory<byte> requested = outcome.Merged.IsEmpty
            ? ReadOnlyMemory<byte>.Empty
            : ServiceMetadata.ClusteringPlan(outcome.Merged, store);
        await ConditionalPut.SameForAllAsync(store, (outcome.Completed with { State = InstantState.Requested }).Path, requested, cancellation);
        await ConditionalPut.SameForAllAsync(
            store, (outcome.Completed with { State = InstantState.Inflight }).Path, ReadOnlyMemory<byte>.Empty, cancellation);
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
        return !isDone && await LinkAsync(store, outcome, outcome.InstantFile, cancellation);
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

    /// <summary>
    /// Takes off again what we have put back of an instant that was pruned or undone while we slept. One that is still there is left to the
    /// pruning, which goes oldest first, and to the restore, which goes newest first: out of turn its absence would hide rows.
    /// </summary>
    internal static async Task RemoveIfOutdatedAsync(IObjectStore store, Outcome outcome, CancellationToken cancellation)
    {
        SequenceView view = await SequenceFolder.LookAsync(store, outcome, cancellation);
        if (outcome.Commit is not null && await store.StatAsync(outcome.Completed.Path, cancellation) is not null)
        {
            return;
        }

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
