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
    /// Whether packed bytes can hold as many as a header claims, so that nothing is allocated for a claim alone. Zstd's densest block is one
    /// byte repeated over 128 KiB, gzip's densest code a copy of 258 bytes in two bits. Brotli's copies have no bound worth naming: where
    /// the claim is bold its stream is walked once.
    /// </summary>
    internal static bool CanHold(CompressionCodec codec, ReadOnlySpan<byte> packed, int bytes) => codec switch
    {
        CompressionCodec.Uncompressed => bytes == packed.Length,
        CompressionCodec.Snappy => bytes <= (long)packed.Length * Snappy.Densest,
        CompressionCodec.Lz4 or CompressionCodec.Lz4Raw => bytes <= (long)packed.Length * Lz4.Densest,
        CompressionCodec.Gzip => bytes <= (long)packed.Length * 4 * 258,
        CompressionCodec.Zstd => bytes <= (long)packed.Length << 16,
        _ => bytes <= Math.Max(1 << 20, 1000L * packed.Length) || Brotli.Holds(packed, bytes),
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
