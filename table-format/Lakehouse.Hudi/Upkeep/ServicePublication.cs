using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Carries out a service's committed outcome. As with <see cref="Publication"/> anybody may do it, several at once, and stop anywhere:
/// <code>
/// clean      t.clean.requested, t.clean.inflight, the files, t.clean
/// restore    t.restore.requested, t.restore.inflight, staging of all numbers before, per undone instant x, newest first: x.commit, its files, x.inflight,
///            x.commit.requested; then t.restore
/// savepoint  x.savepoint.inflight, x.savepoint; released: the same two in this order
/// </code>
/// Names are never used twice, so a late helper deletes only what is gone.
/// </summary>
internal static class ServicePublication
{
    internal static async Task PublishAsync(HudiTable table, Outcome outcome, ServiceWork work, CancellationToken cancellation)
    {
        IObjectStore store = table.Store;
        if (!await Publication.IsWantedAsync(store, outcome, cancellation))
        {
            return;
        }

        switch (work)
        {
            case ServiceWork.Clean(var plan):
                await CleanAsync(store, outcome, plan, cancellation);
                break;
            case ServiceWork.Restore restore:
                await RestoreAsync(store, outcome, restore, cancellation);
                break;
            case ServiceWork.CreateSavepoint(var savepoint):
                await CreateSavepointAsync(table, outcome, savepoint, cancellation);
                break;
            case ServiceWork.DeleteSavepoint:
                await ReleaseAsync(store, outcome.Completed, cancellation);
                break;
            default:
                throw new InvariantViolatedException($"Unknown work {work}.");
        }

        await Publication.RemoveIfOutdatedAsync(store, outcome, cancellation);
    }

    /// <summary>Takes an instant and its files away: first no reader knows it any more, then its files go, then its traces.</summary>
    internal static async Task UndoAsync(
        IObjectStore store, string instant, string action, IEnumerable<ObjectPath> files, CancellationToken cancellation)
    {
        var completed = new TimelineFile(instant, action, InstantState.Completed);
        await store.DeleteAsync(completed.Path, cancellation);
        await SideBySide.RunAsync(files, SideBySide.RequestsAtATime, store.DeleteAsync, cancellation);
        await store.DeleteAsync((completed with { State = InstantState.Inflight }).Path, cancellation);
        await store.DeleteAsync((completed with { State = InstantState.Requested }).Path, cancellation);
    }

    private static async Task CleanAsync(IObjectStore store, Outcome outcome, CleanPlan plan, CancellationToken cancellation)
    {
        Ledger ledger = outcome.State.Ledger;
        byte[] requested = ServiceMetadata.CleanerPlan(plan, store, ledger);
        await BeginAsync(store, outcome, requested, requested, cancellation);
        await SideBySide.RunAsync(plan.Files.Select(static f => f.Path), SideBySide.RequestsAtATime, store.DeleteAsync, cancellation);
        await ConditionalPut.SameForAllAsync(
            store, outcome.Completed.Path, ServiceMetadata.CleanMetadata(plan, outcome.Instant, ledger), cancellation);
    }

    private static async Task RestoreAsync(
        IObjectStore store, Outcome outcome, ServiceWork.Restore restore, CancellationToken cancellation)
    {
        await BeginAsync(store, outcome, ServiceMetadata.RestorePlan(restore), ReadOnlyMemory<byte>.Empty, cancellation);
        await Pruning.RemoveStagingAsync(store, outcome.Number - 1, cancellation);
        foreach (UndoneInstant undone in restore.Undone)
        {
            IEnumerable<ObjectPath> files = undone.Files.Select(static f => new ObjectPath(f.Path));
            await UndoAsync(store, undone.Instant, undone.Action, files, cancellation);
        }

        await ConditionalPut.SameForAllAsync(
            store, outcome.Completed.Path, ServiceMetadata.RestoreMetadata(restore, outcome.Instant), cancellation);
    }

    /// <summary>Its content is what the instant shows, which stays the same for as long as it is kept.</summary>
    private static async Task CreateSavepointAsync(
        HudiTable table, Outcome outcome, Savepoint savepoint, CancellationToken cancellation)
    {
        IObjectStore store = table.Store;
        TableSnapshot snapshot = await table.SnapshotAsync(savepoint.Instant, cancellation);
        TimelineFile inflight = outcome.Completed with { State = InstantState.Inflight };
        await ConditionalPut.SameForAllAsync(store, inflight.Path, ReadOnlyMemory<byte>.Empty, cancellation);
        await ConditionalPut.SameForAllAsync(
            store, outcome.Completed.Path, ServiceMetadata.Savepoint(savepoint, snapshot.FileSlices), cancellation);

        // Who slept here while others released it must not keep it for ever.
        SequenceView view = await SequenceFolder.LookAsync(store, cancellation);
        if (view.Newest?.Upkeep.Savepoints.Any(s => s.Instant == savepoint.Instant) == false)
        {
            await ReleaseAsync(store, outcome.Completed, cancellation);
        }
    }

    /// <summary>The completed file goes last: its absence says that the release is published.</summary>
    private static async Task ReleaseAsync(IObjectStore store, TimelineFile completed, CancellationToken cancellation)
    {
        await store.DeleteAsync((completed with { State = InstantState.Inflight }).Path, cancellation);
        await store.DeleteAsync(completed.Path, cancellation);
    }

    private static async Task BeginAsync(
        IObjectStore store, Outcome outcome, ReadOnlyMemory<byte> requested, ReadOnlyMemory<byte> inflight, CancellationToken cancellation)
    {
        TimelineFile completed = outcome.Completed;
        await ConditionalPut.SameForAllAsync(store, (completed with { State = InstantState.Requested }).Path, requested, cancellation);
        await ConditionalPut.SameForAllAsync(store, (completed with { State = InstantState.Inflight }).Path, inflight, cancellation);
    }
}
