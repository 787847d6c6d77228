using System.Buffers;

namespace Lakehouse.Parquet;

/// <summary>
/// The pages of one chunk, one at a time: header read, checksum held against the bytes, body decompressed. After each page it goes on where
/// the header says that the page ends, never where decoding stopped. Owns the chunk's bytes, a pooled array.
/// </summary>
internal sealed class PageReader : IDisposable
{
    private const int PageBytesMax = 1 << 30;
    private readonly CompressionCodec _codec;
    private readonly bool _verifyChecksums;
    private readonly long _fileOffset;
    private readonly int _byteCount;
    private byte[] _chunk;
    private byte[] _unpacked = [];
    private int _position;

    internal PageReader(CompressionCodec codec, bool verifyChecksums, long fileOffset, byte[] chunk, int byteCount) =>
        (_codec, _verifyChecksums, _fileOffset, _chunk, _byteCount) = (codec, verifyChecksums, fileOffset, chunk, byteCount);

    /// <summary>Where in the file the current page begins.</summary>
    internal long Offset { get; private set; }

    /// <summary>The current page's header.</summary>
    internal PageHeader Header { get; private set; }

    /// <summary>The array that holds the current page's body, from <see cref="Start"/> to <see cref="End"/>; valid until the next page.</summary>
    internal byte[] Body { get; private set; } = [];

    /// <summary>Where the body begins.</summary>
    internal int Start { get; private set; }

    /// <summary>Where the body ends.</summary>
    internal int End { get; private set; }

    /// <summary>The next page that holds a dictionary or data; false at the end of the chunk.</summary>
    internal bool Next()
    {
        do
        {
            Offset = _fileOffset + _position;
            ReadOnlySpan<byte> rest = _chunk.AsSpan(_position, _byteCount - _position);
            if (rest.IsEmpty)
            {
                return false;
            }

            Header = PageHeaderFormat.Read(rest, out int headerBytes);
            if (Header.CompressedPageSize < 0 || Header.CompressedPageSize > rest.Length - headerBytes
                || Header.UncompressedPageSize is < 0 or > PageBytesMax || Header.NumValues < 0)
            {
                throw new ParquetFormatException(
                    $"A page of {Header.CompressedPageSize} bytes ({Header.UncompressedPageSize} uncompressed, {Header.NumValues} values) "
                    + $"where {rest.Length - headerBytes} bytes are left.");
            }

            _position += headerBytes + Header.CompressedPageSize;
        }
        while (Header.Type == PageType.IndexPage);

        Unpack(_position - Header.CompressedPageSize);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_chunk);
        _chunk = [];
        ReturnUnpacked();
    }

    private void Unpack(int start)
    {
        ReadOnlySpan<byte> packed = _chunk.AsSpan(start, Header.CompressedPageSize);
        if (_verifyChecksums && Header.Crc is int crc && (int)Crc32.Append(0, packed) != crc)
        {
            throw new ParquetFormatException("The page does not match its checksum: the file is damaged.");
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
            (Body, Start, End) = (_chunk, start, start + size);
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

    private void ReturnUnpacked()
    {
        if (_unpacked.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_unpacked);
            _unpacked = [];
        }
    }
}
