using Lakehouse.Parquet.Zstandard;

namespace Lakehouse.Parquet;

/// <summary>
/// Page bodies by codec (parquet-format Compression.md). When reading, every codec gets a target of the size that the page header gives and
/// must fill it exactly; damaged input is a <see cref="ParquetFormatException"/>.
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

    /// <summary>The levels that a codec has and the one that is taken when none is named; null when it has none, or is not written here.</summary>
    internal static (int Min, int Max, int Default)? Levels(CompressionCodec codec) => codec switch
    {
        CompressionCodec.Zstd => (1, Zstd.LevelMax, 1),
        CompressionCodec.Gzip => (1, Gzip.LevelMax, Gzip.LevelDefault),
        _ => null,
    };

    /// <summary>Whether pages of a codec are written here.</summary>
    internal static bool Writes(CompressionCodec codec) => codec is CompressionCodec.Uncompressed or CompressionCodec.Snappy
        or CompressionCodec.Gzip or CompressionCodec.Zstd or CompressionCodec.Lz4Raw;

    /// <summary>Bytes that compressing so many bytes may take at most.</summary>
    internal static int Bound(CompressionCodec codec, int length) => codec switch
    {
        CompressionCodec.Zstd => Zstd.Bound(length),
        CompressionCodec.Snappy => Snappy.Bound(length),
        CompressionCodec.Lz4Raw => Lz4.Bound(length),
        CompressionCodec.Gzip => Gzip.Bound(length),
        _ => length,
    };

    /// <summary>
    /// Compresses into a target of at least <see cref="Bound"/> bytes; gives the bytes written. The source may end in values that all take
    /// <paramref name="stride"/> bytes: zstd's fastest level does better when it knows. 0 says nothing.
    /// </summary>
    internal static int Compress(CompressionCodec codec, int level, ReadOnlySpan<byte> source, Span<byte> target, int stride)
    {
        switch (codec)
        {
            case CompressionCodec.Zstd when level == ZstdFrame.Stored:
                return ZstdFrame.Store(source, target);
            case CompressionCodec.Zstd when level == 1 && ColumnFrame.Takes(source.Length, stride)
                && ColumnFrame.TryCompress(source, target, stride) is var written and > 0:
                return written;
            case CompressionCodec.Zstd:
                return Zstd.Compress(source, target, level);
            case CompressionCodec.Snappy:
                return Snappy.Compress(source, target);
            case CompressionCodec.Lz4Raw:
                return Lz4.Compress(source, target);
            case CompressionCodec.Gzip:
                return Gzip.Compress(source, target, level);
            default:
                Invariant.Holds(codec == CompressionCodec.Uncompressed, "only codecs that are written here compress");
                source.CopyTo(target);
                return source.Length;
        }
    }

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
