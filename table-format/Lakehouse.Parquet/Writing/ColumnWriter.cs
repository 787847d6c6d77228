using System.Buffers;
using System.Buffers.Binary;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// Turns one column into pages. A page body is built from <see cref="LevelRoom"/> on, so that the definition levels, whose size is known
/// only when the page ends, go right in front of the values:
/// <code>
/// V1 body := [ u32 length | definition levels ] values        levels only where the column may hold nulls
/// V2 body := definition levels values
/// </code>
/// Levels of a flat column are the validity bits themselves: a packed group of width 1, or one run when all values are there or none. A leaf
/// in structs, lists or maps brings its levels (<see cref="EntryLevels"/>); its vector has a slot for every entry. Its pages end where rows
/// end, unless one row alone is more than a page; V2 does not allow that, so from there on the chunk's pages are V1.
/// </summary>
internal abstract class ColumnWriter : IDisposable
{
    private readonly PooledBuffer _header = new(PageHeaderFormat.BytesMax);
    private EncodedPage[] _pageIndex = ArrayPool<EncodedPage>.Shared.Rent(64);
    private int _pageCount;
    private PageBytes _pages = new();
    private PooledBuffer _bounds = new(1024);
    private readonly LeafPath? _path;
    private byte[] _validity;
    private readonly List<long> _histograms = [];
    private long _uncompressedByteCount;
    private bool _splitsRows;

    protected ColumnWriter(Field field, ParquetWriterOptions options, LeafPath? path)
    {
        Field = field;
        Options = options;
        _path = path;
        Levels = path is null ? null : new EntryLevels(path.MaxDefinition, path.MaxRepetition);
        LevelRoom = Levels?.BytesMax(options.PageRowCount) ?? 16 + (options.PageRowCount / 8);
        _validity = ArrayPool<byte>.Shared.Rent((options.PageRowCount / 8) + 2);
        ResetBody();
    }

    internal Field Field { get; }

    /// <summary>Bytes of finished pages and of the page being built.</summary>
    internal virtual long BufferedByteCount => _pages.Length + Body.Length;

    protected ParquetWriterOptions Options { get; }

    protected int LevelRoom { get; }

    /// <summary>The page being built; values stand from <see cref="LevelRoom"/> on.</summary>
    protected PooledBuffer Body { get; } = new(64 * 1024);

    /// <summary>Entries of the page being built.</summary>
    protected int PageRowCount { get; private set; }

    protected int PageNullCount { get; private set; }

    /// <summary>Bytes of the strings or binary values of the page being built.</summary>
    protected long PageVariableByteCount { get; set; }

    /// <summary>The levels of the page being built; null for a flat column.</summary>
    protected EntryLevels? Levels { get; private set; }

    /// <summary>About what the values of the page being built take.</summary>
    protected virtual long PendingByteCount => Body.Length - LevelRoom;

    protected ReadOnlySpan<EncodedPage> PageIndex => _pageIndex.AsSpan(0, _pageCount);

    internal void Write(ColumnVector vector, int from, int count)
    {
        while (count > 0)
        {
            int rows = LimitRows(vector, from, Math.Min(count, Options.PageRowCount - PageRowCount));
            int nulls = vector.NullCount == 0 ? 0 : rows - BitRun.CountOnes(vector.Validity, from, rows);
            AppendLevels(vector.Validity, from, rows, nulls);
            if (nulls < rows)
            {
                AppendValues(vector, from, rows, nulls);
            }

            EndPageIfFull();
            AfterAppend();
            from += rows;
            count -= rows;
        }
    }

    /// <summary>Appends entries of a leaf below a nested column: whole rows.</summary>
    internal void Write(ColumnVector vector, ReadOnlySpan<uint> definitions, ReadOnlySpan<uint> repetitions)
    {
        for (int from = 0; from < vector.Length;)
        {
            int count = LimitRows(vector, from, Math.Min(vector.Length - from, Options.PageRowCount - PageRowCount));
            count = ToRowEnd(repetitions[from..], count);
            if (count == 0)
            {
                continue; // The page was ended to make room for the next row.
            }

            int nulls = vector.NullCount == 0 ? 0 : count - BitRun.CountOnes(vector.Validity, from, count);
            AppendLevels(definitions.Slice(from, count), repetitions.Slice(from, count), nulls);
            AppendValues(vector, from, count, nulls);
            EndPageIfFull();
            AfterAppend();
            from += count;
        }
    }

