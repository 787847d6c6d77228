using System.IO.Compression;

namespace Lakehouse.Parquet;

/// <summary>Brotli streams (RFC 7932).</summary>
internal static class Brotli
{
    /// <summary>Decompresses what must fill the target exactly.</summary>
    internal static void Decompress(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        if (!BrotliDecoder.TryDecompress(packed, target, out int written) || written != target.Length)
        {
            throw new ParquetFormatException($"Brotli data is damaged or not of the {target.Length} bytes that the page header says.");
        }
    }
}
