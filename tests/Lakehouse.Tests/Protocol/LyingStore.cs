using System.Runtime.CompilerServices;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Protocol;

/// <summary>
/// What a process without one rule of the protocol would do to the store, done for it: it sees, or does, something else at the calls that
/// the rule is about. Everything else is passed on.
/// </summary>
internal abstract class LyingStore(IObjectStore inner) : DelegatingStore(inner)
{
    public override async Task<byte[]?> GetAsync(ObjectPath path, CancellationToken cancellation)
    {
        byte[]? content = await Inner.GetAsync(path, cancellation);
        return content is not null && IsOutcome(path) ? Seen(Outcome.FromJson(content, path.Value)).ToJson() : content;
    }

    public override async Task<PutResult> PutIfAbsentAsync(
        ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        if (!IsOutcome(path))
        {
            return await Inner.PutIfAbsentAsync(path, content, cancellation);
        }

        Outcome outcome = Outcome.FromJson(content, path.Value);
        return await PutOutcomeAsync(outcome, path, cancellation);
    }

    public override async IAsyncEnumerable<ObjectStat> ListAsync(
        ObjectPath folder, bool recursive, ObjectPath? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (HidesAll(after))
        {
            yield break;
        }

        await foreach (ObjectStat entry in Inner.ListAsync(folder, recursive, after, cancellation))
        {
            if (!Hides(entry.Path))
            {
                yield return entry;
            }
        }
    }

    /// <summary>Another's outcome, as this process sees it.</summary>
    protected virtual Outcome Seen(Outcome outcome) => outcome;

    /// <summary>Puts this process's outcome.</summary>
    protected virtual Task<PutResult> PutOutcomeAsync(Outcome outcome, ObjectPath path, CancellationToken cancellation) =>
        Inner.PutIfAbsentAsync(path, outcome.ToJson(), cancellation);

    protected virtual bool Hides(ObjectPath path) => false;

    protected virtual bool HidesAll(ObjectPath? after) => false;

    protected static bool IsOutcome(ObjectPath path) => path.Value.StartsWith(".hoodie/.sequence/", StringComparison.Ordinal)
        && path.Name.EndsWith(".outcome", StringComparison.Ordinal);

    protected static bool IsClaim(ObjectPath path) => path.Value.StartsWith(".hoodie/.sequence/", StringComparison.Ordinal)
        && path.Name.EndsWith(".claim", StringComparison.Ordinal);

    /// <summary>A claim's outcome, an outcome's claim.</summary>
    protected static ObjectPath Beside(ObjectPath claim) => claim.Parent / Path.ChangeExtension(claim.Name, ".outcome");
}
