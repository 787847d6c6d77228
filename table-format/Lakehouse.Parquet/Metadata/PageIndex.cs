using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>Bounds of each page of a chunk (parquet.thrift ColumnIndex).</summary>
public sealed record ColumnIndex
{
    /// <summary>True where a page holds nulls only; its bounds are empty and mean nothing.</summary>
    public ImmutableArray<bool> NullPages { get; init; } = [];

    /// <summary>Lower bounds.</summary>
    public ImmutableArray<byte[]> MinValues { get; init; } = [];

    /// <summary>Upper bounds.</summary>
    public ImmutableArray<byte[]> MaxValues { get; init; } = [];

    /// <summary>How the bounds follow each other.</summary>
    public BoundaryOrder BoundaryOrder { get; init; }

    /// <summary>Nulls of each page.</summary>
    public ImmutableArray<long> NullCounts { get; init; } = [];

    /// <summary>Page by page, how many entries have each repetition level; empty when it is not said.</summary>
    public ImmutableArray<long> RepetitionLevelHistograms { get; init; } = [];

    /// <summary>Page by page, how many entries have each definition level; empty when it is not said.</summary>
    public ImmutableArray<long> DefinitionLevelHistograms { get; init; } = [];
}

/// <summary>Where the pages of a chunk lie (parquet.thrift OffsetIndex).</summary>
public sealed record OffsetIndex(ImmutableArray<PageLocation> PageLocations)
{
    /// <summary>Of strings and binary, the bytes of each page's values without lengths and nulls; empty when it is not said.</summary>
    public ImmutableArray<long> UnencodedByteArrayDataBytes { get; init; } = [];
}

/// <summary>A data page: its offset, its bytes with the header, its first row in the row group (parquet.thrift PageLocation).</summary>
public readonly record struct PageLocation(long Offset, int CompressedPageSize, long FirstRowIndex);
