using System.Buffers.Binary;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>The hashes that bloom filters have of values (BloomFilter.md): of the bytes that the file stores, not of those of the column.</summary>
internal static class LeafHash
{
    /// <summary>
    /// The hash of a value; null when it is null or when equal values need not be stored as equal bytes: zeros have two signs, NaN is no
    /// value, booleans have no filter.
    /// </summary>
    internal static ulong? Of(in LeafType leaf, ColumnVector values, int index)
    {
        if (!values.IsValid(index))
        {
            return null;
        }

        Span<byte> stored = stackalloc byte[16];
        switch (leaf.Type.Kind)
        {
            case TypeKind.String or TypeKind.Binary:
                return BloomFilter.Hash(values.BytesAt(index));
            case TypeKind.Float when leaf.Conversion == LeafConversion.None:
                float single = values.Values<float>()[index];
                return single == 0 || float.IsNaN(single) ? null : Fixed(values, index, 4);
            case TypeKind.Double:
                double value = values.Values<double>()[index];
                return value == 0 || double.IsNaN(value) ? null : Fixed(values, index, 8);
            case TypeKind.Decimal when leaf.Conversion == LeafConversion.IntegerDecimal:
                BinaryPrimitives.WriteInt128LittleEndian(stored, values.Values<Int128>()[index]);
                return BloomFilter.Hash(stored[..leaf.StoredWidth]);
            case TypeKind.Decimal when leaf.Conversion == LeafConversion.BytesDecimal && leaf.Stored == ParquetType.FixedLenByteArray:
                BinaryPrimitives.WriteInt128BigEndian(stored, values.Values<Int128>()[index]);
                return BloomFilter.Hash(stored[(16 - leaf.TypeLength)..]);
            case TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis when leaf.Conversion == LeafConversion.None:
                return Fixed(values, index, 4);
            case TypeKind.Long or TypeKind.TimeMicros or TypeKind.TimestampMillis or TypeKind.TimestampMicros
                or TypeKind.TimeNanos or TypeKind.TimestampNanos when leaf.Conversion == LeafConversion.None:
                return Fixed(values, index, 8);
            default:
                return null;
        }
    }

    private static ulong Fixed(ColumnVector values, int index, int width) => BloomFilter.Hash(values.Bytes.Slice(index * width, width));
}
