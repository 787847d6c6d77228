using System.Buffers.Binary;

namespace Lakehouse.Parquet.Zstandard;

/// <summary>
/// What stands before the content of frames and blocks that are written here (RFC 8878 section 3.1.1): a frame is one segment, so that the reader
/// takes what the page header says, and has no checksum, as the page has one.
/// </summary>
internal static class FrameHeader
{
    internal const uint Magic = 0xFD2FB528;

    /// <summary>Bytes that <see cref="Write"/> takes at most.</summary>
    internal const int BytesMax = 9;

    /// <summary>Bytes of a block's header.</summary>
    internal const int BlockBytes = 3;

    /// <summary>The bit of the fifth byte that says that the window is the content.</summary>
    internal const byte SingleSegment = 1 << 5;

    /// <summary>Writes the header of a frame of so many bytes of content; gives its own.</summary>
    internal static int Write(int length, Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        switch (length)
        {
            case < 256:
                target[4] = SingleSegment;
                target[5] = (byte)length;
                return 6;
            case < 256 + 65536:
                target[4] = SingleSegment | (1 << 6);
                BinaryPrimitives.WriteUInt16LittleEndian(target[5..], (ushort)(length - 256));
                return 7;
            default:
                target[4] = SingleSegment | (2 << 6);
                BinaryPrimitives.WriteUInt32LittleEndian(target[5..], (uint)length);
                return BytesMax;
        }
    }

    /// <summary>Writes the header of a block.</summary>
    internal static void WriteBlock(Span<byte> target, BlockType type, int length, bool isLast)
    {
        int header = (isLast ? 1 : 0) | ((int)type << 1) | (length << 3);
        target[0] = (byte)header;
        target[1] = (byte)(header >> 8);
        target[2] = (byte)(header >> 16);
    }
}

/// <summary>What a block holds.</summary>
internal enum BlockType
{
    /// <summary>The content itself.</summary>
    Raw = 0,

    /// <summary>One byte that is repeated.</summary>
    Run = 1,

    /// <summary>Literals and copies.</summary>
    Compressed = 2,
}
