using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// Bounds of fixed-width values, by the order of their type. NaN bounds nothing; a float minimum of zero becomes -0 and a maximum of
/// zero +0, as readers may not tell them apart (parquet.thrift, ColumnOrder).
/// </summary>
internal static class MinMax
{
    /// <summary>Widens the bounds by values, given as bits of their width; false as long as there is none that bounds.</summary>
    internal static bool Widen<T>(TypeKind kind, ReadOnlySpan<T> values, bool has, ref T min, ref T max)
        where T : unmanaged, IComparisonOperators<T, T, bool>
    {
        switch (kind)
        {
            case TypeKind.Float:
                return WidenFloat<T, float>(values, has, ref min, ref max);
            case TypeKind.Double:
                return WidenFloat<T, double>(values, has, ref min, ref max);
            case TypeKind.Decimal:
                foreach (T value in values)
                {
                    has = Include(value, has, ref min, ref max);
                }

                return has;
            default:
                return WidenInteger(values, has, ref min, ref max);
        }
    }

    private static bool WidenInteger<T>(ReadOnlySpan<T> values, bool has, ref T min, ref T max)
        where T : unmanaged, IComparisonOperators<T, T, bool>
    {
        int lanes = Vector512<T>.Count;
        if (values.Length >= lanes)
        {
            ReadOnlySpan<Vector512<T>> vectors = MemoryMarshal.Cast<T, Vector512<T>>(values);
            Vector512<T> low = vectors[0];
            Vector512<T> high = low;
            foreach (Vector512<T> vector in vectors)
            {
                low = Vector512.Min(low, vector);
                high = Vector512.Max(high, vector);
            }

            for (int i = 0; i < lanes; i++)
            {
                has = Include(low[i], has, ref min, ref max);
                has = Include(high[i], has, ref min, ref max);
            }

            values = values[(vectors.Length * lanes)..];
        }

        foreach (T value in values)
        {
            has = Include(value, has, ref min, ref max);
        }

        return has;
    }

    private static bool WidenFloat<T, TFloat>(ReadOnlySpan<T> bits, bool has, ref T min, ref T max)
        where T : unmanaged
        where TFloat : unmanaged, IFloatingPointIeee754<TFloat>
    {
        ReadOnlySpan<TFloat> values = MemoryMarshal.Cast<T, TFloat>(bits);
        ref TFloat low = ref Unsafe.As<T, TFloat>(ref min);
        ref TFloat high = ref Unsafe.As<T, TFloat>(ref max);
        ReadOnlySpan<Vector512<TFloat>> vectors = MemoryMarshal.Cast<TFloat, Vector512<TFloat>>(values);
        if (vectors.Length > 0)
        {
            Vector512<TFloat> lows = vectors[0];
            Vector512<TFloat> highs = lows;
            Vector512<TFloat> ordered = Vector512<TFloat>.AllBitsSet;
            foreach (Vector512<TFloat> vector in vectors)
            {
                ordered &= Vector512.Equals(vector, vector);
                lows = Vector512.MinNative(lows, vector);
                highs = Vector512.MaxNative(highs, vector);
            }

            // < With a NaN anywhere the native minimum is not to be trusted: the slow loop below takes all values.
            if (Vector512.EqualsAll(ordered.AsByte(), Vector512<byte>.AllBitsSet))
            {
                for (int i = 0; i < Vector512<TFloat>.Count; i++)
                {
                    has = Include(lows[i], has, ref low, ref high);
                    has = Include(highs[i], has, ref low, ref high);
                }

                values = values[(vectors.Length * Vector512<TFloat>.Count)..];
            }
        }

        foreach (TFloat value in values)
        {
            if (!TFloat.IsNaN(value))
            {
                has = Include(value, has, ref low, ref high);
            }
        }

        if (has && low == TFloat.Zero)
        {
            low = TFloat.NegativeZero;
        }

        if (has && high == TFloat.Zero)
        {
            high = TFloat.Zero;
        }

        return has;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Include<T>(T value, bool has, ref T min, ref T max)
        where T : unmanaged, IComparisonOperators<T, T, bool>
    {
        if (!has || value < min)
        {
            min = value;
        }

        if (!has || value > max)
        {
            max = value;
        }

        return true;
    }
}
