using System.Globalization;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Puts one key twice before anything is written: a store that accepts both would let two committers win the same number.
/// </summary>
internal static class StoreProbe
{
    internal static async Task RunAsync(IObjectStore store, Random random, CancellationToken cancellation)
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
