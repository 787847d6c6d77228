using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>How column types lie in a file, both ways.</summary>
internal static class SchemaMapping
{
    private const int Utf8 = 0;
    private const int DecimalConverted = 5;
    private const int DateConverted = 6;
    private const int TimestampMillisConverted = 9;
    private const int TimestampMicrosConverted = 10;

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
            TypeKind.String => element with { ConvertedType = Utf8, LogicalType = new LogicalType(LogicalTypeKind.String) },
            TypeKind.Date => element with { ConvertedType = DateConverted, LogicalType = new LogicalType(LogicalTypeKind.Date) },
            TypeKind.TimestampMillis => Timestamp(element, TimestampUnit.Millis, TimestampMillisConverted),
            TypeKind.TimestampMicros => Timestamp(element, TimestampUnit.Micros, TimestampMicrosConverted),
            TypeKind.Decimal => element with
            {
                TypeLength = Decimals.ByteCount(field.Type.Precision),
                ConvertedType = DecimalConverted,
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

    /// <summary>The columns of a file. Throws for nested columns and for types that this library does not write.</summary>
    internal static Schema FromElements(ImmutableArray<SchemaElement> elements)
    {
        if (elements.IsEmpty || elements[0].NumChildren != elements.Length - 1)
        {
            throw new ParquetFormatException("The file's schema is empty, nested or torn; only flat columns are read.");
        }

        var fields = new Field[elements.Length - 1];
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < fields.Length; i++)
        {
            SchemaElement element = elements[i + 1];
            if (element.RepetitionType is not (FieldRepetitionType.Required or FieldRepetitionType.Optional)
                || TypeOf(element) is not ColumnType type || !names.Add(element.Name))
            {
                throw new ParquetFormatException(
                    $"Column '{element.Name}' ({element.RepetitionType} {element.Type} {element.LogicalType?.Kind}) "
                    + "is not of a type that is read here.");
            }

            fields[i] = new Field(element.Name, type, element.RepetitionType == FieldRepetitionType.Required);
        }

        return new Schema(fields);
    }

    private static ColumnType? TypeOf(SchemaElement element) => (element.Type, element.LogicalType?.Kind, element.ConvertedType) switch
    {
        (ParquetType.Boolean, null, null) => TypeKind.Boolean,
        (ParquetType.Int32, LogicalTypeKind.Date, _) or (ParquetType.Int32, null, DateConverted) => TypeKind.Date,
        (ParquetType.Int32, null, null) => TypeKind.Int,
        (ParquetType.Int64, LogicalTypeKind.Timestamp, _) => element.LogicalType.Unit switch
        {
            TimestampUnit.Millis => TypeKind.TimestampMillis,
            TimestampUnit.Micros => TypeKind.TimestampMicros,
            _ => null,
        },
        (ParquetType.Int64, null, TimestampMillisConverted) => TypeKind.TimestampMillis,
        (ParquetType.Int64, null, TimestampMicrosConverted) => TypeKind.TimestampMicros,
        (ParquetType.Int64, null, null) => TypeKind.Long,
        (ParquetType.Float, null, null) => TypeKind.Float,
        (ParquetType.Double, null, null) => TypeKind.Double,
        (ParquetType.ByteArray, LogicalTypeKind.String, _) or (ParquetType.ByteArray, null, Utf8) => TypeKind.String,
        (ParquetType.ByteArray, null, null) => TypeKind.Binary,
        (ParquetType.FixedLenByteArray, LogicalTypeKind.Decimal, _) => Decimal(
            element.LogicalType.Precision, element.LogicalType.Scale, element.TypeLength),
        (ParquetType.FixedLenByteArray, null, DecimalConverted) => Decimal(element.Precision, element.Scale, element.TypeLength),
        _ => null,
    };

    private static ColumnType? Decimal(int precision, int scale, int typeLength) =>
        precision is >= 1 and <= 38 && scale >= 0 && scale <= precision && typeLength is >= 1 and <= 16
            ? ColumnType.Decimal(precision, scale)
            : null;
}
