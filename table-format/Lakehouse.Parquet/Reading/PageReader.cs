using System.Buffers;

namespace Lakehouse.Parquet;

/// <summary>What is done with the checksums of pages.</summary>
internal enum Checksums
{
    /// <summary>Nothing.</summary>
    Ignored,

    /// <summary>A page that does not match is refused.</summary>
    Enforced,

    /// <summary>A page that does not match is read all the same, and says so.</summary>
    Noted,
}

/// <summary>How a step to the next page ended.</summary>
internal enum PageStep
{
    /// <summary>There is one.</summary>
    Ready,

    /// <summary>Bytes have to be fetched first; then the same step is taken again.</summary>
    WantsBytes,

    /// <summary>There is none.</summary>
    End,
}

/// <summary>
/// The pages of one chunk, one at a time: header read, then skipped, or the checksum held against the bytes and the body decompressed. After
/// each page it goes on where the header says that the page ends, never where decoding stopped. Owns the chunk's bytes.
/// </summary>
internal sealed class PageReader : IDisposable
{
    private const int PageBytesMax = 1 << 30;
    private const int HeaderBytesMax = 16 << 20;
    private readonly CompressionCodec _codec;
    private readonly Checksums _checksums;
    private byte[] _unpacked = [];

    internal PageReader(CompressionCodec codec, Checksums checksums, ChunkBytes bytes) =>
        (_codec, _checksums, Bytes) = (codec, checksums, bytes);

    /// <summary>The chunk's bytes.</summary>
    internal ChunkBytes Bytes { get; }

    /// <summary>Gets every page, if there is one.</summary>
    internal List<PageFacts>? Log { get; set; }

    /// <summary>Where pages begin that do not match their checksums, which is noted only.</summary>
    internal List<long> Mismatches { get; } = [];

    /// <summary>Where in the file the current page begins.</summary>
    internal long Offset { get; private set; }

    /// <summary>The current page's header.</summary>
    internal PageHeader Header { get; private set; }

    /// <summary>Bytes of the current page's header.</summary>
    internal int HeaderByteCount { get; private set; }

    /// <summary>The row at which the current page begins when a new run begins with it; null when it goes on behind the one before.</summary>
    internal long? FirstRow { get; private set; }

    /// <summary>The array that holds the current page's body, from <see cref="Start"/> to <see cref="End"/>; valid until the next page.</summary>
    internal byte[] Body { get; private set; } = [];

    /// <summary>Where the body begins.</summary>
    internal int Start { get; private set; }

    /// <summary>Where the body ends.</summary>
    internal int End { get; private set; }

    /// <summary>Reads the header of the next page that holds a dictionary or data; <see cref="Unpack"/> or <see cref="Skip"/> follows.</summary>
    internal PageStep Next()
    {
        while (Bytes.NextRun(out bool isNewRun))
        {
            FirstRow = isNewRun && Bytes.Run.FirstRow >= 0 ? Bytes.Run.FirstRow : FirstRow;
            Offset = Bytes.FileOffset;
            ReadOnlySpan<byte> rest = Bytes.Rest;
            if (!TryReadHeader(rest))
            {
                return PageStep.WantsBytes;
            }

            long left = Bytes.Left - HeaderByteCount;
            if (Header.CompressedPageSize < 0 || Header.CompressedPageSize > left
                || Header.UncompressedPageSize is < 0 or > PageBytesMax || Header.NumValues < 0)
            {
                throw new ParquetFormatException(
                    $"A page of {Header.CompressedPageSize} bytes ({Header.UncompressedPageSize} uncompressed, {Header.NumValues} values) "
                    + $"where {left} bytes are left.");
            }

            if (Header.CompressedPageSize > rest.Length - HeaderByteCount)
            {
                return PageStep.WantsBytes;
            }

            Log?.Add(new PageFacts(Offset, Header, HeaderByteCount));
            if (Header.Type != PageType.IndexPage)
            {
                return PageStep.Ready;
            }

            Bytes.Advance(HeaderByteCount + Header.CompressedPageSize);
        }

        Offset = Bytes.FileOffset;
        return PageStep.End;
    }

    /// <summary>Leaves out the page whose header was read.</summary>
    internal void Skip()
    {
        Bytes.Advance(HeaderByteCount + Header.CompressedPageSize);
        FirstRow = null;
    }

    /// <summary>Makes the body of the page ready whose header was read.</summary>
    internal void Unpack()
    {
        int start = Bytes.Position + HeaderByteCount;
        Bytes.Advance(HeaderByteCount + Header.CompressedPageSize);
        FirstRow = null;
        ReadOnlySpan<byte> packed = Bytes.Array.AsSpan(start, Header.CompressedPageSize);
        if (_checksums != Checksums.Ignored && Header.Crc is int crc && (int)Crc32.Append(0, packed) != crc)
        {
            Mismatches.Add(_checksums == Checksums.Noted
                ? Offset
                : throw new ParquetFormatException("The page does not match its checksum: the file is damaged."));
        }

        // The levels of a V2 page stand uncompressed before its values.
        int levels = Header.Type == PageType.DataPageV2 ? Header.LevelsByteLength : 0;
        if (levels < 0 || levels > packed.Length || levels > Header.UncompressedPageSize)
        {
            throw new ParquetFormatException($"{levels} bytes of levels in a page of {packed.Length}.");
        }

        int size = Header.UncompressedPageSize;
        bool isPlain = _codec == CompressionCodec.Uncompressed || (!Header.IsCompressed && packed.Length == size);
        if (isPlain && packed.Length == size)
        {
            (Body, Start, End) = (Bytes.Array, start, start + size);
            return;
        }

        if (size > levels && !PageCodec.CanHold(_codec, packed[levels..], size - levels))
        {
            throw new ParquetFormatException($"{packed.Length} bytes of {_codec} cannot hold the {size} that the page header says.");
        }

        if (_unpacked.Length < size)
        {
            ReturnUnpacked();
            _unpacked = ArrayPool<byte>.Shared.Rent(size);
        }

        packed[..levels].CopyTo(_unpacked);
        if (size > levels)
        {
            PageCodec.Decompress(_codec, packed[levels..], _unpacked.AsSpan(levels, size - levels));
        }

        (Body, Start, End) = (_unpacked, 0, size);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Bytes.Dispose();
        ReturnUnpacked();
    }

    private bool TryReadHeader(ReadOnlySpan<byte> rest)
    {
        bool isWhole = rest.Length == Bytes.Left;
        if (rest.IsEmpty)
        {
            return false;
        }

        try
        {
            Header = PageHeaderFormat.Read(rest, out int headerBytes);
            HeaderByteCount = headerBytes;
            return true;
        }
        catch (ParquetFormatException) when (!isWhole && rest.Length < HeaderBytesMax)
        {
            return false; // The header may go on behind what is there.
        }
    }

    private void ReturnUnpacked()
    {
        if (_unpacked.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_unpacked);
            _unpacked = [];
        }
    }
}
