using System.Buffers;
using System.Buffers.Binary;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>String and binary columns.</summary>
internal sealed class ByteArrayColumnWriter : DictionaryColumnWriter
{
    private readonly EntryBounds _entryBounds = new();
    private ByteArrayDictionary? _dictionary;
    private int[] _dense;

    // Where another encoding than PLAIN may be chosen the bytes of the values lie in the body side by side, and these are their lengths.
    private int[] _lengths = [];
    private int _lengthCount;
    private long _plainByteCount;
    private ValueAt _minimum;
    private ValueAt _maximum;

    internal ByteArrayColumnWriter(Field field, ParquetWriterOptions options, ColumnWriterState state, LeafPath? path = null)
        : base(field, options, state, path)
    {
        _dense = ArrayPool<int>.Shared.Rent((2 * options.PageRowCount) + 1);
        if (Candidates.Length > 1)
        {
            _lengths = ArrayPool<int>.Shared.Rent(options.PageRowCount + 1);
        }
    }

    // < Polars fails on required leaves below optional structs in these encodings, whoever wrote them: nested leaves keep to PLAIN.
    protected override ReadOnlySpan<ParquetEncoding> Candidates => (Options.Encodings & FurtherEncodings.Delta) != 0 && Levels is null
        ? [ParquetEncoding.Plain, ParquetEncoding.DeltaLengthByteArray, ParquetEncoding.DeltaByteArray]
        : [ParquetEncoding.Plain];

    protected override bool BodyIsPlain => _lengthCount == 0 && KeepsToPlain;

    protected override long PendingByteCount => base.PendingByteCount + (4L * _lengthCount);

    protected override EpochDictionary? Dictionary => _dictionary;

    protected override long DictionaryByteCount => _dictionary?.ByteCount ?? 0;

    private ByteArrayDictionary Entries => _dictionary ?? throw new InvariantViolatedException("a column that uses a dictionary has one");

    protected override long PlainByteCount => _plainByteCount;

    protected override int ReplayRowCountMax => Math.Max(1, Options.PageBytes / (4 + Entries.LongestEntry));

    /// <summary>At most so many rows that their bytes fill the page; a dictionary then does not overshoot its limit far.</summary>
    protected override int LimitRows(ColumnVector vector, int from, int count)
    {
        count = base.LimitRows(vector, from, count);
        ReadOnlySpan<int> offsets = vector.Offsets;
        long room = UsesDictionary ? Options.PageBytes : Options.PageBytes - PendingByteCount;
        if (PlainBytes(offsets, from, count) <= room)
        {
            return count;
        }

        // The smallest number of rows that fills the room.
        int low = 1;
        int high = count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = PlainBytes(offsets, from, middle) >= room ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    protected override void AppendValues(ColumnVector vector, int from, int count, int nulls)
    {
        ReadOnlySpan<int> offsets = vector.Offsets.Slice(from, count + 1);
        if (nulls > 0)
        {
            // < A null's value is empty, so a value ends where the next one that is not null begins.
            int dense = BitRun.Squeeze(vector.Offsets, vector.Validity, from, count, _dense.AsSpan());
            _dense[dense] = offsets[count];
            offsets = _dense.AsSpan(0, dense + 1);
        }

        PageVariableByteCount += offsets[^1] - offsets[0];
        if (UsesDictionary)
        {
            _plainByteCount += PlainBytes(offsets, 0, offsets.Length - 1);
            Entries.Encode(vector.Bytes, offsets, EncodeIndexes(offsets.Length - 1), _entryBounds);
        }
        else
        {
            AppendBytes(vector.Bytes, offsets);
        }
    }

    protected override void EncodeValues(ParquetEncoding encoding, PooledBuffer target)
    {
        ReadOnlySpan<byte> bytes = Body.Written[LevelRoom..];
        ReadOnlySpan<int> lengths = _lengths.AsSpan(0, _lengthCount);
        switch (encoding)
        {
            case ParquetEncoding.DeltaLengthByteArray:
                DeltaLengthByteArrays.Encode(bytes, lengths, target);
                break;
            case ParquetEncoding.DeltaByteArray:
                DeltaByteArrays.Encode(bytes, lengths, _dense, target);
                break;
            default:
                Invariant.Holds(encoding == ParquetEncoding.Plain, "one of the candidates was chosen");
                int from = 0;
                int offset = 0;
                for (; from < lengths.Length; from += BlockCount)
                {
                    offset = EncodePlain(bytes, offset, lengths.Slice(from, Math.Min(BlockCount, lengths.Length - from)), target);
                }

                break;
        }
    }

    protected override void InsertDictionary(BloomFilter filter)
    {
        for (int i = 0; i < Entries.Count; i++)
        {
            filter.Insert(BloomFilter.Hash(Entries[i]));
        }
    }

    protected override void InsertValues(BloomFilter filter)
    {
        ReadOnlySpan<byte> bytes = Body.Written[LevelRoom..];
        while (BodyIsPlain && !bytes.IsEmpty)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            filter.Insert(BloomFilter.Hash(bytes.Slice(4, length)));
            bytes = bytes[(4 + length)..];
        }

        foreach (int length in _lengths.AsSpan(0, _lengthCount))
        {
            filter.Insert(BloomFilter.Hash(bytes[..length]));
            bytes = bytes[length..];
        }
    }

