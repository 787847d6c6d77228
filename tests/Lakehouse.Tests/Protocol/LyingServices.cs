using System.Collections.Immutable;
using System.Globalization;
using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Protocol;

/// <summary>A clean takes a file too that the newest instant shows.</summary>
internal sealed class CleansLiveFiles(IObjectStore inner) : LyingStore(inner)
{
    protected override async Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation)
    {
        PutResult result = await base.PutOutcomeAsync(outcome, path, cancellation);
        if (outcome.Service is ServiceWork.Clean && result == PutResult.Created)
        {
            List<ObjectStat> files = [];
            await foreach (ObjectStat file in Inner.ListAsync(default, true, null, cancellation))
            {
                files.Add(file);
            }

            (_, ImmutableArray<CompletedInstant> completed) = await ActiveTimeline.ReadAsync(Inner, null, cancellation);
            await Inner.DeleteAsync(FileSliceSelection.Select(files, completed)[0].Path, cancellation);
        }

        return result;
    }
}

/// <summary>A clean takes savepoints for older than they are, so that they keep nothing from it.</summary>
internal sealed class CleansWhatSavepointsKeep(IObjectStore inner) : LyingStore(inner)
{
    private readonly Dictionary<long, string> _instants = [];

    public override Task DeleteAsync(ObjectPath path, CancellationToken cancellation) =>
        path.Name.Contains(".savepoint", StringComparison.Ordinal) ? Task.CompletedTask : base.DeleteAsync(path, cancellation);

    protected override Outcome Seen(Outcome outcome)
    {
        foreach (Savepoint savepoint in outcome.Upkeep.Savepoints)
        {
            _instants[savepoint.Number] = savepoint.Instant;
        }

        // One that is being made or released is left alone.
        return outcome.Service is ServiceWork.CreateSavepoint or ServiceWork.DeleteSavepoint
            ? outcome : With(outcome, static s => s.Number.ToString("D17", CultureInfo.InvariantCulture));
    }

    protected override Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation)
    {
        Outcome real = With(outcome, s => _instants.GetValueOrDefault(s.Number, s.Instant));
        return real.Service is ServiceWork.DeleteSavepoint || (real.Service is ServiceWork.Restore restore
            && real.Upkeep.Savepoints.Any(s => string.CompareOrdinal(s.Instant, restore.Target) > 0))
            ? throw new HudiException(Root, "that would break another rule.") : base.PutOutcomeAsync(real, path, cancellation);
    }

    protected override bool Hides(ObjectPath path) => path.Name.Contains(".savepoint", StringComparison.Ordinal);

    private static Outcome With(Outcome outcome, Func<Savepoint, string> instant) => outcome with
    {
        Upkeep = outcome.Upkeep with { Savepoints = [.. outcome.Upkeep.Savepoints.Select(s => s with { Instant = instant(s) })] },
    };
}

/// <summary>A restore leaves the ledger where it is.</summary>
internal sealed class RestoresWithoutTheLedger(IObjectStore inner) : LyingStore(inner)
{
    private ImmutableSortedDictionary<LedgerKey, LedgerEntry>? _entries;

    protected override Outcome Seen(Outcome outcome)
    {
        _entries = outcome.State.Ledger.Entries;
        return outcome;
    }

    protected override Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation) => base.PutOutcomeAsync(
        outcome.Service is ServiceWork.Restore && outcome.Followed.IsEmpty && _entries is not null
            ? outcome with { State = outcome.State with { Ledger = outcome.State.Ledger with { Entries = _entries } } } : outcome,
        path,
        cancellation);
}

/// <summary>A restore does not say which instants it has undone.</summary>
internal sealed class ForgetsWhatIsUndone(IObjectStore inner) : LyingStore(inner)
{
    protected override Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation) =>
        base.PutOutcomeAsync(outcome with { Upkeep = outcome.Upkeep with { Voided = [] } }, path, cancellation);
}

/// <summary>Nobody takes an instant off the timeline that is below the floor.</summary>
internal sealed class LeavesPrunedInstants(IObjectStore inner) : LyingStore(inner)
{
    private string? _floor;

    public override Task DeleteAsync(ObjectPath path, CancellationToken cancellation) =>
        path.Parent == TimelineFile.Folder && TimelineFile.TryParse(path.Name, out TimelineFile file)
            && string.CompareOrdinal(file.Instant, _floor) < 0
            ? Task.CompletedTask : base.DeleteAsync(path, cancellation);

    protected override Outcome Seen(Outcome outcome)
    {
        _floor = outcome.FloorInstant;
        return outcome;
    }
}
