using System.Buffers;
using System.Buffers.Binary;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// Reads one chunk page by page. Owns the chunk's bytes, a pooled array. After each page it goes on where the header says that the page
/// ends, never where decoding stopped.
/// </summary>
internal sealed class ColumnChunkReader : IDisposable
{
    private const int PageBytesMax = 1 << 30;
    private readonly Field _field;
    private readonly int _storedBytes;
    private readonly ColumnMetaData _chunk;
    private readonly ValueTable _dictionary = new();
    private readonly ValueTable _values = new();
    private readonly long _fileOffset;
    private readonly int _byteCount;
    private byte[] _bytes;
    private uint[] _levels = [];
    private uint[] _indexes = [];
    private int _position;
    private bool _hasDictionary;
    private bool _usesIndexes;
    private long _rowsSeen;
    private int _pageRows;
    private int _row;
    private int _value;

    internal ColumnChunkReader(Field field, int storedBytes, ColumnMetaData chunk, long fileOffset, byte[] bytes, int byteCount) =>
        (_field, _storedBytes, _chunk, _fileOffset, _bytes, _byteCount) = (field, storedBytes, chunk, fileOffset, bytes, byteCount);

    /// <summary>Where in the file the page being read begins.</summary>
    internal long PageOffset { get; private set; }