    protected override void AppendPlain(ReadOnlySpan<uint> indexes)
    {
        ByteArrayDictionary entries = Entries;
        Span<byte> lengthBytes = stackalloc byte[4];
        foreach (uint index in indexes)
        {
            ReadOnlySpan<byte> value = entries[(int)index];
            if (BodyIsPlain)
            {
                BinaryPrimitives.WriteInt32LittleEndian(lengthBytes, value.Length);
                Body.Append(lengthBytes);
            }
            else
            {
                _lengths[_lengthCount++] = value.Length;
            }

            int at = Body.Length;
            Body.Append(value);
            PageVariableByteCount += value.Length;
            Include(ByteArrayDictionary.LoadPrefix(value, 0, value.Length), at, value.Length);
        }
    }

    protected override void UseDictionary(ColumnState? from)
    {
        _dictionary = from?.TakeDictionary<ByteArrayDictionary>(Options.DictionaryEpochBytes);
        _plainByteCount = 0;
    }

    protected override void ForgetBounds() => _minimum = _maximum = default;

    protected override void FinishBounds(ref EncodedPage page)
    {
        if (UsesDictionary && _entryBounds.Any)
        {
            SetShortBounds(ref page, Entries[_entryBounds.Minimum], Entries[_entryBounds.Maximum]);
        }
        else if (_minimum.Offset > 0)
        {
            SetShortBounds(
                ref page,
                Body.Written.Slice(_minimum.Offset, _minimum.Length),
                Body.Written.Slice(_maximum.Offset, _maximum.Length));
        }

        _entryBounds.BeginPage();
        _lengthCount = 0;
        ForgetBounds();
    }

    protected override ReadOnlySpan<byte> DictionaryBody() => Entries.Slab.Written;

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _entryBounds.Dispose();
        if (_dense.Length > 0)
        {
            ArrayPool<int>.Shared.Return(_dense);
            _dense = [];
        }

