using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>How the values of a leaf lie in the file, and what they are in a column.</summary>
/// <param name="Type">The column's type.</param>
/// <param name="Stored">The physical type.</param>
/// <param name="TypeLength">Bytes of a fixed-length byte array; 0 otherwise.</param>
/// <param name="Conversion">What turns one into the other.</param>
/// <param name="IsOrdered">Whether the order of its values is defined, and that of the column's, so that bounds mean something.</param>
internal readonly record struct LeafType(ColumnType Type, ParquetType Stored, int TypeLength, LeafConversion Conversion, bool IsOrdered)
{
    /// <summary>Bytes of a stored value; 0 for booleans and byte arrays.</summary>
    internal int StoredWidth => Stored switch
    {
        ParquetType.Int32 or ParquetType.Float => 4,
        ParquetType.Int64 or ParquetType.Double => 8,
        ParquetType.Int96 => 12,
        ParquetType.FixedLenByteArray => TypeLength,
        _ => 0,
    };
}

/// <summary>What is done to a stored value.</summary>
internal enum LeafConversion
{
    /// <summary>Nothing: the bytes are the same.</summary>
    None,

    /// <summary>An unsigned 32-bit integer becomes a long.</summary>
    UnsignedInt,

    /// <summary>An unsigned 64-bit integer becomes a decimal of 20 digits.</summary>
    UnsignedLong,

    /// <summary>A signed integer of 4 or 8 bytes is the unscaled value of a decimal.</summary>
    IntegerDecimal,

    /// <summary>Big-endian bytes are the unscaled value of a decimal.</summary>
    BytesDecimal,

    /// <summary>IEEE 754 half precision becomes single precision.</summary>
    Half,

    /// <summary>Nanoseconds of a day and a Julian day become microseconds since 1970.</summary>
    Int96,
}