    /// <summary>Ends the chunk; the writer starts the next one.</summary>
    internal EncodedChunk FinishChunk()
    {
        if (PageRowCount > 0)
        {
            EndPage();
        }

        BeforeFinish();
        if (PageRowCount > 0)
        {
            // < The encoding was changed and the last page is open again.
            EndPage();
        }

        PooledBuffer? dictionary = null;
        int entries = DictionaryEntryCount;
        if (entries > 0)
        {
            dictionary = new PooledBuffer(1024);
            var header = new PageHeader { Type = PageType.DictionaryPage, NumValues = entries, Encoding = ParquetEncoding.Plain };
            ReadOnlySpan<byte> body = DictionaryBody();
            int headerBytes = PageAssembly.Append(dictionary, header, body, Options.Codec, Options.Level, _header);
            _uncompressedByteCount += headerBytes + body.Length;
        }

        var chunk = new EncodedChunk
        {
            Field = Field,
            Path = _path?.Names ?? [Field.Name],
            SplitsRows = _splitsRows,
            Codec = Options.Codec,
            DictionaryPage = dictionary,
            Pages = _pages,
            PageIndex = [.. PageIndex],
            LevelHistograms = [.. _histograms],
            BloomFilter = FinishFilter(),
            MaxRepetition = _path?.MaxRepetition ?? 0,
            Bounds = _bounds,
            UncompressedByteCount = _uncompressedByteCount,
        };
        _pages = new PageBytes();
        _bounds = new PooledBuffer(Math.Max(1024, _bounds.Length));
        _pageCount = 0;
        _histograms.Clear();
        _uncompressedByteCount = 0;
        _splitsRows = false;
        BeginChunk();
        return chunk;
    }

    /// <inheritdoc/>
    public virtual void Dispose()
    {
        _header.Dispose();
        _pages.Dispose();
        _bounds.Dispose();
        Body.Dispose();
        Levels?.Dispose();
        Levels = null;
        (byte[] validity, EncodedPage[] pageIndex) = (_validity, _pageIndex);
        (_validity, _pageIndex) = ([], []);
        if (validity.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(validity);
            ArrayPool<EncodedPage>.Shared.Return(pageIndex);
        }
    }

    /// <summary>How many of the rows may be appended in one go, at least one.</summary>
    protected abstract int LimitRows(ColumnVector vector, int from, int count);

    /// <summary>Appends the values of rows that are not null.</summary>
    protected abstract void AppendValues(ColumnVector vector, int from, int count, int nulls);

    /// <summary>Called after values were appended and a full page was ended.</summary>
    protected virtual void AfterAppend()
    {
    }

    /// <summary>Completes the values of the page that ends; gives the buffer in which they stand from <see cref="LevelRoom"/> on.</summary>
    protected virtual PooledBuffer FinishValues(out ParquetEncoding encoding)
    {
        encoding = ParquetEncoding.Plain;
        return Body;
    }

    /// <summary>Reports the bounds of the page that ends through <see cref="SetBounds"/>, if there are any, and forgets them.</summary>
    protected abstract void FinishBounds(ref EncodedPage page);

    /// <summary>The last word on the chunk's encoding.</summary>
    protected virtual void BeforeFinish()
    {
    }

    /// <summary>Forgets the chunk.</summary>
    protected virtual void BeginChunk()
    {
    }

    /// <summary>The bloom filter over the chunk's values with its header; empty when there is none.</summary>
    protected virtual byte[] FinishFilter() => [];

    protected virtual int DictionaryEntryCount => 0;

    protected virtual ReadOnlySpan<byte> DictionaryBody() => default;

    protected void SetBounds(
        ref EncodedPage page, ReadOnlySpan<byte> minimum, bool minimumIsExact, ReadOnlySpan<byte> maximum, bool maximumIsExact)
    {
        page.SetBounds(_bounds, minimum, maximum);
        (page.MinimumIsExact, page.MaximumIsExact) = (minimumIsExact, maximumIsExact);
    }

    /// <summary>Adds rows to the page: their validity bits start at <paramref name="from"/> and matter only when there are nulls.</summary>
    protected void AppendLevels(ReadOnlySpan<byte> validity, int from, int rows, int nulls)
    {
        // < While all rows have a value, or none has, no bits are kept.
        if ((nulls > 0 || PageNullCount > 0) && PageNullCount + nulls < PageRowCount + rows)
        {
            if (PageNullCount == 0)
            {
                BitRun.Fill(_validity, 0, PageRowCount);
            }
            else if (PageNullCount == PageRowCount)
            {
                BitRun.Clear(_validity, 0, PageRowCount);
            }

            if (nulls > 0)
            {
                BitRun.Copy(validity, from, _validity, PageRowCount, rows);
            }
            else
            {
                BitRun.Fill(_validity, PageRowCount, rows);
            }
        }

        PageRowCount += rows;
        PageNullCount += nulls;
    }

    /// <summary>The same with levels of their own.</summary>
    protected void AppendLevels(ReadOnlySpan<uint> definitions, ReadOnlySpan<uint> repetitions, int nulls)
    {
        Levels!.Append(definitions, repetitions);
        PageRowCount += definitions.Length;
        PageNullCount += nulls;
    }

