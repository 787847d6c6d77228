using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>How columns lie in the files that are written here.</summary>
internal static class SchemaMapping
{
    internal static ImmutableArray<SchemaElement> ToElements(Schema schema)
    {
        var elements = ImmutableArray.CreateBuilder<SchemaElement>(schema.Count + 1);
        elements.Add(new SchemaElement { Name = "schema", NumChildren = schema.Count });
        foreach (Field field in schema.Fields)
        {
            elements.Add(ToElement(field));
        }

        return elements.MoveToImmutable();
    }

    internal static ParquetType PhysicalType(ColumnType type) => type.Kind switch
    {
        TypeKind.Boolean => ParquetType.Boolean,
        TypeKind.Int or TypeKind.Date => ParquetType.Int32,
        TypeKind.Long or TypeKind.TimestampMillis or TypeKind.TimestampMicros => ParquetType.Int64,
        TypeKind.Float => ParquetType.Float,
        TypeKind.Double => ParquetType.Double,
        TypeKind.Decimal => ParquetType.FixedLenByteArray,
        TypeKind.String or TypeKind.Binary => ParquetType.ByteArray,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No Parquet type."),
    };

    private static SchemaElement ToElement(Field field)
    {
        var element = new SchemaElement
        {
            Name = field.Name,
            Type = PhysicalType(field.Type),
            RepetitionType = field.Required ? FieldRepetitionType.Required : FieldRepetitionType.Optional,
        };
        return field.Type.Kind switch
        {
            TypeKind.String => element with { ConvertedType = ConvertedTypes.Utf8, LogicalType = new LogicalType(LogicalTypeKind.String) },
            TypeKind.Date => element with { ConvertedType = ConvertedTypes.Date, LogicalType = new LogicalType(LogicalTypeKind.Date) },
            TypeKind.TimestampMillis => Timestamp(element, TimestampUnit.Millis, ConvertedTypes.TimestampMillis),
            TypeKind.TimestampMicros => Timestamp(element, TimestampUnit.Micros, ConvertedTypes.TimestampMicros),
            TypeKind.Decimal => element with
            {
                TypeLength = Decimals.ByteCount(field.Type.Precision),
                ConvertedType = ConvertedTypes.Decimal,
                Scale = field.Type.Scale,
                Precision = field.Type.Precision,
                LogicalType = new LogicalType(LogicalTypeKind.Decimal, field.Type.Precision, field.Type.Scale),
            },
            _ => element,
        };
    }

    private static SchemaElement Timestamp(SchemaElement element, TimestampUnit unit, int convertedType) => element with
    {
        ConvertedType = convertedType,
        LogicalType = new LogicalType(LogicalTypeKind.Timestamp, IsAdjustedToUtc: true, Unit: unit),
    };
}
