using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// A column that begins with a dictionary and gives it up, for the whole chunk, when the data does not repay it:
/// 1. after 1,024, 2,048 ... 65,536 values, when the repetitions so far make the distinct values too many (a birthday estimate);
/// 2. then too, when the differences of integers take far less than the indexes;
/// 3. whenever the dictionary exceeds its limit;
/// 4. when the chunk ends and PLAIN would take about as much.
/// Pages made until then are decoded and written again without it: within a chunk all pages have a dictionary or none has, as merging
/// pages without decoding, and Spark's vectorised reader, need it. A dictionary goes on in the sink's next chunk and next file as long as it
/// is small (<see cref="ColumnState"/>). How values are encoded without one is tried out on the first page that
/// has any. What was found is remembered for the sink's next files.
/// </summary>
internal abstract class DictionaryColumnWriter : ColumnWriter
{
    private const int ProbeValuesMin = 1024;
    private const int ProbeValuesMax = 1 << 16;
    private readonly ColumnState _state;
    private readonly BloomFilter? _filter;
    private readonly PooledBuffer _encoded = new(0);
    private ParquetEncoding? _encoding;
    private uint[] _indexes;
    private UsedEntries _used = new();
    private int _indexCount;
    private int _carriedOverCount;
    private long _nextProbe = ProbeValuesMin;

    protected DictionaryColumnWriter(Field field, ParquetWriterOptions options, ColumnWriterState state, LeafPath? path)
        : base(field, options, path)
    {
        _state = state.Of(path is null ? [field.Name] : path.Names.AsSpan());
        _filter = options.BloomFilters.Contains(path?.Name ?? field.Name) ? new BloomFilter(options.BloomFilterBytesMax / BloomFilter.BlockBytes) : null;
        UsesDictionary = options.Dictionaries && !_state.IsWithoutDictionary;
        _indexes = UsesDictionary ? ArrayPool<uint>.Shared.Rent(options.PageRowCount + 8) : [];
        _encoding = KnownEncoding();
        if (UsesDictionary)
        {
            TakeDictionary();
        }
    }

    /// <summary>Values that one call of <see cref="EncodeIndexes"/> may bring.</summary>
    protected const int BlockCount = 1024;

    internal override long BufferedByteCount => base.BufferedByteCount + (4L * _indexCount) + (UsesDictionary ? DictionaryByteCount : 0);

    protected bool UsesDictionary { get; private set; }

    /// <summary>How values may be encoded without a dictionary; PLAIN first.</summary>
    protected abstract ReadOnlySpan<ParquetEncoding> Candidates { get; }

    /// <summary>Whether values without a dictionary are PLAIN for sure, as nothing else may be chosen or nothing else was.</summary>
    protected bool KeepsToPlain => _encoding == ParquetEncoding.Plain || Candidates.Length == 1;

    /// <summary>Whether the values of the page being built stand in the body as PLAIN has them.</summary>
    protected abstract bool BodyIsPlain { get; }

    /// <summary>The dictionary, or null when there is none.</summary>
    protected abstract EpochDictionary? Dictionary { get; }

    protected abstract long DictionaryByteCount { get; }

    protected int DistinctCount => Dictionary?.Count ?? 0;

    /// <summary>Values of the chunk that went through the dictionary.</summary>
    protected long EncodedValueCount { get; private set; }

    /// <summary>What those values would take as PLAIN.</summary>
    protected abstract long PlainByteCount { get; }

    /// <summary>Rows that may be appended from the dictionary in one go without a page growing far beyond its limit.</summary>
    protected abstract int ReplayRowCountMax { get; }

    protected override int DictionaryEntryCount => UsesDictionary ? DistinctCount : 0;

    /// <summary>Room for the indexes of values to come, at most <see cref="BlockCount"/> or what the page still holds.</summary>
    protected Span<uint> EncodeIndexes(int count)
    {
        Span<uint> room = _indexes.AsSpan(_indexCount, count);
        _indexCount += count;
        EncodedValueCount += count;
        return room;
    }

    protected override int LimitRows(ColumnVector vector, int from, int count) => UsesDictionary ? Math.Min(count, BlockCount) : count;

    protected override void AfterAppend()
    {
        if (!UsesDictionary)
        {
            return;
        }

        bool tooMany = DictionaryByteCount > Options.DictionaryBytesMax;
        if (!tooMany && EncodedValueCount >= _nextProbe && _nextProbe <= ProbeValuesMax)
        {
            _nextProbe *= 2;
            tooMany = ExpectedDictionaryBytes() > Options.DictionaryBytesMax / 4
                || IsDenserWithoutDictionary(_indexes.AsSpan(0, _indexCount));
        }

        if (tooMany)
        {
            GiveUp(remember: true);
        }
    }

