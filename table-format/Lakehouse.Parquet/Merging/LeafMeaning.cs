namespace Lakehouse.Parquet;

/// <summary>What a leaf's values are, told in one way whichever annotation the file uses (LogicalTypes.md).</summary>
/// <param name="Stored">The physical type.</param>
/// <param name="TypeLength">Bytes of a fixed-length byte array; 0 otherwise.</param>
/// <param name="Logical">The annotation; null for the bare type.</param>
/// <param name="OlderType">An older annotation that has no newer form.</param>
internal readonly record struct LeafMeaning(ParquetType Stored, int TypeLength, LogicalType? Logical, int? OlderType)
{
    internal static LeafMeaning Of(SchemaElement element)
    {
        ParquetType stored = element.Type.GetValueOrDefault();
        int length = stored == ParquetType.FixedLenByteArray ? element.TypeLength : 0;
        LogicalType? logical = element.LogicalType is { Kind: not LogicalTypeKind.Unknown } named ? named : Converted(element);
        bool isBare = logical is { Kind: LogicalTypeKind.Integer, IsSigned: true }
            && logical.BitWidth == (stored == ParquetType.Int32 ? 32 : 64);
        bool isKnown = logical is not null || element.ConvertedType is null;
        return new LeafMeaning(stored, length, isBare ? null : logical, isKnown ? null : element.ConvertedType);
    }

    private static LogicalType? Converted(SchemaElement element) => element.ConvertedType switch
    {
        ConvertedTypes.Utf8 => new LogicalType(LogicalTypeKind.String),
        ConvertedTypes.Enum => new LogicalType(LogicalTypeKind.Enum),
        ConvertedTypes.Json => new LogicalType(LogicalTypeKind.Json),
        ConvertedTypes.Decimal => new LogicalType(LogicalTypeKind.Decimal, element.Precision, element.Scale),
        ConvertedTypes.Date => new LogicalType(LogicalTypeKind.Date),
        ConvertedTypes.TimeMillis => InUtc(LogicalTypeKind.Time, TimestampUnit.Millis),
        ConvertedTypes.TimeMicros => InUtc(LogicalTypeKind.Time, TimestampUnit.Micros),
        ConvertedTypes.TimestampMillis => InUtc(LogicalTypeKind.Timestamp, TimestampUnit.Millis),
        ConvertedTypes.TimestampMicros => InUtc(LogicalTypeKind.Timestamp, TimestampUnit.Micros),
        >= ConvertedTypes.UnsignedInt8 and <= ConvertedTypes.SignedInt64 and int integer => new LogicalType(
            LogicalTypeKind.Integer,
            BitWidth: 8 << ((integer - ConvertedTypes.UnsignedInt8) % 4),
            IsSigned: integer >= ConvertedTypes.UnsignedInt8 + 4),
        _ => null,
    };

    private static LogicalType InUtc(LogicalTypeKind kind, TimestampUnit unit) => new(kind, IsAdjustedToUtc: true, Unit: unit);
}
