using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>How a file is cut and compressed.</summary>
public sealed record ParquetWriterOptions
{
    /// <summary>Compression: <see cref="CompressionCodec.Zstd"/> or <see cref="CompressionCodec.Uncompressed"/>.</summary>
    public CompressionCodec Codec
    {
        get;
        init => field = value is CompressionCodec.Zstd or CompressionCodec.Uncompressed
            ? value
            : throw new ArgumentException($"Codec {value} is not written; zstd and none are.");
    } = CompressionCodec.Zstd;

    /// <summary>Level of zstd, 1 to 19.</summary>
    public int ZstdLevel { get; init; } = 1;

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

    /// <summary>False: no column but constants gets a dictionary.</summary>
    public bool Dictionaries { get; init; } = true;

    /// <summary>Footer entries.</summary>
    public ImmutableArray<KeyValue> KeyValueMetadata { get; init; } = [];
}
