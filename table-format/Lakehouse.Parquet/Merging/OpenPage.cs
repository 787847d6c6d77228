using System.Buffers;

namespace Lakehouse.Parquet;

/// <summary>
/// A page that is being made of others, or of nothing but levels: PLAIN values as bytes, or indexes into the merged dictionary. Not thread
/// safe.
/// </summary>
internal sealed class OpenPage(Leaf target, ParquetWriterOptions options, CompressionCodec codec, int level, IndexPacking indexPacking) : IDisposable
{
    private readonly EntryLevels _levels = new(target.MaxDefinition, target.MaxRepetition);
    private readonly PooledBuffer _plain = new(64 << 10);
    private readonly PooledBuffer _body = new(64 << 10);
    private readonly PooledBuffer _scratch = new(PageHeaderFormat.BytesMax);
    private uint[] _indexes = ArrayPool<uint>.Shared.Rent(1 << 15);
    private int _indexCount;
    private (ReadOnlyMemory<byte> Bytes, int ValueBytes) _frame;
    private (byte[] Min, byte[] Max)? _bounds;
    private bool _boundsAreKnown = true;
    private long _variableByteCount;
    private int _nullCount;

    /// <summary>Whether there is no entry.</summary>
    internal bool IsEmpty => _levels.Count == 0;

    /// <summary>Rows that begin in it.</summary>
    internal int RowCount => _levels.RowCount;

    /// <summary>Whether values are indexes; null as long as there are none.</summary>
    internal bool? IsDictionaryEncoded { get; private set; }

    /// <summary>Whether so many entries, and bytes of PLAIN values, belong into this page still.</summary>
    internal bool Fits(int entries, int bytes) =>
        IsEmpty || (_levels.Count + entries <= options.PageRowCount && _plain.Length + bytes <= options.PageBytes);

    /// <summary>Appends entries without values.</summary>
    internal void AppendLevels(ReadOnlySpan<uint> definitions, ReadOnlySpan<uint> repetitions, int present)
    {
        _levels.Append(definitions, repetitions);
        _nullCount += definitions.Length - present;
    }

    /// <summary>Appends PLAIN values.</summary>
    internal void AppendPlain(ReadOnlySpan<byte> values)
    {
        Invariant.Holds(IsDictionaryEncoded != true && _frame.Bytes.IsEmpty, "a page has values of one encoding");
        IsDictionaryEncoded = false;
        _plain.Append(values);
    }

    /// <summary>Appends PLAIN values that stand in a dictionary.</summary>
    internal void AppendPlain(PlainDictionary dictionary, ReadOnlySpan<uint> indexes)
    {
        Invariant.Holds(IsDictionaryEncoded != true && _frame.Bytes.IsEmpty, "a page has values of one encoding");
        IsDictionaryEncoded = false;
        dictionary.Append(indexes, _plain);
    }

    /// <summary>Appends PLAIN values as the zstd frame that holds them, with nothing before or behind them in this page.</summary>
    internal void AppendFrame(ReadOnlyMemory<byte> frame, int valueBytes)
    {
        Invariant.Holds(IsDictionaryEncoded is null, "a frame is all that a page holds");
        IsDictionaryEncoded = false;
        _frame = (frame, valueBytes);
    }

    /// <summary>Appends indexes into the merged dictionary.</summary>
    internal void AppendIndexes(ReadOnlySpan<uint> indexes)
    {
        Invariant.Holds(IsDictionaryEncoded != false, "a page has values of one encoding");
        IsDictionaryEncoded = true;
        PooledArrays.Grow(ref _indexes, _indexCount, _indexCount + indexes.Length + 8);
        indexes.CopyTo(_indexes.AsSpan(_indexCount));
        _indexCount += indexes.Length;
    }

    /// <summary>Takes in what is known of the values appended: their bounds, null when they are not known; -1 for unknown bytes.</summary>
    internal void AppendFacts(JoinedPages pages, (byte[] Min, byte[] Max)? bounds, long variableByteCount)
    {
        _boundsAreKnown &= bounds is not null;
        _bounds = pages.Widen(_bounds, bounds);
        _variableByteCount = _variableByteCount < 0 || variableByteCount < 0 ? -1 : _variableByteCount + variableByteCount;
    }

    /// <summary>
    /// Ends the page: appends it and what is known of it. Where it holds no value, <paramref name="amongDictionary"/> says what the pages
    /// around it are, which it has to be as well (reader bugs, parquet.md 10).
    /// </summary>
    internal void End(PageBytes made, JoinedPages pages, bool amongDictionary, int entryCount)
    {
        bool isDictionary = IsDictionaryEncoded ?? amongDictionary;
        bool isV2 = options.PagesV2 && _levels.Repetitions[0] == 0;
        pages.SplitsRows |= _levels.Repetitions[0] != 0;
        _body.Clear();
        (int repetitions, int definitions) = _levels.Encode(_body.Reserve(_levels.BytesMax(_levels.Count)), prefixed: !isV2);
        _body.Advance(repetitions + definitions);
        if (isDictionary)
        {
            PageParts.AppendIndexes(_body, _indexes, _indexCount, entryCount);
        }
        else
        {
            _body.Append(_plain.Written);
        }

        var header = new PageHeader
        {
            Type = isV2 ? PageType.DataPageV2 : PageType.DataPage,
            NumValues = _levels.Count,
            NumRows = _levels.RowCount,
            NumNulls = _nullCount,
            Encoding = isDictionary ? ParquetEncoding.RleDictionary : ParquetEncoding.Plain,
            RepetitionLevelsByteLength = repetitions,
            DefinitionLevelsByteLength = definitions,
        };
        long from = made.Length;
        int headerBytes = _frame.Bytes.IsEmpty
            ? PageAssembly.Append(made, header, _body.Written, codec, isDictionary ? indexPacking.Level : level, _scratch)
            : PageAssembly.AppendFrame(made, header, _body.Written, _frame.Bytes.Span, _frame.ValueBytes, _scratch);
        header = header with { UncompressedPageSize = _body.Length + _frame.ValueBytes, CompressedPageSize = (int)(made.Length - from) - headerBytes };
        if (isDictionary)
        {
            indexPacking.Learn(header.UncompressedPageSize, header.CompressedPageSize);
        }

        pages.Add(_levels.RowCount, _nullCount, headerBytes, header, _variableByteCount, _boundsAreKnown ? _bounds : null, _levels);
        _levels.Clear();
        _plain.Clear();
        (_indexCount, _nullCount, _variableByteCount, _bounds, _boundsAreKnown, _frame) = (0, 0, 0, null, true, default);
        IsDictionaryEncoded = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _levels.Dispose();
        _plain.Dispose();
        _body.Dispose();
        _scratch.Dispose();
        ArrayPool<uint>.Shared.Return(_indexes);
        _indexes = [];
    }
}
