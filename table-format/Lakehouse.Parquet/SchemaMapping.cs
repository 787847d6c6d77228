using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>How columns lie in the files that are written here.</summary>
internal static class SchemaMapping
{
    /// <summary>The tree of a schema, depth first; lists and maps in the three levels of LogicalTypes.md.</summary>
    internal static ImmutableArray<SchemaElement> ToElements(Schema schema)
    {
        var elements = ImmutableArray.CreateBuilder<SchemaElement>();
        elements.Add(new SchemaElement { Name = "schema", NumChildren = schema.Count });
        foreach (Field field in schema.Fields)
        {
            Add(field, elements);
        }

        return elements.ToImmutable();
    }

    /// <summary>The leaves of a nested field with their levels, in file order.</summary>
    internal static IEnumerable<(Field Leaf, LeafPath Path)> LeavesOf(Field field) => LeavesOf(field, new LeafPath([], 0, 0));

    private static IEnumerable<(Field Leaf, LeafPath Path)> LeavesOf(Field field, LeafPath above)
    {
        LeafPath at = above with
        {
            Names = above.Names.Add(field.Name),
            MaxDefinition = above.MaxDefinition + (field.Required ? 0 : 1),
        };
        if (RepeatedName(field.Type.Kind) is { } repeated)
        {
            at = new LeafPath(at.Names.Add(repeated), at.MaxDefinition + 1, at.MaxRepetition + 1);
        }

        return field.Type.IsNested ? field.Type.Children.SelectMany(c => LeavesOf(c, at)) : [(field, at)];
    }

    private static string? RepeatedName(TypeKind kind) => kind switch
    {
        TypeKind.List => "list",
        TypeKind.Map => "key_value",
        _ => null,
    };

    private static void Add(Field field, ImmutableArray<SchemaElement>.Builder elements)
    {
        if (!field.Type.IsNested)
        {
            elements.Add(ToElement(field));
            return;
        }

        string? repeated = RepeatedName(field.Type.Kind);
        elements.Add(new SchemaElement
        {
            Name = field.Name,
            RepetitionType = field.Required ? FieldRepetitionType.Required : FieldRepetitionType.Optional,
            NumChildren = repeated is null ? field.Type.Children.Length : 1,
            ConvertedType = field.Type.Kind switch
            {
                TypeKind.List => ConvertedTypes.List,
                TypeKind.Map => ConvertedTypes.Map,
                _ => null,
            },
            LogicalType = field.Type.Kind switch
            {
                TypeKind.List => new LogicalType(LogicalTypeKind.List),
                TypeKind.Map => new LogicalType(LogicalTypeKind.Map),
                _ => null,
            },
        });
        if (repeated is not null)
        {
            elements.Add(new SchemaElement
            {
                Name = repeated, RepetitionType = FieldRepetitionType.Repeated, NumChildren = field.Type.Children.Length,
            });
        }

        foreach (Field child in field.Type.Children)
        {
            Add(child, elements);
        }
    }

    internal static ParquetType PhysicalType(ColumnType type) => type.Kind switch
    {
        TypeKind.Boolean => ParquetType.Boolean,
        TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis => ParquetType.Int32,
        TypeKind.Long or TypeKind.TimeMicros or TypeKind.TimestampMillis or TypeKind.TimestampMicros
            or TypeKind.TimeNanos or TypeKind.TimestampNanos => ParquetType.Int64,
        TypeKind.Float => ParquetType.Float,
        TypeKind.Double => ParquetType.Double,
        TypeKind.Decimal => ParquetType.FixedLenByteArray,
        TypeKind.String or TypeKind.Binary => ParquetType.ByteArray,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No Parquet type."),
    };

    /// <summary>A leaf as a schema element.</summary>
    internal static SchemaElement ToElement(Field field)
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
            TypeKind.TimeMillis => InUtc(element, LogicalTypeKind.Time, TimestampUnit.Millis, ConvertedTypes.TimeMillis),
            TypeKind.TimeMicros => InUtc(element, LogicalTypeKind.Time, TimestampUnit.Micros, ConvertedTypes.TimeMicros),
            TypeKind.TimestampMillis => InUtc(element, LogicalTypeKind.Timestamp, TimestampUnit.Millis, ConvertedTypes.TimestampMillis),
            TypeKind.TimestampMicros => InUtc(element, LogicalTypeKind.Timestamp, TimestampUnit.Micros, ConvertedTypes.TimestampMicros),
            TypeKind.TimeNanos => InUtc(element, LogicalTypeKind.Time, TimestampUnit.Nanos, convertedType: null),
            TypeKind.TimestampNanos => InUtc(element, LogicalTypeKind.Timestamp, TimestampUnit.Nanos, convertedType: null),
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

    private static SchemaElement InUtc(SchemaElement element, LogicalTypeKind kind, TimestampUnit unit, int? convertedType) => element with
    {
        ConvertedType = convertedType,
        LogicalType = new LogicalType(kind, IsAdjustedToUtc: true, Unit: unit),
    };
}
