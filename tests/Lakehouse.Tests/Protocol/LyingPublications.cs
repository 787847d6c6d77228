using System.Text;
using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Tests.Protocol;

/// <summary>Its instants come before the newest one, whatever the clock and the timeline say.</summary>
internal sealed class ClaimsEarlierInstants(IObjectStore inner) : LyingStore(inner)
{
    private readonly Dictionary<string, string> _earlier = [];
    private string? _newest;

    public override Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        if (IsClaim(path) && _newest is not null)
        {
            _earlier[Claim.FromJson(content, path.Value).Instant] = InstantTime.At(InstantTime.Parse(_newest).AddMilliseconds(-1));
        }

        return base.PutIfAbsentAsync(Earlier(path), Earlier(content), cancellation);
    }

    public override Task PutAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        base.PutAsync(Earlier(path), Earlier(content), cancellation);

    public override Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation) =>
        base.CopyIfAbsentAsync(Earlier(source), Earlier(target), cancellation);

    public override Task CopyPatchedAsync(
        ObjectPath source, ObjectPath target, IReadOnlyList<Patch> patches, CancellationToken cancellation) => base.CopyPatchedAsync(
            source, Earlier(target), [.. patches.Select(p => p with { Bytes = Earlier(p.Bytes) })], cancellation);

    public override Task<ObjectStat?> StatAsync(ObjectPath path, CancellationToken cancellation) => base.StatAsync(Earlier(path), cancellation);

    public override Task DeleteAsync(ObjectPath path, CancellationToken cancellation) => base.DeleteAsync(Earlier(path), cancellation);

    protected override Outcome Seen(Outcome outcome)
    {
        _newest = outcome.State.Instant;
        return outcome;
    }

    protected override Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation) =>
        Inner.PutIfAbsentAsync(path, Earlier(outcome.ToJson()), cancellation);

    private ObjectPath Earlier(ObjectPath path) => new(Earlier(path.Value));

    private ReadOnlyMemory<byte> Earlier(ReadOnlyMemory<byte> content) => Encoding.UTF8.GetBytes(Earlier(Encoding.UTF8.GetString(content.Span)));

    private string Earlier(string text) =>
        _earlier.Aggregate(text, static (all, one) => all.Replace(one.Key, one.Value, StringComparison.Ordinal));
}

/// <summary>The completed instant comes first, then its files.</summary>
internal sealed class PublishesTheInstantFirst(IObjectStore inner) : LyingStore(inner)
{
    public override async Task<PutResult> CopyIfAbsentAsync(ObjectPath source, ObjectPath target, CancellationToken cancellation)
    {
        if (DataFileName.TryParse(target.Name, out DataFileName name))
        {
            var instant = new TimelineFile(name.Instant, TimelineFile.Commit, InstantState.Completed);
            if (await Inner.StatAsync(source.Parent / instant.Path.Name, cancellation) is not null)
            {
                await Inner.CopyIfAbsentAsync(source.Parent / instant.Path.Name, instant.Path, cancellation);
            }
        }

        return await base.CopyIfAbsentAsync(source, target, cancellation);
    }
}

/// <summary>It writes no partition metadata.</summary>
internal sealed class LeavesPartitionsUnnamed(IObjectStore inner) : LyingStore(inner)
{
    public override Task<PutResult> PutIfAbsentAsync(ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation) =>
        path.Name == PartitionPath.MetadataName
            ? Task.FromResult(PutResult.Created) : base.PutIfAbsentAsync(path, content, cancellation);
}

/// <summary>What is published stays in staging.</summary>
internal sealed class LeavesStaging(IObjectStore inner) : LyingStore(inner)
{
    public override Task DeleteAsync(ObjectPath path, CancellationToken cancellation) =>
        path.Parent.Parent == HudiTable.TemporaryFolder && SequenceFolder.TryParseStaging(path.Parent.Name, out _)
            ? Task.CompletedTask : base.DeleteAsync(path, cancellation);
}
