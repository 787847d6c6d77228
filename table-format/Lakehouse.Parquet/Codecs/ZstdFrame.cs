using System.Buffers.Binary;

namespace Lakehouse.Parquet;

/// <summary>
/// Zstandard frames as bytes (RFC 8878 section 3.1.1): <c>magic | descriptor | [window] | [dictionary] | [content length] | blocks | [checksum]</c>.
/// Copies reach back from where they are, and a raw block changes nothing that later ones go by, so blocks stand behind another raw one as well
/// as at a frame's beginning.
/// </summary>
internal static class ZstdFrame
{
    private const uint Magic = 0xFD2FB528;
    private const int BlockBytesMax = 128 << 10;
    private const int BlockHeaderBytes = 3;
    private const int HeaderBytesMax = 9;
    private const byte SingleSegment = 1 << 5;
    private const byte HasChecksum = 1 << 2;
    private const byte HasDictionary = 3;

    /// <summary>Whether other bytes can be put in front of these: a single frame that says its length, without what would no longer fit it.</summary>
    internal static bool CanFollow(ReadOnlySpan<byte> frame, int contentLength) => !BlocksOf(frame, contentLength).IsEmpty;

    /// <summary>Bytes that <see cref="Prepend"/> may take.</summary>
    internal static int PrependBound(int firstLength, int frameLength) => HeaderBytesMax + BlockHeaderBytes + firstLength + frameLength;

    /// <summary>
    /// Writes a frame that holds some bytes and behind them the <paramref name="contentLength"/> that another frame holds, which
    /// <see cref="CanFollow"/>; its blocks go over as they are. Gives the bytes written.
    /// </summary>
    internal static int Prepend(ReadOnlySpan<byte> first, ReadOnlySpan<byte> frame, int contentLength, Span<byte> target)
    {
        ReadOnlySpan<byte> blocks = BlocksOf(frame, contentLength);
        Invariant.Holds(!blocks.IsEmpty && first.Length <= BlockBytesMax, "blocks stand behind a raw block");
        int at = WriteHeader(checked((uint)(first.Length + contentLength)), target);
        WriteRawBlockHeader(first.Length, target[at..]);
        at += BlockHeaderBytes;
        first.CopyTo(target[at..]);
        at += first.Length;
        blocks.CopyTo(target[at..]);
        return at + blocks.Length;
    }

    /// <summary>The blocks of a frame, which have to fill the rest of it; empty when they do not.</summary>
    private static ReadOnlySpan<byte> BlocksOf(ReadOnlySpan<byte> frame, int contentLength)
    {
        if (frame.Length < 5 || BinaryPrimitives.ReadUInt32LittleEndian(frame) != Magic || (frame[4] & (HasChecksum | HasDictionary)) != 0)
        {
            return default;
        }

        bool isSingle = (frame[4] & SingleSegment) != 0;
        int lengthBytes = (frame[4] >> 6) switch { 0 => isSingle ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        int lengthAt = isSingle ? 5 : 6;
        int start = lengthAt + lengthBytes;
        if (lengthBytes == 0 || frame.Length < start || ReadLength(frame.Slice(lengthAt, lengthBytes)) != (ulong)contentLength)
        {
            return default;
        }

        for (int at = start; at + BlockHeaderBytes <= frame.Length;)
        {
            int header = frame[at] | (frame[at + 1] << 8) | (frame[at + 2] << 16);
            int size = header >> 3;
            bool isRun = (header >> 1 & 3) == 1;
            if (size > Math.Min(BlockBytesMax, contentLength) || (isRun ? 1 : size) > frame.Length - at - BlockHeaderBytes)
            {
                return default;
            }

            at += BlockHeaderBytes + (isRun ? 1 : size);
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

    /// <summary>Of a frame that is one segment: the length of its content is that of its window.</summary>
    private static int WriteHeader(uint contentLength, Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        target[4] = SingleSegment | (2 << 6);
        BinaryPrimitives.WriteUInt32LittleEndian(target[5..], contentLength);
        return HeaderBytesMax;
    }

    private static void WriteRawBlockHeader(int length, Span<byte> target)
    {
        int header = length << 3;
        (target[0], target[1], target[2]) = ((byte)header, (byte)(header >> 8), (byte)(header >> 16));
    }
}
