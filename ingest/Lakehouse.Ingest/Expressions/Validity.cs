using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>Kernels over validity bitmaps. An empty one means that nothing is null.</summary>
internal static class Validity
{
    /// <summary>A result is valid where both inputs are.</summary>
    internal static void Combine(ColumnBuffer result, ColumnVector left, ColumnVector right)
    {
        Restrict(result, left);
        Restrict(result, right);
    }

    /// <summary>A result is valid only where the input is.</summary>
    internal static void Restrict(ColumnBuffer result, ColumnVector input)
    {
        ReadOnlySpan<byte> from = input.Validity;
        if (from.IsEmpty)
        {
            return;
        }

        Span<byte> to = result.Validity();
        for (int i = 0; i < to.Length; i++)
        {
            to[i] &= from[i];
        }
    }

    /// <summary>One byte of a bitmap: eight rows.</summary>
    internal static byte At(ReadOnlySpan<byte> validity, int index) => validity.IsEmpty ? (byte)0xFF : validity[index];
}
