using System.Buffers;
using System.Runtime.CompilerServices;

namespace Lakehouse.Parquet;

/// <summary>Pooled arrays that grow.</summary>
internal static class PooledArrays
{
    /// <summary>Replaces an array that is too short by one of at least twice its length, with the elements that are in use.</summary>
    internal static void Grow<T>(ref T[] array, int used, int needed)
    {
        if (array.Length < needed)
        {
            T[] larger = ArrayPool<T>.Shared.Rent(Math.Max(needed, 2 * array.Length));
            array.AsSpan(0, used).CopyTo(larger);
            if (array.Length > 0)
            {
                ArrayPool<T>.Shared.Return(array, RuntimeHelpers.IsReferenceOrContainsReferences<T>());
            }

            array = larger;
        }
    }
}
