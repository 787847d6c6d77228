using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Put-if-absent with a lost answer resolved. A claim or an outcome names its writer, so reading tells whose it is; a file that
/// everybody writes alike only has to be there.
/// </summary>
internal static class ConditionalPut
{
    private const int TriesMax = 5;

    /// <summary>
    /// Puts content that nobody else would write. When the answer is lost the object is read: ours means created, another's means
    /// it already exists, none at all stays unknown and throws.
    /// </summary>
    internal static async Task<PutResult> OnceAsync(
        IObjectStore store, ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        try
        {
            return await store.PutIfAbsentAsync(path, content, cancellation);
        }
        catch (ObjectStoreException e) when (e.OutcomeIsUnknown)
        {
            byte[]? found = await store.GetAsync(path, CancellationToken.None);
            if (found is null)
            {
                throw;
            }

            return found.AsSpan().SequenceEqual(content.Span) ? PutResult.Created : PutResult.AlreadyExists;
        }
    }

    /// <summary>Puts content that is the same whoever puts it, so that putting it again does no harm.</summary>
    internal static async Task SameForAllAsync(
        IObjectStore store, ObjectPath path, ReadOnlyMemory<byte> content, CancellationToken cancellation)
    {
        for (int left = TriesMax - 1; ; left--)
        {
            try
            {
                await store.PutIfAbsentAsync(path, content, cancellation);
                return;
            }
            catch (ObjectStoreException e) when (e.OutcomeIsUnknown || (e.IsTransient && left > 0))
            {
                if (await store.StatAsync(path, cancellation) is not null)
                {
                    return;
                }

                if (left <= 0)
                {
                    throw;
                }
            }
        }
    }
}
