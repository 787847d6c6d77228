using System.Globalization;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Puts one key twice before anything is written: a store that accepts both would let two committers win the same number.
/// </summary>
internal static class StoreProbe
{
    private const int TriesMax = 5;

    /// <summary>An answer that is lost says nothing about the store: it is asked again with another key.</summary>
    internal static async Task RunAsync(IObjectStore store, Random random, CancellationToken cancellation)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                await OnceAsync(store, random, cancellation);
                return;
            }
            catch (ObjectStoreException e) when (e.OutcomeIsUnknown && tries < TriesMax)
            {
                // The next key.
            }
        }
    }

    private static async Task OnceAsync(IObjectStore store, Random random, CancellationToken cancellation)
    {
        ObjectPath probe = HudiTable.TemporaryFolder / string.Create(CultureInfo.InvariantCulture, $"probe-{random.NextInt64():x16}");
        byte[] first = "first"u8.ToArray();
        try
        {
            PutResult one = await ConditionalPut.OnceAsync(store, probe, first, cancellation);
            PutResult two = await ConditionalPut.OnceAsync(store, probe, "second"u8.ToArray(), cancellation);
            byte[]? found = await store.GetAsync(probe, cancellation);
            if (one != PutResult.Created || two != PutResult.AlreadyExists || found is null || !found.AsSpan().SequenceEqual(first))
            {
                throw new HudiException(store.Root, "the store does not honour put-if-absent (If-None-Match: *): two writers could "
                    + "commit the same work twice. Use another store or file system.");
            }
        }
        finally
        {
            await store.DeleteAsync(probe, CancellationToken.None);
        }
    }
}
