using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>The footer of a file (parquet.thrift FileMetaData).</summary>
public sealed record FileMetaData
{
    /// <summary>Format version; 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The schema tree, depth first; the first element is the root.</summary>
    public ImmutableArray<SchemaElement> Schema { get; init; } = [];

    /// <summary>Rows of the file.</summary>
    public long NumRows { get; init; }

    /// <summary>The row groups in file order.</summary>
    public ImmutableArray<RowGroup> RowGroups { get; init; } = [];

    /// <summary>Application metadata.</summary>
    public ImmutableArray<KeyValue> KeyValueMetadata { get; init; } = [];

    /// <summary>Who wrote the file.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>In which order min_value and max_value of each leaf column are bounds; empty when the file does not say.</summary>
    public ImmutableArray<ColumnOrder> ColumnOrders { get; init; } = [];
}

/// <summary>One entry of a file's metadata (parquet.thrift KeyValue).</summary>
public sealed record KeyValue(string Key, string? Value);

/// <summary>One node of the schema tree (parquet.thrift SchemaElement).</summary>
public sealed record SchemaElement
{
    /// <summary>Physical type; null for groups.</summary>
    public ParquetType? Type { get; init; }

    /// <summary>Bytes per value of a fixed-length byte array.</summary>
    public int TypeLength { get; init; }

    /// <summary>Whether values may be missing or repeated; null for the root.</summary>
    public FieldRepetitionType? RepetitionType { get; init; }

    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>Children of a group; 0 for leaves.</summary>
    public int NumChildren { get; init; }

    /// <summary>The older annotation (parquet.thrift ConvertedType).</summary>
    public int? ConvertedType { get; init; }

    /// <summary>Scale of a decimal.</summary>
    public int Scale { get; init; }

    /// <summary>Precision of a decimal.</summary>
    public int Precision { get; init; }

    /// <summary>The annotation.</summary>
    public LogicalType? LogicalType { get; init; }
}

/// <summary>The meaning of a leaf (parquet.thrift LogicalType); what does not apply to the kind is default.</summary>
public sealed record LogicalType(
    LogicalTypeKind Kind,
    int Precision = 0,
    int Scale = 0,
    bool IsAdjustedToUtc = false,
    TimestampUnit Unit = TimestampUnit.Millis,
    int BitWidth = 0,
    bool IsSigned = false);
