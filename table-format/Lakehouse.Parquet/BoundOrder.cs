using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>The order of bounds, given as PLAIN bytes, by column type (parquet.thrift TypeDefinedOrder).</summary>
public static class BoundOrder
{
    /// <summary>
    /// Negative, zero or positive as <paramref name="left"/> is smaller than, equal to or larger than <paramref name="right"/>. Throws
    /// <see cref="ParquetFormatException"/> when the bytes are not of the type's width.
    /// </summary>
    public static int Compare(ColumnType type, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int width = type.Kind switch
        {
            TypeKind.String or TypeKind.Binary => -1,
            TypeKind.Boolean => 1,
            TypeKind.Decimal => Math.Clamp(left.Length, 1, 16),
            _ => type.Width,
        };
        if (width >= 0 && (left.Length != width || right.Length != width))
        {
            throw new ParquetFormatException($"Bounds of {left.Length} and {right.Length} bytes in a column of type {type}.");
        }

        return type.Kind switch
        {
            TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis => MemoryMarshal.Read<int>(left).CompareTo(MemoryMarshal.Read<int>(right)),
            TypeKind.Float => MemoryMarshal.Read<float>(left).CompareTo(MemoryMarshal.Read<float>(right)),
            TypeKind.Double => MemoryMarshal.Read<double>(left).CompareTo(MemoryMarshal.Read<double>(right)),
            TypeKind.Decimal => ReadDecimal(left).CompareTo(ReadDecimal(right)),
            TypeKind.Boolean or TypeKind.String or TypeKind.Binary => left.SequenceCompareTo(right),
            _ => MemoryMarshal.Read<long>(left).CompareTo(MemoryMarshal.Read<long>(right)),
        };
    }

    /// <summary>A decimal's unscaled value from 1 to 16 bytes, big endian, two's complement.</summary>
    public static Int128 ReadDecimal(ReadOnlySpan<byte> bytes)
    {
        Span<byte> wide = stackalloc byte[16];
        wide.Fill((sbyte)bytes[0] < 0 ? (byte)0xFF : (byte)0);
        bytes.CopyTo(wide[(16 - bytes.Length)..]);
        return BinaryPrimitives.ReadInt128BigEndian(wide);
    }
}
