using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Appends values to a column as they lie in a file in PLAIN encoding (Encodings.md).</summary>
internal static class StoredValues
{
    private const long JulianDayOf1970 = 2_440_588;
    private const long MicrosPerDay = 86_400_000_000;

    /// <summary>Appends values of a fixed width, as many as the bytes hold.</summary>
    internal static void AppendFixed(in LeafType leaf, ReadOnlySpan<byte> stored, ColumnBuilder target)
    {
        int count = stored.Length / leaf.StoredWidth;
        switch (leaf.Conversion)
        {
            case LeafConversion.None when leaf.Type.IsVariableWidth:
                for (int i = 0; i < count; i++)
                {
                    target.Append(stored.Slice(i * leaf.TypeLength, leaf.TypeLength));
                }

                break;
            case LeafConversion.None:
                stored.CopyTo(target.AppendRaw(count));
                break;
            case LeafConversion.UnsignedInt:
                Widen(MemoryMarshal.Cast<byte, uint>(stored), target.AppendValues<long>(count));
                break;
            case LeafConversion.UnsignedLong:
                Widen(MemoryMarshal.Cast<byte, ulong>(stored), target.AppendValues<Int128>(count));
                break;
            case LeafConversion.IntegerDecimal when leaf.Stored == ParquetType.Int32:
                Widen(MemoryMarshal.Cast<byte, int>(stored), target.AppendValues<Int128>(count));
                break;
            case LeafConversion.IntegerDecimal:
                Widen(MemoryMarshal.Cast<byte, long>(stored), target.AppendValues<Int128>(count));
                break;
            case LeafConversion.BytesDecimal:
                Span<Int128> decimals = target.AppendValues<Int128>(count);
                for (int i = 0; i < count; i++)
                {
                    decimals[i] = BoundOrder.ReadDecimal(stored.Slice(i * leaf.TypeLength, leaf.TypeLength));
                }

                break;
            case LeafConversion.Half:
                Widen(MemoryMarshal.Cast<byte, Half>(stored), target.AppendValues<float>(count));
                break;
            default:
                AppendInt96(stored, target.AppendValues<long>(count));
                break;
        }
    }

    /// <summary>Appends one byte array.</summary>
    internal static void AppendBytes(in LeafType leaf, ReadOnlySpan<byte> value, ColumnBuilder target)
    {
        if (leaf.Conversion == LeafConversion.None)
        {
            target.Append(value);
        }
        else if (value.Length is > 0 and <= 16)
        {
            target.Append(BoundOrder.ReadDecimal(value));
        }
        else
        {
            throw new ParquetFormatException($"A decimal of {value.Length} bytes.");
        }
    }

    private static void Widen(ReadOnlySpan<uint> from, Span<long> to)
    {
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = from[i];
        }
    }

    private static void Widen(ReadOnlySpan<ulong> from, Span<Int128> to)
    {
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = from[i];
        }
    }

    private static void Widen(ReadOnlySpan<int> from, Span<Int128> to)
    {
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = from[i];
        }
    }

    private static void Widen(ReadOnlySpan<long> from, Span<Int128> to)
    {
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = from[i];
        }
    }

    private static void Widen(ReadOnlySpan<Half> from, Span<float> to)
    {
        for (int i = 0; i < from.Length; i++)
        {
            to[i] = (float)from[i];
        }
    }

    /// <summary>Wraps around: Spark's days do so far in the future, and come back by the same arithmetic.</summary>
    private static void AppendInt96(ReadOnlySpan<byte> stored, Span<long> to)
    {
        for (int i = 0; i < to.Length; i++)
        {
            long nanos = BinaryPrimitives.ReadInt64LittleEndian(stored[(12 * i)..]);
            long day = BinaryPrimitives.ReadInt32LittleEndian(stored[((12 * i) + 8)..]);
            to[i] = ((day - JulianDayOf1970) * MicrosPerDay) + Math.DivRem(nanos, 1000).Quotient;
        }
    }
}
