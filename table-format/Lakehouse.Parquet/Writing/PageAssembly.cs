namespace Lakehouse.Parquet;

/// <summary>Puts pages together: <c>header | body</c>, the body compressed, its CRC in the header.</summary>
internal static class PageAssembly
{
    /// <summary>
    /// Appends a page; sizes and CRC of the header are filled in. Gives the bytes of the header. Compresses straight into the target,
    /// behind the room for the longest header, and moves the body up to the header afterwards: moving is far cheaper than compressing.
    /// The levels of a V2 page stand in front of its values as they are, and values that do not shrink are left as they are.
    /// </summary>
    internal static int Append(
        PooledBuffer target, PageHeader header, ReadOnlySpan<byte> body, CompressionCodec codec, int level, PooledBuffer scratch)
    {
        header = header with { UncompressedPageSize = body.Length };
        if (codec == CompressionCodec.Uncompressed)
        {
            WriteHeader(scratch, header with { IsCompressed = false }, body);
            target.Append(scratch.Written);
            target.Append(body);
            return scratch.Length;
        }

        int levels = header.Type == PageType.DataPageV2 ? header.LevelsByteLength : 0;
        ReadOnlySpan<byte> values = body[levels..];
        Span<byte> room = target.Reserve(Room(codec, body));
        Span<byte> packed = room[PageHeaderFormat.BytesMax..];
        body[..levels].CopyTo(packed);
        bool isV2 = header.Type == PageType.DataPageV2;
        int stride = StrideOf(
            header.Encoding, body.Length - header.RepetitionLevelsByteLength - header.DefinitionLevelsByteLength, header.NumValues - (header.NumNulls ?? 0));
        int length = isV2 && values.IsEmpty ? 0 : PageCodec.Compress(codec, level, values, packed[levels..], stride);
        bool isCompressed = !isV2 || (length > 0 && length < values.Length);
        if (!isCompressed)
        {
            values.CopyTo(packed[levels..]);
            length = values.Length;
        }

        return End(target, header with { IsCompressed = isCompressed }, room, packed[..(levels + length)], scratch);
    }

    /// <summary>The same for a page of a chunk.</summary>
    internal static int Append(
        PageBytes target, PageHeader header, ReadOnlySpan<byte> body, CompressionCodec codec, int level, PooledBuffer scratch) =>
        Append(target.RoomFor(Room(codec, body)), header, body, codec, level, scratch);

    /// <summary>
    /// Appends a page whose <paramref name="valueBytes"/> of values are what a zstd frame holds, which other bytes can be put in front of. Gives the
    /// bytes of the header.
    /// </summary>
    internal static int AppendFrame(
        PageBytes target, PageHeader header, ReadOnlySpan<byte> levels, ReadOnlySpan<byte> frame, int valueBytes, PooledBuffer scratch)
    {
        int bound = checked(PageHeaderFormat.BytesMax + ZstdFrame.PrependBound(levels.Length, frame.Length));
        PooledBuffer piece = target.RoomFor(bound);
        Span<byte> room = piece.Reserve(bound);
        Span<byte> packed = room[PageHeaderFormat.BytesMax..];
        int length;
        if (header.Type == PageType.DataPage && levels.Length > 0)
        {
            length = ZstdFrame.Prepend(levels, frame, valueBytes, packed);
        }
        else
        {
            levels.CopyTo(packed);
            frame.CopyTo(packed[levels.Length..]);
            length = levels.Length + frame.Length;
        }

        header = header with { UncompressedPageSize = levels.Length + valueBytes, IsCompressed = true };
        return End(piece, header, room, packed[..length], scratch);
    }

    /// <summary>Puts the header before what is packed behind the room for it.</summary>
    private static int End(PooledBuffer target, PageHeader header, Span<byte> room, ReadOnlySpan<byte> packed, PooledBuffer scratch)
    {
        WriteHeader(scratch, header, packed);
        packed.CopyTo(room[scratch.Length..]);
        scratch.Written.CopyTo(room);
        target.Advance(scratch.Length + packed.Length);
        return scratch.Length;
    }

    private static int Room(CompressionCodec codec, ReadOnlySpan<byte> body) => checked(PageHeaderFormat.BytesMax + PageCodec.Bound(codec, body.Length));

    private static void WriteHeader(PooledBuffer target, PageHeader header, ReadOnlySpan<byte> packed)
    {
        target.Clear();
        PageHeaderFormat.Write(target, header with { CompressedPageSize = packed.Length, Crc = (int)Crc32.Append(0, packed) });
        Invariant.Holds(target.Length <= PageHeaderFormat.BytesMax, "a page header fits its room");
    }

    /// <summary>
    /// Bytes of each value where all take as many, as their number tells of PLAIN values of one width, and of strings of one length; of others
    /// by chance at most. Otherwise 0.
    /// </summary>
    internal static int StrideOf(ParquetEncoding encoding, int bytes, int count) =>
        encoding == ParquetEncoding.Plain && count > 0 && bytes % count == 0 ? bytes / count : 0;

    /// <summary>
    /// Appends the body of a page as it was before it was compressed: V2 with its levels in front. Throws <see cref="ParquetFormatException"/>
    /// when header and bytes do not agree, their checksum above all, as what is made of them gets a new one; nothing is allocated for a claim
    /// that the bytes cannot hold.
    /// </summary>
    internal static void Unpack(CompressionCodec codec, in PageHeader header, ReadOnlySpan<byte> packed, PooledBuffer target)
    {
        CheckSum(header, packed);
        int size = header.UncompressedPageSize;
        int levels = header.Type == PageType.DataPageV2 ? header.LevelsByteLength : 0;
        if (levels < 0 || levels > packed.Length || levels > size)
        {
            throw new ParquetFormatException($"{levels} bytes of levels in a page of {packed.Length}.");
        }

        CompressionCodec by = header.Type == PageType.DataPageV2 && !header.IsCompressed ? CompressionCodec.Uncompressed : codec;
        if (size > levels && !PageCodec.CanHold(by, packed[levels..], size - levels))
        {
            throw new ParquetFormatException($"{packed.Length} bytes of {by} cannot hold the {size} that the page header says.");
        }

        Span<byte> body = target.Reserve(size)[..size];
        packed[..levels].CopyTo(body);
        if (size > levels)
        {
            PageCodec.Decompress(by, packed[levels..], body[levels..]);
        }

        target.Advance(size);
    }

    /// <summary>Throws <see cref="ParquetFormatException"/> when packed bytes are not those that the header has the checksum of.</summary>
    internal static void CheckSum(in PageHeader header, ReadOnlySpan<byte> packed)
    {
        if (header.Crc is { } crc && crc != (int)Crc32.Append(0, packed))
        {
            throw new ParquetFormatException("A page does not match its checksum: the file is damaged.");
        }
    }
}