    protected override void BeforeFinish()
    {
        if (UsesDictionary && DistinctCount == 0)
        {
            // < Nulls only: a page of indexes whose dictionary page is missing is refused by most readers.
            GiveUp(remember: false);
            return;
        }

        int indexBits = BitPacking.Width((uint)Math.Max(1, DistinctCount) - 1);
        if (UsesDictionary && DistinctCount > 1 && DictionaryByteCount + (EncodedValueCount * indexBits / 8) > PlainByteCount * 0.9)
        {
            // < What other files left in the dictionary says nothing about the column.
            GiveUp(remember: EncodedValueCount >= ProbeValuesMin && _carriedOverCount == 0);
        }

        if (UsesDictionary)
        {
            Dictionary!.ChunkEnds(_used.CountOf(DistinctCount)); // < Not null: it is in use.
        }
    }

    protected override void BeginChunk()
    {
        EncodedValueCount = 0;
        _nextProbe = ProbeValuesMin;
        _indexCount = 0;
        _encoding = KnownEncoding();
        Dictionary?.Dispose();
        UsesDictionary = Options.Dictionaries && !_state.IsWithoutDictionary;
        if (UsesDictionary)
        {
            TakeDictionary();
        }
        else
        {
            UseDictionary(null);
        }
    }

    protected override PooledBuffer FinishValues(out ParquetEncoding encoding)
    {
        if (!UsesDictionary)
        {
            InsertPage();
            encoding = PageRowCount == PageNullCount ? ParquetEncoding.Plain : _encoding ??= Choose();
            return Encoded(encoding);
        }

        encoding = ParquetEncoding.RleDictionary;

        if (_carriedOverCount > 0 && DictionaryByteCount > Options.DictionaryEpochBytes)
        {
            _used.Mark(_indexes.AsSpan(0, _indexCount));
        }

        // < A page of nulls only still has its byte of width (Parquet readers of Rust and C++ insist).
        int width = BitPacking.Width((uint)Math.Max(1, DistinctCount) - 1);
        Span<byte> room = Body.Reserve(1 + RleHybrid.BytesMax(_indexCount, width));
        room[0] = (byte)width;
        Body.Advance(1 + RleHybrid.Encode(_indexes, _indexCount, width, room[1..]));
        _indexCount = 0;
        return Body;
    }

    protected override byte[] FinishFilter()
    {
        if (_filter is null)
        {
            return [];
        }

        if (UsesDictionary)
        {
            InsertDictionary(_filter);
        }

        byte[] folded = BloomFolding.Folded(_filter);
        _filter.Clear();
        return folded;
    }

    /// <summary>Takes the distinct values into a bloom filter.</summary>
    protected abstract void InsertDictionary(BloomFilter filter);

    /// <summary>Takes the values of the page being built, which stand without dictionary, into a bloom filter.</summary>
    protected abstract void InsertValues(BloomFilter filter);

    /// <summary>Appends the values of the page being built in one of the candidates.</summary>
    protected abstract void EncodeValues(ParquetEncoding encoding, PooledBuffer target);

    /// <summary>Whether values are much smaller in another encoding than their indexes are.</summary>
    protected virtual bool IsDenserWithoutDictionary(Span<uint> indexes) => false;

    /// <summary>Appends dictionary entries as PLAIN values.</summary>
    protected abstract void AppendPlain(ReadOnlySpan<uint> indexes);

    /// <summary>Uses another dictionary, or none.</summary>
    protected abstract void UseDictionary(ColumnState? from);

    /// <summary>Forgets the bounds of the page being built.</summary>
    protected abstract void ForgetBounds();

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _encoded.Dispose();
        Dictionary?.Dispose();
        UseDictionary(null);
        uint[] indexes = _indexes;
        _indexes = [];
        if (indexes.Length > 0)
        {
            ArrayPool<uint>.Shared.Return(indexes);
        }

