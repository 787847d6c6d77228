using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// What the values of a leaf become in a column (LogicalTypes.md). What has no column type of its own, such as an
/// annotation that is not known here, keeps the type that it is stored in.
/// </summary>
internal static class LeafTypes
{
    private const int UnsignedLongDigits = 20;
    private const int HalfBytes = 2;

    /// <summary>Throws <see cref="ParquetFormatException"/> when type and length make no sense.</summary>
    internal static LeafType Of(SchemaElement element)
    {
        ParquetType stored = element.Type ?? throw new ParquetFormatException($"'{element.Name}' has neither a type nor children.");
        if (!Enum.IsDefined(stored) || (stored == ParquetType.FixedLenByteArray && element.TypeLength is < 1 or > 1 << 20))
        {
            throw new ParquetFormatException($"Column '{element.Name}' is of type {stored}({element.TypeLength}).");
        }

        int length = stored == ParquetType.FixedLenByteArray ? element.TypeLength : 0;
        (ColumnType type, LeafConversion conversion) = Annotated(element, stored) ?? Bare(stored);
        return new LeafType(type, stored, length, conversion, IsOrdered(element, stored, conversion));
    }

    /// <summary>
    /// Not the order of INT96 and of what is not known, nor that of numbers which are kept as the binaries that they are stored in
    /// (parquet.thrift ColumnOrder).
    /// </summary>
    private static bool IsOrdered(SchemaElement element, ParquetType stored, LeafConversion conversion)
    {
        bool isNumber = element.LogicalType?.Kind is LogicalTypeKind.Decimal or LogicalTypeKind.Float16
            || element.ConvertedType is ConvertedTypes.Decimal;
        return stored != ParquetType.Int96
            && element.ConvertedType is not ConvertedTypes.Interval
            && element.LogicalType?.Kind is not (LogicalTypeKind.Unknown or LogicalTypeKind.Null or LogicalTypeKind.Variant
                or LogicalTypeKind.Geometry or LogicalTypeKind.Geography)
            && (!isNumber || conversion != LeafConversion.None);
    }

    private static (ColumnType, LeafConversion) Bare(ParquetType stored) => stored switch
    {
        ParquetType.Boolean => (TypeKind.Boolean, LeafConversion.None),
        ParquetType.Int32 => (TypeKind.Int, LeafConversion.None),
        ParquetType.Int64 => (TypeKind.Long, LeafConversion.None),
        ParquetType.Int96 => (TypeKind.TimestampMicros, LeafConversion.Int96),
        ParquetType.Float => (TypeKind.Float, LeafConversion.None),
        ParquetType.Double => (TypeKind.Double, LeafConversion.None),
        _ => (TypeKind.Binary, LeafConversion.None),
    };

    private static (ColumnType, LeafConversion)? Annotated(SchemaElement element, ParquetType stored)
    {
        if (element.LogicalType is { } logical && logical.Kind != LogicalTypeKind.Unknown)
        {
            return Logical(logical, element, stored);
        }

        return (element.ConvertedType, stored) switch
        {
            (ConvertedTypes.Utf8 or ConvertedTypes.Enum or ConvertedTypes.Json, ParquetType.ByteArray) => (TypeKind.String, LeafConversion.None),
            (ConvertedTypes.Decimal, _) => Decimal(element.Precision, element.Scale, element, stored),
            (ConvertedTypes.Date, ParquetType.Int32) => (TypeKind.Date, LeafConversion.None),
            (ConvertedTypes.TimeMillis, ParquetType.Int32) => (TypeKind.TimeMillis, LeafConversion.None),
            (ConvertedTypes.TimeMicros, ParquetType.Int64) => (TypeKind.TimeMicros, LeafConversion.None),
            (ConvertedTypes.TimestampMillis, ParquetType.Int64) => (TypeKind.TimestampMillis, LeafConversion.None),
            (ConvertedTypes.TimestampMicros, ParquetType.Int64) => (TypeKind.TimestampMicros, LeafConversion.None),
            (ConvertedTypes.UnsignedInt32, ParquetType.Int32) => (TypeKind.Long, LeafConversion.UnsignedInt),
            (ConvertedTypes.UnsignedInt64, ParquetType.Int64) =>
                (ColumnType.Decimal(UnsignedLongDigits, 0), LeafConversion.UnsignedLong),
            _ => null,
        };
    }

    private static (ColumnType, LeafConversion)? Logical(LogicalType logical, SchemaElement element, ParquetType stored) =>
        (logical.Kind, stored) switch
        {
            (LogicalTypeKind.String or LogicalTypeKind.Enum or LogicalTypeKind.Json, ParquetType.ByteArray) =>
                (TypeKind.String, LeafConversion.None),
            (LogicalTypeKind.Decimal, _) => Decimal(logical.Precision, logical.Scale, element, stored),
            (LogicalTypeKind.Date, ParquetType.Int32) => (TypeKind.Date, LeafConversion.None),
            (LogicalTypeKind.Time, ParquetType.Int32) when logical.Unit == TimestampUnit.Millis => (TypeKind.TimeMillis, LeafConversion.None),
            (LogicalTypeKind.Time, ParquetType.Int64) when logical.Unit == TimestampUnit.Micros => (TypeKind.TimeMicros, LeafConversion.None),
            (LogicalTypeKind.Time, ParquetType.Int64) when logical.Unit == TimestampUnit.Nanos => (TypeKind.TimeNanos, LeafConversion.None),
            (LogicalTypeKind.Timestamp, ParquetType.Int64) when logical.Unit == TimestampUnit.Nanos =>
                (TypeKind.TimestampNanos, LeafConversion.None),
            (LogicalTypeKind.Timestamp, ParquetType.Int64) when logical.Unit == TimestampUnit.Millis =>
                (TypeKind.TimestampMillis, LeafConversion.None),
            (LogicalTypeKind.Timestamp, ParquetType.Int64) when logical.Unit == TimestampUnit.Micros =>
                (TypeKind.TimestampMicros, LeafConversion.None),
            (LogicalTypeKind.Integer, ParquetType.Int32) when logical is { IsSigned: false, BitWidth: 32 } =>
                (TypeKind.Long, LeafConversion.UnsignedInt),
            (LogicalTypeKind.Integer, ParquetType.Int64) when !logical.IsSigned =>
                (ColumnType.Decimal(UnsignedLongDigits, 0), LeafConversion.UnsignedLong),
            (LogicalTypeKind.Float16, ParquetType.FixedLenByteArray) when element.TypeLength == HalfBytes =>
                (TypeKind.Float, LeafConversion.Half),
            _ => null,
        };

    private static (ColumnType, LeafConversion)? Decimal(int precision, int scale, SchemaElement element, ParquetType stored)
    {
        bool fits = precision is >= 1 and <= Decimals.PrecisionMax && scale >= 0 && scale <= precision;
        return stored switch
        {
            _ when !fits => null,
            ParquetType.Int32 or ParquetType.Int64 => (ColumnType.Decimal(precision, scale), LeafConversion.IntegerDecimal),
            ParquetType.ByteArray => (ColumnType.Decimal(precision, scale), LeafConversion.BytesDecimal),
            ParquetType.FixedLenByteArray when element.TypeLength <= 16 =>
                (ColumnType.Decimal(precision, scale), LeafConversion.BytesDecimal),
            _ => null,
        };
    }
}
