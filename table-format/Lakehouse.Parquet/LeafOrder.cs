using System.Buffers.Binary;

namespace Lakehouse.Parquet;

/// <summary>The order of bounds, given as PLAIN bytes as they lie in a file, by how a leaf stores its values (parquet.thrift TypeDefinedOrder).</summary>
internal static class LeafOrder
{
    /// <summary>
    /// Negative, zero or positive as <paramref name="left"/> is smaller than, equal to or larger than <paramref name="right"/>. Throws
    /// <see cref="ParquetFormatException"/> when the bytes are not of the leaf's width.
    /// </summary>
    internal static int Compare(in LeafType leaf, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (leaf.Conversion is LeafConversion.None or LeafConversion.BytesDecimal)
        {
            return BoundOrder.Compare(leaf.Type, left, right);
        }

        int width = leaf.StoredWidth;
        if (left.Length != width || right.Length != width)
        {
            throw new ParquetFormatException($"Bounds of {left.Length} and {right.Length} bytes in a column of {leaf.Stored}.");
        }

        return (leaf.Conversion, leaf.Stored) switch
        {
            (LeafConversion.UnsignedInt, _) =>
                BinaryPrimitives.ReadUInt32LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt32LittleEndian(right)),
            (LeafConversion.UnsignedLong, _) =>
                BinaryPrimitives.ReadUInt64LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt64LittleEndian(right)),
            (LeafConversion.Half, _) =>
                BinaryPrimitives.ReadHalfLittleEndian(left).CompareTo(BinaryPrimitives.ReadHalfLittleEndian(right)),
            (_, ParquetType.Int32) => BinaryPrimitives.ReadInt32LittleEndian(left).CompareTo(BinaryPrimitives.ReadInt32LittleEndian(right)),
            (_, ParquetType.Int64) => BinaryPrimitives.ReadInt64LittleEndian(left).CompareTo(BinaryPrimitives.ReadInt64LittleEndian(right)),
            _ => left.SequenceCompareTo(right),
        };
    }

    /// <summary>Whether bytes can be a bound of the leaf: of its width, and no NaN.</summary>
    internal static bool Bounds(in LeafType leaf, ReadOnlySpan<byte> bound) => leaf.IsOrdered && leaf.Stored switch
    {
        ParquetType.Boolean => bound.Length == 1,
        ParquetType.ByteArray => leaf.Conversion != LeafConversion.BytesDecimal || bound.Length is > 0 and <= 16,
        ParquetType.Float => bound.Length == 4 && !float.IsNaN(BinaryPrimitives.ReadSingleLittleEndian(bound)),
        ParquetType.Double => bound.Length == 8 && !double.IsNaN(BinaryPrimitives.ReadDoubleLittleEndian(bound)),
        _ => bound.Length == leaf.StoredWidth
            && (leaf.Conversion != LeafConversion.Half || !Half.IsNaN(BinaryPrimitives.ReadHalfLittleEndian(bound))),
    };
}