    /// <summary>Appends the next rows to the builder.</summary>
    internal void Read(ColumnBuilder builder, int rows)
    {
        while (rows > 0)
        {
            while (_row == _pageRows)
            {
                NextPage();
            }

            int count = Math.Min(rows, _pageRows - _row);
            switch (_field.Type.Kind)
            {
                case TypeKind.Boolean:
                    AppendBooleans(builder, count);
                    break;
                case TypeKind.String or TypeKind.Binary:
                    AppendByteArrays(builder, count);
                    break;
                case TypeKind.Decimal:
                    AppendFixed<Int128>(builder, count);
                    break;
                case TypeKind.Int or TypeKind.Date or TypeKind.Float:
                    AppendFixed<int>(builder, count);
                    break;
                default:
                    AppendFixed<long>(builder, count);
                    break;
            }

            _row += count;
            rows -= count;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _dictionary.Dispose();
        _values.Dispose();
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Resize(ref _levels, 0);
        Resize(ref _indexes, 0);
    }

    private void AppendFixed<T>(ColumnBuilder builder, int count)
        where T : unmanaged
    {
        ReadOnlySpan<T> values = _usesIndexes ? _dictionary.Values<T>() : _values.Values<T>();
        for (int i = _row; i < _row + count; i++)
        {
            if (_levels[i] == 0)
            {
                builder.AppendNull();
            }
            else
            {
                builder.Append(values[NextIndex()]);
            }
        }
    }

    private void AppendByteArrays(ColumnBuilder builder, int count)
    {
        ValueTable table = _usesIndexes ? _dictionary : _values;
        ReadOnlySpan<byte> bytes = table.Bytes;
        ReadOnlySpan<int> offsets = table.Offsets;
        for (int i = _row; i < _row + count; i++)
        {
            if (_levels[i] == 0)
            {
                builder.AppendNull();
            }
            else
            {
                int index = 2 * NextIndex();
                builder.Append(bytes[offsets[index]..offsets[index + 1]]);
            }
        }
    }

    private void AppendBooleans(ColumnBuilder builder, int count)
    {
        ReadOnlySpan<byte> values = _values.Bytes;
        for (int i = _row; i < _row + count; i++)
        {
            if (_levels[i] == 0)
            {
                builder.AppendNull();
            }
            else
            {
                builder.Append(values[NextIndex()] != 0);
            }
        }
    }

    private int NextIndex()
    {
        int next = _value++;
        return _usesIndexes ? (int)_indexes[next] : next;
    }

    private void NextPage()
    {
        PageOffset = _fileOffset + _position;
        ReadOnlySpan<byte> rest = _bytes.AsSpan(_position, _byteCount - _position);
        if (rest.IsEmpty)
        {
            throw new ParquetFormatException($"The chunk ends after {_rowsSeen} of {_chunk.NumValues} values.");
        }

        PageHeader header = PageHeaderFormat.Read(rest, out int headerBytes);
        rest = rest[headerBytes..];
        if (header.CompressedPageSize < 0 || header.CompressedPageSize > rest.Length
            || header.UncompressedPageSize is < 0 or > PageBytesMax || header.NumValues < 0)
        {
            throw new ParquetFormatException(
                $"A page of {header.CompressedPageSize} bytes ({header.UncompressedPageSize} uncompressed, {header.NumValues} values) "
                + $"where {rest.Length} bytes are left.");
        }

        ReadOnlySpan<byte> packed = rest[..header.CompressedPageSize];
        _position += headerBytes + header.CompressedPageSize;
        if (header.Crc is int crc && (int)Crc32.Append(0, packed) != crc)
        {
            throw new ParquetFormatException("The page does not match its checksum: the file is damaged.");
        }

        if (header.Type == PageType.IndexPage)
        {
            return;
        }

        byte[] body = ArrayPool<byte>.Shared.Rent(Math.Max(1, header.UncompressedPageSize));
        try
        {
            Span<byte> values = body.AsSpan(0, header.UncompressedPageSize);
            Unpack(packed, values);
            Load(header, values);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    private void Unpack(ReadOnlySpan<byte> packed, Span<byte> body)
    {
        switch (_chunk.Codec)
        {
            case CompressionCodec.Uncompressed when packed.Length == body.Length:
                packed.CopyTo(body);
                break;
            case CompressionCodec.Uncompressed:
                throw new ParquetFormatException($"An uncompressed page of {packed.Length} bytes says that it has {body.Length}.");
            case CompressionCodec.Zstd:
                Zstd.Decompress(packed, body);
                break;
            default:
                throw new ParquetFormatException($"Codec {_chunk.Codec} is not read here; zstd and none are.");
        }
    }

    private void Load(in PageHeader header, ReadOnlySpan<byte> body)
    {
        switch (header.Type)
        {
            case PageType.DictionaryPage:
                if (_hasDictionary || _rowsSeen > 0 || header.Encoding is not (ParquetEncoding.Plain or ParquetEncoding.PlainDictionary))
                {
                    throw new ParquetFormatException("A second or late dictionary page, or one that is not PLAIN.");
                }

                _dictionary.Load(_field.Type, _storedBytes, body, header.NumValues);
                _hasDictionary = true;
                break;
            case PageType.DataPage:
                LoadData(header, body);
                break;
            default:
                throw new ParquetFormatException($"Pages of type {header.Type} are not read here.");
        }
    }

    private void LoadData(in PageHeader header, ReadOnlySpan<byte> body)
    {
        int count = header.NumValues;
        if (count > _chunk.NumValues - _rowsSeen)
        {
            throw new ParquetFormatException($"{_rowsSeen + count} values in a chunk of {_chunk.NumValues}.");
        }

        Resize(ref _levels, count);
        Span<uint> levels = _levels.AsSpan(0, count);
        if (_field.Required)
        {
            levels.Fill(1);
        }
        else
        {
            if (header.DefinitionLevelEncoding != ParquetEncoding.Rle)
            {
                throw new ParquetFormatException($"Levels of encoding {header.DefinitionLevelEncoding} are not read here.");
            }

            RleHybrid.Decode(TakePrefixed(ref body), 1, levels);
        }

        int present = count - levels.Count(0u);
        _usesIndexes = header.Encoding is ParquetEncoding.RleDictionary or ParquetEncoding.PlainDictionary;
        switch (header.Encoding)
        {
            case ParquetEncoding.Plain:
                _values.Load(_field.Type, _storedBytes, body, present);
                break;
            case ParquetEncoding.RleDictionary or ParquetEncoding.PlainDictionary when _hasDictionary && _field.Type != TypeKind.Boolean:
                LoadIndexes(body, present);
                break;
            case ParquetEncoding.Rle when _field.Type == TypeKind.Boolean:
                Resize(ref _indexes, present);
                RleHybrid.Decode(TakePrefixed(ref body), 1, _indexes.AsSpan(0, present));
                _values.LoadBooleans(_indexes.AsSpan(0, present));
                break;
            default:
                throw new ParquetFormatException(
                    $"Encoding {header.Encoding} of {_field.Type} is not read here, or its dictionary is missing.");
        }

        _rowsSeen += count;
        (_pageRows, _row, _value) = (count, 0, 0);
    }

    private void LoadIndexes(ReadOnlySpan<byte> body, int present)
    {
        if (body.IsEmpty)
        {
            throw new ParquetFormatException("A page of dictionary indexes without their width.");
        }

        Resize(ref _indexes, present);
        Span<uint> indexes = _indexes.AsSpan(0, present);
        RleHybrid.Decode(body[1..], body[0], indexes);
        uint count = (uint)_dictionary.Count;
        foreach (uint index in indexes)
        {
            if (index >= count)
            {
                throw new ParquetFormatException($"Index {index} into a dictionary of {count} entries.");
            }
        }
    }

    private static ReadOnlySpan<byte> TakePrefixed(ref ReadOnlySpan<byte> body)
    {
        int length = body.Length >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(body) : -1;
        if (length < 0 || length > body.Length - 4)
        {
            throw new ParquetFormatException($"Run lengths of {length} bytes in a page of {body.Length}.");
        }

        ReadOnlySpan<byte> taken = body.Slice(4, length);
        body = body[(4 + length)..];
        return taken;
    }

    private static void Resize(ref uint[] array, int count)
    {
        if (count > 0 && array.Length >= count)
        {
            return;
        }

        uint[] old = array;
        array = count > 0 ? ArrayPool<uint>.Shared.Rent(count) : [];
        if (old.Length > 0)
        {
            ArrayPool<uint>.Shared.Return(old);
        }
    }
}
