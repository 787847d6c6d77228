using System.Buffers;
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

    /// <summary>Whether a stream makes that many bytes; they are thrown away.</summary>
    internal static bool Holds(ReadOnlySpan<byte> packed, int bytes)
    {
        byte[] scratch = ArrayPool<byte>.Shared.Rent(64 << 10);
        using var decoder = default(BrotliDecoder);
        long made = 0;
        OperationStatus status;
        do
        {
            status = decoder.Decompress(packed, scratch, out int consumed, out int written);
            packed = packed[consumed..];
            made += written;
        }
        while (status == OperationStatus.DestinationTooSmall && made <= bytes);
        ArrayPool<byte>.Shared.Return(scratch);
        return status == OperationStatus.Done && made == bytes;
    }
}
