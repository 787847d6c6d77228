using Lakehouse.Storage;

namespace Lakehouse.Testing;

/// <summary>
/// Broken: where claims and outcomes lie it says "created" to everybody, as the store does that the probe at open is there to refuse. The
/// probe looks elsewhere.
/// </summary>
public sealed class ForgetfulStore(IObjectStore inner) : DelegatingStore(inner)
{
    /// <inheritdoc/>
    public override async Task<PutResult> PutIfAbsentAsync(
        ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        if (!path.Value.StartsWith(".hoodie/.sequence/", StringComparison.Ordinal))
        {
            return await Inner.PutIfAbsentAsync(path, content, cancellation);
        }

        await Inner.PutAsync(path, content, cancellation);
        return PutResult.Created;
    }
}
