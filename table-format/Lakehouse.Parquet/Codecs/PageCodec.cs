namespace Lakehouse.Parquet;

/// <summary>
/// Decompression of page bodies by codec (parquet-format Compression.md). Every codec gets a target of the size that the page header
/// gives and must fill it exactly; damaged input is a <see cref="ParquetFormatException"/>.
/// </summary>
internal static class PageCodec
{
    /// <summary>Whether pages of a codec are read here.</summary>
    internal static bool Reads(CompressionCodec codec) => codec is CompressionCodec.Uncompressed or CompressionCodec.Snappy
        or CompressionCodec.Gzip or CompressionCodec.Brotli or CompressionCodec.Lz4 or CompressionCodec.Zstd or CompressionCodec.Lz4Raw;

    /// <summary>
    /// The most bytes that so many packed ones may hold: what a header claims beyond it is not allocated. Zstd, gzip and brotli pack
    /// repetitions without a bound worth naming, so theirs are held against the page limit only.
    /// </summary>
    internal static long BytesMax(CompressionCodec codec, long packed) => codec switch
    {
        CompressionCodec.Uncompressed => packed,
        CompressionCodec.Snappy => Snappy.BytesMax(packed),
        CompressionCodec.Lz4 or CompressionCodec.Lz4Raw => Lz4.BytesMax(packed),
        _ => long.MaxValue,
    };

    /// <summary>Decompresses what must fill the target exactly.</summary>
    internal static void Decompress(CompressionCodec codec, ReadOnlySpan<byte> packed, Span<byte> target)
    {
        switch (codec)
        {
            case CompressionCodec.Uncompressed when packed.Length == target.Length:
                packed.CopyTo(target);
                break;
            case CompressionCodec.Uncompressed:
                throw new ParquetFormatException($"An uncompressed page of {packed.Length} bytes says that it has {target.Length}.");
            case CompressionCodec.Zstd:
                Zstd.Decompress(packed, target);
                break;
            case CompressionCodec.Snappy:
                Snappy.Decompress(packed, target);
                break;
            case CompressionCodec.Gzip:
                Gzip.Decompress(packed, target);
                break;
            case CompressionCodec.Brotli:
                Brotli.Decompress(packed, target);
                break;
            case CompressionCodec.Lz4Raw:
                Lz4.Decompress(packed, target);
                break;
            case CompressionCodec.Lz4:
                HadoopLz4.Decompress(packed, target);
                break;
            default:
                throw new ParquetFormatException($"Codec {codec} is not read here.");
        }
    }
}
