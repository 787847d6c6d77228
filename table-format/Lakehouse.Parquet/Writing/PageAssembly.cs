namespace Lakehouse.Parquet;

/// <summary>Puts pages together: <c>header | body</c>, the body compressed, its CRC in the header.</summary>
internal static class PageAssembly
{
    /// <summary>
    /// Appends a page; sizes and CRC of the header are filled in. Gives the bytes of the header. Compresses straight into the target,
    /// behind the room for the longest header, and moves the body up to the header afterwards: moving is far cheaper than compressing.
    /// </summary>
    internal static int Append(
        PooledBuffer target, PageHeader header, ReadOnlySpan<byte> body, CompressionCodec codec, int level, PooledBuffer scratch)
    {
        int bodyMax = codec == CompressionCodec.Zstd ? Zstd.Bound(body.Length) : body.Length;
        Span<byte> room = target.Reserve(checked(PageHeaderFormat.BytesMax + bodyMax));
        Span<byte> packed = room[PageHeaderFormat.BytesMax..];
        if (codec == CompressionCodec.Zstd)
        {
            packed = packed[..Zstd.Compress(body, packed, level)];
        }
        else
        {
            body.CopyTo(packed);
            packed = packed[..body.Length];
        }

        scratch.Clear();
        header = header with
        {
            UncompressedPageSize = body.Length,
            CompressedPageSize = packed.Length,
            Crc = (int)Crc32.Append(0, packed),
        };
        PageHeaderFormat.Write(scratch, header);
        Invariant.Holds(scratch.Length <= PageHeaderFormat.BytesMax, "a page header fits its room");
        packed.CopyTo(room[scratch.Length..]);
        scratch.Written.CopyTo(room);
        target.Advance(scratch.Length + packed.Length);
        return scratch.Length;
    }
}