    /// <summary>
    /// So many of the next entries that they end where a row ends. When not even the next row fits the page is ended, and 0 is given; a row
    /// that does not fit an empty page is cut.
    /// </summary>
    protected int ToRowEnd(ReadOnlySpan<uint> repetitions, int count)
    {
        int end = count;
        while (end > 0 && end < repetitions.Length && repetitions[end] != 0)
        {
            end--;
        }

        if (end > 0)
        {
            return end;
        }

        if (PageRowCount > 0)
        {
            EndPage();
            return 0;
        }

        _splitsRows = true;
        return count;
    }

    protected void EndPageIfFull()
    {
        if (PageRowCount == Options.PageRowCount || PendingByteCount >= Options.PageBytes)
        {
            EndPage();
        }
    }

    /// <summary>Takes back every page made so far and the one being built, for the caller to append again in another encoding.</summary>
    protected TakenPages TakeBack()
    {
        var taken = new TakenPages(_pages, [.. PageIndex], _validity, Levels, PageRowCount, PageNullCount);
        _pages = new PageBytes();
        _validity = ArrayPool<byte>.Shared.Rent(_validity.Length);
        Levels = _path is null ? null : new EntryLevels(_path.MaxDefinition, _path.MaxRepetition);
        _pageCount = 0;
        _histograms.Clear();
        _bounds.Clear();
        _uncompressedByteCount = 0;
        ResetBody();
        return taken;
    }

    /// <summary>What <see cref="TakeBack"/> gives: the caller owns the buffers.</summary>
    protected readonly record struct TakenPages(
        PageBytes Pages, EncodedPage[] Index, byte[] Validity, EntryLevels? Levels, int OpenCount, int OpenNullCount);

    private void EndPage()
    {
        PooledBuffer values = FinishValues(out ParquetEncoding encoding);
        bool isV2 = Options.PagesV2 && !_splitsRows;
        (int repetitions, int definitions) = Levels is null && Field.Required ? (0, 0) : WriteLevels(values, prefixed: !isV2);
        var page = new EncodedPage
        {
            Offset = _pages.Length,
            RowCount = Levels?.RowCount ?? PageRowCount,
            ValueCount = PageRowCount,
            NullCount = PageNullCount,
            IsV2 = isV2,
            Encoding = encoding,
            VariableByteCount = PageVariableByteCount,
        };
        FinishBounds(ref page);
        ReadOnlySpan<byte> body = values.Written[(LevelRoom - repetitions - definitions)..];
        var header = new PageHeader
        {
            Type = isV2 ? PageType.DataPageV2 : PageType.DataPage,
            NumValues = PageRowCount,
            NumRows = page.RowCount,
            NumNulls = PageNullCount,
            Encoding = encoding,
            RepetitionLevelsByteLength = repetitions,
            DefinitionLevelsByteLength = definitions,
        };
        int headerBytes = PageAssembly.Append(_pages, header, body, Options.Codec, Options.Level, _header);
        page.ByteCount = (int)(_pages.Length - page.Offset);
        _uncompressedByteCount += headerBytes + body.Length;
        PooledArrays.Grow(ref _pageIndex, _pageCount, _pageCount + 1);
        _pageIndex[_pageCount++] = page;
        if (_path is not null)
        {
            Span<long> histogram = stackalloc long[_path.MaxRepetition + _path.MaxDefinition + 2];
            histogram.Clear();
            Levels!.CountLevels(histogram);
            _histograms.AddRange(histogram);
        }

        ResetBody();
    }

    // < Written to the start of the room first, then moved against the values.
    private (int RepetitionBytes, int DefinitionBytes) WriteLevels(PooledBuffer page, bool prefixed)
    {
        Span<byte> room = page.Edit(0, LevelRoom);
        (int repetitions, int definitions) = Levels?.Encode(room, prefixed) ?? (0, WriteValidity(room, prefixed));
        int length = repetitions + definitions;
        room[..length].CopyTo(room[^length..]);
        return (repetitions, definitions);
    }

    private int WriteValidity(Span<byte> room, bool prefixed)
    {
        Span<byte> levels = prefixed ? room[4..] : room;
        int length = PageNullCount == 0 || PageNullCount == PageRowCount
            ? RleHybrid.EncodeRun(PageRowCount, PageNullCount == 0 ? 1u : 0u, 1, levels)
            : RleHybrid.EncodeBits(_validity, PageRowCount, levels);
        if (!prefixed)
        {
            return length;
        }

        BinaryPrimitives.WriteInt32LittleEndian(room, length);
        return 4 + length;
    }

    private void ResetBody()
    {
        Body.Clear();
        Body.Reserve(LevelRoom);
        Body.Advance(LevelRoom);
        PageRowCount = 0;
        PageNullCount = 0;
        PageVariableByteCount = 0;
        Levels?.Clear();
    }
}
