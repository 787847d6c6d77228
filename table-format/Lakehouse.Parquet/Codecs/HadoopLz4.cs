using System.Buffers.Binary;

namespace Lakehouse.Parquet;

/// <summary>
/// The deprecated codec LZ4 (Compression.md): Hadoop's framing, frames of [bytes uncompressed, bytes packed, both 32-bit big endian]
/// and one LZ4 block each. Other writers put a bare block under the same name, so what is no whole framing is tried as that.
/// </summary>
internal static class HadoopLz4
{
    private const int FrameHeaderBytes = 8;

    /// <summary>Decompresses what must fill the target exactly.</summary>
    internal static void Decompress(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        if (!TryDecompressFrames(packed, target))
        {
            Lz4.Decompress(packed, target);
        }
    }

    private static bool TryDecompressFrames(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        while (packed.Length >= FrameHeaderBytes)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(packed);
            uint packedLength = BinaryPrimitives.ReadUInt32BigEndian(packed[4..]);
            packed = packed[FrameHeaderBytes..];
            if (length > target.Length || packedLength > packed.Length
                || !Lz4.TryDecompress(packed[..(int)packedLength], target[..(int)length]))
            {
                return false;
            }

            packed = packed[(int)packedLength..];
            target = target[(int)length..];
        }

        return packed.IsEmpty && target.IsEmpty;
    }
}
