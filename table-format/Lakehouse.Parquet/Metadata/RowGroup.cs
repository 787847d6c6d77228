using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>A horizontal slice of a file (parquet.thrift RowGroup).</summary>
public sealed record RowGroup
{
    /// <summary>The chunks, one per leaf, in schema order.</summary>
    public ImmutableArray<ColumnChunk> Columns { get; init; } = [];

    /// <summary>Bytes before compression, page headers included.</summary>
    public long TotalByteSize { get; init; }

    /// <summary>Rows.</summary>
    public long NumRows { get; init; }

    /// <summary>What the rows are sorted by, the first thing first; empty when the file does not say.</summary>
    public ImmutableArray<SortingColumn> SortingColumns { get; init; } = [];

    /// <summary>Offset of the first page.</summary>
    public long? FileOffset { get; init; }

    /// <summary>Bytes in the file, page headers included.</summary>
    public long? TotalCompressedSize { get; init; }

    /// <summary>Position in the file.</summary>
    public short? Ordinal { get; init; }
}

/// <summary>A leaf, by its position among the leaves, that rows are sorted by (parquet.thrift SortingColumn).</summary>
public readonly record struct SortingColumn(int ColumnIndex, bool Descending, bool NullsFirst);

/// <summary>Where a chunk and its indexes lie (parquet.thrift ColumnChunk).</summary>
public sealed record ColumnChunk
{
    /// <summary>What the chunk holds.</summary>
    public required ColumnMetaData MetaData { get; init; }

    /// <summary>Offset of the offset index.</summary>
    public long? OffsetIndexOffset { get; init; }

    /// <summary>Bytes of the offset index.</summary>
    public int? OffsetIndexLength { get; init; }

    /// <summary>Offset of the column index.</summary>
    public long? ColumnIndexOffset { get; init; }

    /// <summary>Bytes of the column index.</summary>
    public int? ColumnIndexLength { get; init; }
}

/// <summary>What a chunk holds (parquet.thrift ColumnMetaData).</summary>
public sealed record ColumnMetaData
{
    /// <summary>Physical type.</summary>
    public ParquetType Type { get; init; }

    /// <summary>Every encoding used in the chunk, levels included.</summary>
    public ImmutableArray<ParquetEncoding> Encodings { get; init; } = [];

    /// <summary>Names from below the root to the leaf.</summary>
    public ImmutableArray<string> PathInSchema { get; init; } = [];

    /// <summary>Compression of all pages.</summary>
    public CompressionCodec Codec { get; init; }

    /// <summary>Values, nulls included.</summary>
    public long NumValues { get; init; }

    /// <summary>Bytes before compression, page headers included.</summary>
    public long TotalUncompressedSize { get; init; }

    /// <summary>Bytes in the file, page headers included.</summary>
    public long TotalCompressedSize { get; init; }

    /// <summary>Offset of the first data page.</summary>
    public long DataPageOffset { get; init; }

    /// <summary>Offset of the dictionary page; null when there is none.</summary>
    public long? DictionaryPageOffset { get; init; }

    /// <summary>Offset of the bloom filter, its header first; null when there is none.</summary>
    public long? BloomFilterOffset { get; init; }

    /// <summary>Bytes of the bloom filter with its header; null when the file does not say.</summary>
    public int? BloomFilterLength { get; init; }

    /// <summary>Bounds and counts.</summary>
    public Statistics? Statistics { get; init; }

    /// <summary>How many pages have which encoding, the dictionary page first.</summary>
    public ImmutableArray<PageEncodingStats> EncodingStats { get; init; } = [];

    /// <summary>What the values take in memory.</summary>
    public SizeStatistics? SizeStatistics { get; init; }
}

/// <summary>What the values of a chunk take in memory (parquet.thrift SizeStatistics).</summary>
public sealed record SizeStatistics
{
    /// <summary>Bytes of all strings or binary values, without lengths and nulls; null for other types.</summary>
    public long? UnencodedByteArrayDataBytes { get; init; }

    /// <summary>How many entries have each repetition level; empty when it is not said.</summary>
    public ImmutableArray<long> RepetitionLevelHistogram { get; init; } = [];

    /// <summary>How many entries have each definition level; empty when it is not said.</summary>
    public ImmutableArray<long> DefinitionLevelHistogram { get; init; } = [];
}

/// <summary>Pages of a type and an encoding (parquet.thrift PageEncodingStats).</summary>
public sealed record PageEncodingStats(PageType PageType, ParquetEncoding Encoding, int Count);

/// <summary>Bounds and counts of a chunk (parquet.thrift Statistics). Bounds are PLAIN bytes without a length; null when unknown.</summary>
public sealed record Statistics
{
    /// <summary>Upper bound.</summary>
    public byte[]? MaxValue { get; init; }

    /// <summary>Lower bound.</summary>
    public byte[]? MinValue { get; init; }

    /// <summary>Nulls; null when unknown.</summary>
    public long? NullCount { get; init; }

    /// <summary>Distinct values; null when unknown.</summary>
    public long? DistinctCount { get; init; }

    /// <summary>
    /// Upper bound as files had it before they said in which order; not used to skip anything. Only of signed numbers is it known what it means.
    /// </summary>
    public byte[]? OlderMaxValue { get; init; }

    /// <summary>The lower bound likewise.</summary>
    public byte[]? OlderMinValue { get; init; }

    /// <summary>False when the upper bound was shortened.</summary>
    public bool IsMaxValueExact { get; init; }

    /// <summary>False when the lower bound was shortened.</summary>
    public bool IsMinValueExact { get; init; }
}
