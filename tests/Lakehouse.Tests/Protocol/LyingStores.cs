using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Protocol;

/// <summary>It takes every outcome of others for published, and claims the next number.</summary>
internal sealed class NeverFinishesForOthers(IObjectStore inner) : LyingStore(inner)
{
    private readonly HashSet<ObjectPath> _own = [];

    public override async Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) =>
        await Inner.StatAsync(path, cancellation)
        ?? (path.Parent == TimelineFile.Folder && path.Name.EndsWith("commit", StringComparison.Ordinal) && !_own.Contains(path)
            ? new ObjectStat(path, 1, default) : null);

    protected override Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation)
    {
        _own.Add(outcome.Completed.Path);
        return base.PutOutcomeAsync(outcome, path, cancellation);
    }
}

/// <summary>Having won a claim it does not look for higher numbers.</summary>
internal sealed class LooksForNoHigherNumber(IObjectStore inner) : LyingStore(inner)
{
    private ObjectPath? _won;

    public override async Task<PutResult> PutIfAbsentAsync(
        ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        PutResult result = await base.PutIfAbsentAsync(path, content, cancellation);
        _won = IsClaim(path) && result == PutResult.Created ? Beside(path) : null;
        return result;
    }

    protected override bool HidesAll(ObjectPath? after)
    {
        bool isLook = after is not null && after == _won;
        _won = isLook ? null : _won;
        return isLook;
    }
}

/// <summary>It prunes aborted outcomes too.</summary>
internal sealed class PrunesAborts(IObjectStore inner) : LyingStore(inner)
{
    public override async Task DeleteAsync(ObjectPath path, CancellationToken cancellation)
    {
        await Inner.DeleteAsync(path, cancellation);
        if (IsClaim(path))
        {
            await Inner.DeleteAsync(Beside(path), cancellation);
        }
    }
}

/// <summary>A follower keeps its newest instant only, whatever its primary can take back.</summary>
internal sealed class PrunesFollowersAlone(IObjectStore inner) : LyingStore(inner)
{
    protected override Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation) => base.PutOutcomeAsync(
        outcome.Followed.IsEmpty || outcome.Action != TimelineFile.Commit
            ? outcome : outcome with { Floor = outcome.Number, FloorInstant = outcome.Instant },
        path,
        cancellation);
}

/// <summary>It deletes the staging of a claim that it meant to abort, also when another was faster.</summary>
internal sealed class ClearsWithoutHavingAborted(IObjectStore inner) : LyingStore(inner)
{
    protected override async Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation)
    {
        PutResult result = await base.PutOutcomeAsync(outcome, path, cancellation);
        if (!outcome.IsCommitted && result == PutResult.AlreadyExists)
        {
            await Pruning.DeleteFolderAsync(Inner, outcome.Staging, cancellation);
        }

        return result;
    }
}

/// <summary>It links its files to their final names before the outcome, as a writer that renames first would.</summary>
internal sealed class PublishesFilesFirst(IObjectStore inner) : LyingStore(inner)
{
    protected override async Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation)
    {
        foreach (OutcomeFile file in outcome.Files)
        {
            await Inner.CopyIfAbsentAsync(file.Staged, file.Final, cancellation);
        }

        return await base.PutOutcomeAsync(outcome, path, cancellation);
    }
}

/// <summary>It writes the completed instant from memory, not from staging.</summary>
internal sealed class PublishesFromMemory(IObjectStore inner) : LyingStore(inner)
{
    private readonly Dictionary<ObjectPath, byte[]> _instants = [];

    public override Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        _instants.TryGetValue(target, out byte[]? instant)
            ? Inner.PutIfAbsentAsync(target, instant, cancellation)
            : base.CopyIfAbsentAsync(source, target, cancellation);

    protected override Outcome Seen(Outcome outcome)
    {
        if (outcome.Commit is { } commit)
        {
            _instants[outcome.Completed.Path] = commit.ToJson();
        }

        return outcome;
    }

    protected override Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation) =>
        base.PutOutcomeAsync(Seen(outcome), path, cancellation);
}

/// <summary>An aborted outcome does not repeat the ledger.</summary>
internal sealed class AbortsForgetTheLedger(IObjectStore inner) : LyingStore(inner)
{
    protected override Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation) => base.PutOutcomeAsync(
        outcome.IsCommitted ? outcome : outcome with { State = outcome.State with { Ledger = Ledger.Empty } }, path, cancellation);
}

/// <summary>A restore takes something else first.</summary>
internal sealed class RestoresInAnotherOrder(IObjectStore inner, Func<ServiceWork.Restore, IEnumerable<ObjectPath>> first) : LyingStore(inner)
{
    public override async Task<PutResult> PutIfAbsentAsync(
        ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        PutResult result = await base.PutIfAbsentAsync(path, content, cancellation);
        if (path.Name.EndsWith(".restore.inflight", StringComparison.Ordinal)
            && (await SequenceFolder.LookAsync(Inner, cancellation)).Newest?.Service is ServiceWork.Restore restore)
        {
            foreach (ObjectPath early in first(restore))
            {
                await Inner.DeleteAsync(early, cancellation);
            }
        }

        return result;
    }
}

/// <summary>A lost answer is dealt with by asking again.</summary>
internal sealed class RetriesConditionalPuts(IObjectStore inner) : LyingStore(inner)
{
    public override async Task<PutResult> PutIfAbsentAsync(
        ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        try
        {
            return await base.PutIfAbsentAsync(path, content, cancellation);
        }
        catch (ObjectStoreException e) when (e.OutcomeIsUnknown)
        {
            return await base.PutIfAbsentAsync(path, content, cancellation);
        }
    }
}

/// <summary>It sees others' outcomes changed, as if a rule about what they carry were not there.</summary>
internal sealed class SeesOutcomes(IObjectStore inner, Func<Outcome, Outcome> seen) : LyingStore(inner)
{
    protected override Outcome Seen(Outcome outcome) => seen(outcome);
}

/// <summary>Deciding on the floor it overlooks instants that have replaced files.</summary>
internal sealed class PrunesReplacements(IObjectStore inner) : LyingStore(inner)
{
    private bool _hasClaimed;

    public override async Task<PutResult> PutIfAbsentAsync(
        ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        PutResult result = await base.PutIfAbsentAsync(path, content, cancellation);
        _hasClaimed = IsClaim(path) && result == PutResult.Created;
        return result;
    }

    protected override bool Hides(ObjectPath path) => _hasClaimed && path.Name.EndsWith(".replacecommit", StringComparison.Ordinal);
}