        _used.Release();
    }

    private void InsertPage()
    {
        if (_filter is not null)
        {
            InsertValues(_filter);
        }
    }

    private ParquetEncoding? KnownEncoding() => _state.Encoding is { } known && Candidates.Contains(known) ? known : null;

    private ParquetEncoding Choose()
    {
        int values = PageRowCount - PageNullCount;
        ParquetEncoding chosen = EncodingTrial.Cheapest(Candidates, values, encoding => Encoded(encoding).Written[LevelRoom..], Options);
        if (values >= ProbeValuesMin)
        {
            _state.Encoding = chosen;
        }

        return chosen;
    }

    private PooledBuffer Encoded(ParquetEncoding encoding)
    {
        if (encoding == ParquetEncoding.Plain && BodyIsPlain)
        {
            return Body;
        }

        _encoded.Clear();
        _encoded.Reserve(LevelRoom);
        _encoded.Advance(LevelRoom);
        EncodeValues(encoding, _encoded);
        return _encoded;
    }

    // < n draws from N equally likely values repeat about n * n / 2N times.
    private double ExpectedDictionaryBytes()
    {
        double drawn = EncodedValueCount;
        double found = DistinctCount - _carriedOverCount;
        double repeated = drawn - found;
        double expected = found < 0.6 * drawn ? found : drawn * drawn / (2 * Math.Max(repeated, 0.25));
        return (_carriedOverCount + expected) * DictionaryByteCount / Math.Max(1, DistinctCount);
    }

    private void GiveUp(bool remember)
    {
        if (remember)
        {
            _state.GiveUpDictionary();
        }

        TakenPages taken = TakeBack();
        UsesDictionary = false;
        ForgetBounds();
        int largest = taken.Index.Length == 0 ? 0 : taken.Index.Max(static p => p.ValueCount);
        uint[] scratch = ArrayPool<uint>.Shared.Rent(Math.Max(largest, Options.PageRowCount) + 8);
        byte[] bits = ArrayPool<byte>.Shared.Rent((Math.Max(largest, Options.PageRowCount) / 8) + 2);
        using EntryLevels? levels = taken.Levels is null ? null : Levels!.OfSameLeaf();
        foreach (EncodedPage page in taken.Index)
        {
            bool isNull = levels is null && page.NullCount == page.ValueCount;
            ReadOnlySpan<uint> indexes = isNull
                ? default
                : Decode(taken.Pages.Page(page), page, scratch, bits, levels);
            Replay(levels, bits, page.ValueCount, page.NullCount, indexes);
        }

        Replay(taken.Levels, taken.Validity, taken.OpenCount, taken.OpenNullCount, _indexes.AsSpan(0, _indexCount));
        _indexCount = 0;
        taken.Pages.Dispose();
        taken.Levels?.Dispose();
        ArrayPool<uint>.Shared.Return(scratch);
        ArrayPool<byte>.Shared.Return(bits);
        ArrayPool<byte>.Shared.Return(taken.Validity);
        Dictionary?.Dispose();
        UseDictionary(null);
    }

    private void TakeDictionary()
    {
        UseDictionary(_state);
        _carriedOverCount = DistinctCount;
        _used.Begin(_carriedOverCount);
    }

    private void Replay(EntryLevels? levels, ReadOnlySpan<byte> validity, int count, int nullCount, ReadOnlySpan<uint> indexes)
    {
        if (levels is not null)
        {
            ReplayEntries(levels, indexes);
            return;
        }

        for (int from = 0; from < count;)
        {
            int rows = Math.Min(Math.Min(count - from, Options.PageRowCount - PageRowCount), ReplayRowCountMax);
            int nulls = nullCount == 0 ? 0 : nullCount == count ? rows : rows - BitRun.CountOnes(validity, from, rows);
            AppendLevels(validity, from, rows, nulls);
            AppendPlain(indexes[..(rows - nulls)]);
            indexes = indexes[(rows - nulls)..];
            EndPageIfFull();
            from += rows;
        }
    }

    private void ReplayEntries(EntryLevels levels, ReadOnlySpan<uint> indexes)
    {
        for (int from = 0; from < levels.Count;)
        {
            int count = Math.Min(Math.Min(levels.Count - from, Options.PageRowCount - PageRowCount), ReplayRowCountMax);
            count = ToRowEnd(levels.Repetitions[from..], count);
            ReadOnlySpan<uint> definitions = levels.Definitions.Slice(from, count);
            int present = definitions.Count((uint)levels.MaxDefinition);
            AppendLevels(definitions, levels.Repetitions.Slice(from, count), count - present);
            AppendPlain(indexes[..present]);
            indexes = indexes[present..];
            EndPageIfFull();
            from += count;
        }
    }

    private ReadOnlySpan<uint> Decode(ReadOnlySpan<byte> bytes, in EncodedPage page, uint[] scratch, byte[] bits, EntryLevels? levels)
    {
        PageHeader header = PageHeaderFormat.Read(bytes, out int headerBytes);
        using var body = new PooledBuffer(Math.Max(1, header.UncompressedPageSize));
        PageAssembly.Unpack(Options.Codec, header, bytes[headerBytes..], body);
        ReadOnlySpan<byte> values = body.Written;
        if (levels is not null)
        {
            values = values[levels.Decode(values, page.ValueCount, header)..];
        }
        else if (!Field.Required)
        {
            int start = header.Type == PageType.DataPageV2 ? 0 : 4;
            int levelBytes = start == 0 ? header.DefinitionLevelsByteLength : BinaryPrimitives.ReadInt32LittleEndian(values);
            if (page.NullCount > 0)
            {
                RleHybrid.Decode(values.Slice(start, levelBytes), 1, scratch.AsSpan(0, page.ValueCount));
                bits.AsSpan().Clear();
                for (int i = 0; i < page.ValueCount; i++)
                {
                    bits[i >> 3] |= (byte)(scratch[i] << (i & 7));
                }
            }

            values = values[(start + levelBytes)..];
        }

        Span<uint> indexes = scratch.AsSpan(0, page.ValueCount - page.NullCount);
        RleHybrid.Decode(values[1..], values[0], indexes);
        return indexes;
    }
}
