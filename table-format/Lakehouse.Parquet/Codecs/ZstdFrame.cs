using System.Buffers.Binary;
using Lakehouse.Parquet.Zstandard;

namespace Lakehouse.Parquet;

/// <summary>
/// Zstandard frames as bytes (RFC 8878 section 3.1.1): <c>magic | descriptor | [window] | [dictionary] | [content length] | blocks | [checksum]</c>.
/// Copies reach back from where they are, and a raw block changes nothing that later ones go by, so blocks stand behind another raw one as well
/// as at a frame's beginning.
/// </summary>
internal static class ZstdFrame
{
    /// <summary>The level that says: as it is.</summary>
    internal const int Stored = 0;

    private const byte HasChecksum = 1 << 2;
    private const byte HasDictionary = 3;

    /// <summary>Writes a frame of bytes as they are; gives the bytes written, less than what compressing may take at most.</summary>
    internal static int Store(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int at = FrameHeader.Write(source.Length, target);
        do
        {
            ReadOnlySpan<byte> block = source[..Math.Min(source.Length, BlockParts.BytesMax)];
            source = source[block.Length..];
            FrameHeader.WriteBlock(target[at..], BlockType.Raw, block.Length, source.IsEmpty);
            at += FrameHeader.BlockBytes;
            block.CopyTo(target[at..]);
            at += block.Length;
        }
        while (!source.IsEmpty);
        return at;
    }

    /// <summary>Whether other bytes can be put in front of these: a single frame that says its length, without what would no longer fit it.</summary>
    internal static bool CanFollow(ReadOnlySpan<byte> frame, int contentLength) => !BlocksOf(frame, contentLength).IsEmpty;

    /// <summary>Bytes that <see cref="Prepend"/> may take.</summary>
    internal static int PrependBound(int firstLength, int frameLength) => FrameHeader.BytesMax + FrameHeader.BlockBytes + firstLength + frameLength;

    /// <summary>
    /// Writes a frame that holds some bytes and behind them the <paramref name="contentLength"/> that another frame holds, which
    /// <see cref="CanFollow"/>; its blocks go over as they are. Gives the bytes written.
    /// </summary>
    internal static int Prepend(ReadOnlySpan<byte> first, ReadOnlySpan<byte> frame, int contentLength, Span<byte> target)
    {
        ReadOnlySpan<byte> blocks = BlocksOf(frame, contentLength);
        Invariant.Holds(!blocks.IsEmpty && first.Length <= BlockParts.BytesMax, "blocks stand behind a raw block");
        int at = FrameHeader.Write(checked(first.Length + contentLength), target);
        FrameHeader.WriteBlock(target[at..], BlockType.Raw, first.Length, isLast: false);
        at += FrameHeader.BlockBytes;
        first.CopyTo(target[at..]);
        at += first.Length;
        blocks.CopyTo(target[at..]);
        return at + blocks.Length;
    }

    /// <summary>The blocks of a frame, which have to fill the rest of it; empty when they do not.</summary>
    private static ReadOnlySpan<byte> BlocksOf(ReadOnlySpan<byte> frame, int contentLength)
    {
        if (frame.Length < 5 || BinaryPrimitives.ReadUInt32LittleEndian(frame) != FrameHeader.Magic || (frame[4] & (HasChecksum | HasDictionary)) != 0)
        {
            return default;
        }

        bool isSingle = (frame[4] & FrameHeader.SingleSegment) != 0;
        int lengthBytes = (frame[4] >> 6) switch { 0 => isSingle ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        int lengthAt = isSingle ? 5 : 6;
        int start = lengthAt + lengthBytes;
        if (lengthBytes == 0 || frame.Length < start || ReadLength(frame.Slice(lengthAt, lengthBytes)) != (ulong)contentLength)
        {
            return default;
        }

        for (int at = start; at + FrameHeader.BlockBytes <= frame.Length;)
        {
            int header = frame[at] | (frame[at + 1] << 8) | (frame[at + 2] << 16);
            int size = header >> 3;
            bool isRun = (BlockType)((header >> 1) & 3) == BlockType.Run;
            if (size > Math.Min(BlockParts.BytesMax, contentLength) || (isRun ? 1 : size) > frame.Length - at - FrameHeader.BlockBytes)
            {
                return default;
            }

            at += FrameHeader.BlockBytes + (isRun ? 1 : size);
            if ((header & 1) != 0)
            {
                return at == frame.Length ? frame[start..] : default;
            }
        }

        return default;
    }

    private static ulong ReadLength(ReadOnlySpan<byte> field) => field.Length switch
    {
        1 => field[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(field) + 256UL,
        4 => BinaryPrimitives.ReadUInt32LittleEndian(field),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(field),
    };
}
