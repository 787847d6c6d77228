namespace Lakehouse.Parquet;

/// <summary>
/// What the page index will say of the pages of a merged chunk, gathered from what the inputs' say. What one input does not know of its
/// pages nobody knows of the chunk. Not thread safe.
/// </summary>
internal sealed class JoinedPages(Leaf target, LeafType stored)
{
    private readonly List<EncodedPage> _pages = [];
    private readonly List<long> _histograms = [];
    private readonly bool _isNested = target.Path.Length > 1;
    private bool _hasBounds = true;
    private bool _hasHistograms = true;

    /// <summary>Bytes of all pages so far.</summary>
    internal long ByteCount { get; private set; }

    /// <summary>Rows of all pages so far, where they are known.</summary>
    internal long RowCount { get; private set; }

    /// <summary>Headers and bodies before compression.</summary>
    internal long UncompressedByteCount { get; private set; }

    /// <summary>Whether it is not known which rows are in which page.</summary>
    internal bool SplitsRows { get; set; }

    internal PooledBuffer Bounds { get; } = new(1024);

    internal EncodedPage[] Index => [.. _pages];

    internal bool HasColumnIndex => _hasBounds && !SplitsRows;

    internal long[] Histograms => _isNested && _hasHistograms ? [.. _histograms] : [];

    /// <summary>Adds a page of a piece that has the same values as it had there, in so many bytes.</summary>
    internal void Add(ChunkPiece piece, int page, int headerByteCount, in PageHeader header)
    {
        ref readonly PiecePage of = ref piece.Pages[page];
        SplitsRows |= of.RowCount < 0;
        (byte[] Min, byte[] Max)? bounds = piece.BoundsOf(page);
        bool isNull = piece.Index?.NullPages[page] == true;
        int nulls = piece.NullCountOf(page);
        _hasBounds &= bounds is not null || isNull;
        if (_isNested)
        {
            CopyHistograms(piece, page);
        }

        Add(of.RowCount, nulls, headerByteCount, header, piece.VariableByteCountOf(page), bounds);
    }

    /// <summary>Adds a page that was made. <paramref name="bounds"/> is null when there are no values, or their bounds are not known.</summary>
    internal void Add(
        int rowCount,
        int nullCount,
        int headerByteCount,
        in PageHeader header,
        long variableByteCount,
        (byte[] Min, byte[] Max)? bounds,
        EntryLevels? levels = null)
    {
        var page = new EncodedPage
        {
            Offset = ByteCount,
            ByteCount = headerByteCount + header.CompressedPageSize,
            RowCount = rowCount,
            ValueCount = header.NumValues,
            NullCount = nullCount,
            IsV2 = header.Type == PageType.DataPageV2,
            Encoding = header.Encoding,
            VariableByteCount = variableByteCount,
        };
        if (bounds is var (min, max))
        {
            page.SetBounds(Bounds, min, max);
        }

        _hasBounds &= bounds is not null || nullCount == header.NumValues;
        if (_isNested && levels is not null)
        {
            Span<long> histogram = stackalloc long[target.MaxRepetition + target.MaxDefinition + 2];
            histogram.Clear();
            levels.CountLevels(histogram);
            _histograms.AddRange(histogram);
        }

        ByteCount += page.ByteCount;
        RowCount += rowCount;
        UncompressedByteCount += headerByteCount + header.UncompressedPageSize;
        _pages.Add(page);
    }

    /// <summary>The tighter of two bounds is dropped: what bounds both pages is kept. Null when one is not known.</summary>
    internal (byte[] Min, byte[] Max)? Widen((byte[] Min, byte[] Max)? one, (byte[] Min, byte[] Max)? other)
    {
        if (one is not var (min, max) || other is not var (otherMin, otherMax))
        {
            return one ?? other;
        }

        return (
            LeafOrder.Compare(stored, otherMin, min) < 0 ? otherMin : min,
            LeafOrder.Compare(stored, otherMax, max) > 0 ? otherMax : max);
    }

    /// <summary>
    /// Entries without a value, by their levels; null when those were not counted. Some writers count the elements of lists that are null,
    /// others the lists that are null or empty, too: a sum of both says nothing.
    /// </summary>
    internal long? NullsByLevels()
    {
        ReadOnlySpan<long> levels = Histograms;
        int definitions = target.MaxDefinition + 1;
        int perPage = target.MaxRepetition + 1 + definitions;
        long nulls = 0;
        for (int at = perPage; at <= levels.Length; at += perPage)
        {
            foreach (long count in levels[(at - definitions)..(at - 1)])
            {
                nulls += count;
            }
        }

        return levels.IsEmpty ? null : nulls;
    }

    private void CopyHistograms(ChunkPiece piece, int page)
    {
        int repetitions = target.MaxRepetition + 1;
        int definitions = target.MaxDefinition + 1;
        if (piece.Index is not { } index
            || (target.MaxRepetition > 0 && index.RepetitionLevelHistograms.Length != piece.Pages.Length * repetitions)
            || index.DefinitionLevelHistograms.Length != piece.Pages.Length * definitions)
        {
            _hasHistograms = false;
            return;
        }

        // < A leaf in no list needs no histogram of its repetition levels: they are all 0.
        if (index.RepetitionLevelHistograms.IsEmpty)
        {
            _histograms.Add(piece.Pages[page].Header.NumValues);
        }
        else
        {
            _histograms.AddRange(index.RepetitionLevelHistograms.AsSpan().Slice(page * repetitions, repetitions));
        }

        _histograms.AddRange(index.DefinitionLevelHistograms.AsSpan().Slice(page * definitions, definitions));
    }
}