        if (_lengths.Length > 0)
        {
            ArrayPool<int>.Shared.Return(_lengths);
            _lengths = [];
        }
    }

    private static int EncodePlain(ReadOnlySpan<byte> bytes, int offset, ReadOnlySpan<int> lengths, PooledBuffer target)
    {
        Span<int> offsets = stackalloc int[BlockCount + 1];
        for (int i = 0; i < lengths.Length; i++)
        {
            offsets[i] = offset;
            offset += lengths[i];
        }

        offsets[lengths.Length] = offset;
        PlainByteArrays.Encode(bytes, offsets[..(lengths.Length + 1)], target);
        return offset;
    }

    private static long PlainBytes(ReadOnlySpan<int> offsets, int from, int count) => offsets[from + count] - offsets[from] + (4L * count);

    private void AppendBytes(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets)
    {
        int count = offsets.Length - 1;
        int at = Body.Length;
        int perValue = 0;
        if (BodyIsPlain)
        {
            PlainByteArrays.Encode(bytes, offsets, Body);
            perValue = 4;
        }
        else
        {
            Body.Append(bytes[offsets[0]..offsets[count]]);
            Span<int> lengths = _lengths.AsSpan(_lengthCount, count);
            _lengthCount += count;
            for (int i = 0; i < count; i++)
            {
                lengths[i] = offsets[i + 1] - offsets[i];
            }
        }

        (ulong minimum, ulong maximum) = (_minimum.Key, _maximum.Key);
        bool isFirst = _minimum.Offset == 0;
        for (int i = 0; i < count; i++)
        {
            int length = offsets[i + 1] - offsets[i];
            ulong prefix = ByteArrayDictionary.LoadPrefix(bytes, offsets[i], length);
            ulong key = BinaryPrimitives.ReverseEndianness(prefix);
            at += perValue;
            if ((key <= minimum) | (key >= maximum) | isFirst)
            {
                Include(prefix, at, length);
                (minimum, maximum, isFirst) = (_minimum.Key, _maximum.Key, false);
            }

            at += length;
        }
    }

    /// <summary>Widens the page's bounds by a value in the body.</summary>
    private void Include(ulong prefix, int offset, int length)
    {
        ulong key = BinaryPrimitives.ReverseEndianness(prefix);
        if (_minimum.Offset == 0)
        {
            _minimum = _maximum = new ValueAt(key, offset, length);
        }
        else if (key == _minimum.Key && key == _maximum.Key && IsBetween(offset, length))
        {
            return;
        }
        else if (key > _maximum.Key || (key == _maximum.Key && Compare(offset, length, _maximum) > 0))
        {
            _maximum = new ValueAt(key, offset, length); // < First, as keys and sequence numbers ascend and share their first bytes.
        }
        else if (key < _minimum.Key || (key == _minimum.Key && Compare(offset, length, _minimum) < 0))
        {
            _minimum = new ValueAt(key, offset, length);
        }
    }

    private int Compare(int offset, int length, ValueAt other) =>
        Body.Written.Slice(offset, length).SequenceCompareTo(Body.Written.Slice(other.Offset, other.Length));

    /// <summary>
    /// Whether a value that shares its first bytes with both bounds, as addresses do, lies between them for sure: most do, which the first word
    /// tells that is not the same in all three.
    /// </summary>
    private bool IsBetween(int offset, int length)
    {
        ReadOnlySpan<byte> body = Body.Written;
        int end = Math.Min(length, Math.Min(_minimum.Length, _maximum.Length)) - sizeof(ulong);
        for (int at = sizeof(ulong); at <= end; at += sizeof(ulong))
        {
            ulong word = BinaryPrimitives.ReadUInt64BigEndian(body[(offset + at)..]);
            ulong low = BinaryPrimitives.ReadUInt64BigEndian(body[(_minimum.Offset + at)..]);
            ulong high = BinaryPrimitives.ReadUInt64BigEndian(body[(_maximum.Offset + at)..]);
            if (word != low || word != high)
            {
                return word > low && word < high;
            }
        }

        return false;
    }

    private void SetShortBounds(ref EncodedPage page, ReadOnlySpan<byte> minimum, ReadOnlySpan<byte> maximum)
    {
        Span<byte> shortened = stackalloc byte[BoundTruncation.BytesMax];
        bool isText = Field.Type.Kind == TypeKind.String;
        ReadOnlySpan<byte> low = minimum[..BoundTruncation.LowerLength(minimum, isText)];
        bool isShorter = BoundTruncation.TryShortenUpper(maximum, isText, shortened, out int length);
        SetBounds(ref page, low, low.Length == minimum.Length, isShorter ? shortened[..length] : maximum, !isShorter);
    }

    private readonly record struct ValueAt(ulong Key, int Offset, int Length);
}
