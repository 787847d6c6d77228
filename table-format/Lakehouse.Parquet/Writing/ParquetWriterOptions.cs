using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>A leaf that rows are sorted by (parquet.thrift SortingColumn): its name, names from the root down with dots.</summary>
public sealed record SortedBy(string Column, bool Descending = false, bool NullsFirst = false);

/// <summary>How a file is cut and compressed.</summary>
public sealed record ParquetWriterOptions
{
    /// <summary>Compression; LZO, Brotli and the deprecated LZ4 are not written.</summary>
    public CompressionCodec Codec
    {
        get;
        init => field = PageCodec.Writes(value)
            ? value
            : throw new ArgumentException($"Codec {value} is not written; zstd, snappy, lz4_raw, gzip and none are.");
    } = CompressionCodec.Zstd;

    /// <summary>Level of zstd (1 to 19) or gzip (1 to 9); null: 1 and 6. Other codecs have none.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>Encodings that may be chosen beside dictionaries and PLAIN, which every reader knows.</summary>
    public FurtherEncodings Encodings { get; init; }

    /// <summary>True: pages of version 2, whose levels are not compressed. Readers of the oldest kind know version 1 only.</summary>
    public bool PagesV2 { get; init; }

    /// <summary>Rows after which a page ends; tiny pages merge badly, so the default is what other writers take as a limit.</summary>
    public int PageRowCount
    {
        get;
        init => field = value is > 0 and <= 1 << 20 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    } = 20_000;

    /// <summary>Uncompressed bytes of values after which a page ends before it has its rows.</summary>
    public int PageBytes { get; init; } = 1 << 20;

    /// <summary>Most rows of a row group.</summary>
    public int RowGroupRowCountMax { get; init; } = 1 << 20;

    /// <summary>
    /// Encoded bytes after which a row group ends. Half a file of the default size: the first half is uploaded while the second is written.
    /// </summary>
    public long RowGroupBytes { get; init; } = 64L << 20;

    /// <summary>Bytes that a dictionary may reach; a column with more distinct values is written without one.</summary>
    public int DictionaryBytesMax { get; init; } = 4 << 20;

    /// <summary>
    /// Bytes up to which a column's dictionary always goes on from chunk to chunk and file to file of a sink, so that its page in one file is
    /// the beginning of that in a later one and pages can be merged without decoding; beyond, as long as chunks need half of it for themselves.
    /// 0: every chunk has its own.
    /// </summary>
    public int DictionaryEpochBytes { get; init; } = 64 << 10;

    /// <summary>False: no column but constants gets a dictionary.</summary>
    public bool Dictionaries { get; init; } = true;

    /// <summary>
    /// Columns (leaves by their names from the root down, with dots) that get a bloom filter, as large as one false positive in a hundred
    /// needs, up to <see cref="BloomFilterBytesMax"/> a row group. Not for booleans and floats, whose equal values may differ in bytes.
    /// </summary>
    public ImmutableArray<string> BloomFilters { get; init; } = [];

    /// <summary>Bytes of the largest bloom filter of a chunk, a power of two from 32 on.</summary>
    public int BloomFilterBytesMax
    {
        get;
        init => field = System.Numerics.BitOperations.IsPow2(value) && value >= BloomFilter.BlockBytes
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value));
    } = 1 << 20;

    /// <summary>What the caller says of the order of rows within each row group; written down as it is.</summary>
    public ImmutableArray<SortedBy> SortedBy { get; init; } = [];

    /// <summary>The lowest and the highest level of a codec; null when it has none.</summary>
    public static (int Min, int Max)? LevelsOf(CompressionCodec codec) =>
        PageCodec.Levels(codec) is { } levels ? (levels.Min, levels.Max) : null;

    /// <summary>The level that pages are compressed with.</summary>
    internal int Level => CompressionLevel ?? PageCodec.Levels(Codec)?.Default ?? 0;

    /// <summary>Footer entries.</summary>
    public ImmutableArray<KeyValue> KeyValueMetadata { get; init; } = [];
}
