using System.Buffers.Binary;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// Joins the pages of one leaf from several inputs into one chunk: pages that can stand as they are go over as bytes; others are decompressed
/// and put together anew, as little as is needed. The chunk's pages are first those of the dictionary, then the others. Not thread safe.
/// </summary>
internal sealed class ChunkJoin : IDisposable
{
    private readonly MergeLeaf _target;
    private readonly LeafType _stored;
    private readonly CompressionCodec _codec;
    private readonly int _level;
    private readonly IndexPacking _indexPacking;
    private readonly int _pageBytes;
    private readonly DictionaryUnion? _union;
    private readonly JoinedPages _pages;
    private readonly OpenPage _open;
    private readonly PageParts _parts = new();
    private readonly PooledBuffer _body = new(64 << 10);
    private readonly PooledBuffer _scratch = new(PageHeaderFormat.BytesMax);
    private readonly PageBytes _made = new();
    private readonly List<JoinedBytes> _joined = [];
    private readonly StatisticsFold _statistics;
    private uint[] _nulls = [];
    private long _madeFrom;
    private (ChunkPiece? Piece, int From, int To, int Part) _run;
    private bool _leftDictionary;

    /// <summary>
    /// Begins a chunk. <paramref name="union"/> is the dictionary that pages of one will refer to, complete; null when there will be none.
    /// </summary>
    internal ChunkJoin(MergeLeaf target, CompressionCodec codec, ParquetWriterOptions options, DictionaryUnion? union)
    {
        (_target, _stored, _codec, _union) = (target, target.Leaf.Type, codec, union);
        _level = codec == options.Codec ? options.Level : PageCodec.Levels(codec)?.Default ?? 0;
        _pageBytes = options.PageBytes;
        _pages = new JoinedPages(target.Leaf, _stored);
        _indexPacking = new IndexPacking(codec, _level);
        _open = new OpenPage(target.Leaf, options, codec, _level, _indexPacking);
        _statistics = new StatisticsFold(_stored);
    }

    /// <summary>Rows so far; null when rows go on from page to page, or may.</summary>
    internal long? RowCount => _pages.SplitsRows ? null : _pages.RowCount + _open.RowCount;

    private int EntryCount => _union?.Count ?? 0;

    /// <summary>Appends the pages of a piece.</summary>
    /// <param name="piece">The piece; its memory stays as it is until the chunk is written.</param>
    /// <param name="map">The new indexes of its dictionary's entries; empty when they keep theirs.</param>
    /// <param name="joins">Whether its pages are joined into larger ones.</param>
    /// <param name="expands">Whether the values of its dictionary have to stand for themselves.</param>
    internal void Append(ChunkPiece piece, ReadOnlySpan<uint> map, bool joins, bool expands)
    {
        bool isWider = piece.Leaf.MaxDefinition != _target.Leaf.MaxDefinition;
        using PlainDictionary? plain = expands && piece.Dictionary is not null ? new PlainDictionary(piece, _stored) : null;
        for (int p = plain is null ? 0 : TakeEntries(piece, plain); p < piece.Pages.Length; p++)
        {
            ref readonly PiecePage page = ref piece.Pages[p];
            bool isDictionary = page.IsDictionaryEncoded;
            bool isTorn = (joins && page.Header.UncompressedPageSize < _pageBytes) || HasOldLevels(piece, page);
            if ((isDictionary && plain is not null) || (isTorn && IsJoined(page)))
            {
                Join(piece, p, map, plain);
                continue;
            }

            EndOpen();
            Invariant.Holds(!(isDictionary && _leftDictionary), "no page of a dictionary follows one without");
            _leftDictionary |= !isDictionary;
            bool isPacked = piece.Codec == _codec || (page.Header.Type == PageType.DataPageV2 && !page.Header.IsCompressed);
            if (isPacked && !isWider && !(isDictionary && !map.IsEmpty))
            {
                if (MayGoBeyond(piece, page))
                {
                    _parts.Open(piece, page);
                    _parts.ReadIndexes(piece.EntryCount);
                }

                Copy(piece, p);
            }
            else
            {
                Rewrite(piece, p, isDictionary ? map : default, isWider);
            }
        }

        _statistics.Add(piece.Statistics, piece.ValueCount);
    }

    /// <summary>Appends rows without a value: a null, or an empty list, each.</summary>
    internal void AppendNulls(long rowCount)
    {
        _statistics.AddNulls(rowCount);
        if (_nulls.Length == 0)
        {
            _nulls = new uint[4096];
        }

        for (long left = rowCount; left > 0;)
        {
            int count = (int)Math.Min(left, _nulls.Length);
            if (!_open.Fits(count, 0))
            {
                EndOpen();
            }

            _open.AppendLevels(_nulls.AsSpan(0, count), _nulls.AsSpan(0, count), present: 0);
            left -= count;
        }
    }

    /// <summary>Appends nulls where another leaf of the same group has entries.</summary>
    internal void AppendLevels(ChunkPiece sibling, SourceLeaf from)
    {
        for (int p = 0; p < sibling.Pages.Length; p++)
        {
            _parts.Open(sibling, sibling.Pages[p]);
            int kept = 0;
            Span<uint> definitions = _parts.Definitions;
            uint[] repetitions = _parts.Repetitions.ToArray();
            for (int i = 0; i < definitions.Length; i++)
            {
                if (repetitions[i] <= from.Repetition)
                {
                    repetitions[kept] = repetitions[i];
                    definitions[kept++] = Math.Min(definitions[i], (uint)from.Definition);
                }
            }

            if (kept > 0)
            {
                if (!_open.Fits(kept, 0))
                {
                    EndOpen();
                }

                _open.AppendLevels(definitions[..kept], repetitions.AsSpan(0, kept), present: 0);
                _statistics.AddNulls(kept);
            }
        }
    }

    /// <summary>Ends the chunk. <paramref name="bloomFilter"/> is its filter with the header, empty for none.</summary>
    internal JoinedChunk Finish(Field field, byte[] bloomFilter)
    {
        EndOpen();
        PartEnds();
        (ReadOnlyMemory<byte> dictionary, PooledBuffer? made, int uncompressed) = DictionaryPage();
        return new JoinedChunk
        {
            Field = field,
            Path = _target.Leaf.Path,
            Type = _stored,
            SplitsRows = _pages.SplitsRows,
            Codec = _codec,
            DictionaryPage = dictionary,
            DictionaryByteCount = dictionary.Length,
            MadeDictionary = made,
            Parts = _joined,
            Made = _made,
            PagesByteCount = _pages.ByteCount,
            PageIndex = _pages.Index,
            HasColumnIndex = _pages.HasColumnIndex,
            LevelHistograms = _pages.Histograms,
            MaxRepetition = _target.Leaf.MaxRepetition,
            Bounds = _pages.Bounds,
            Statistics = _target.Leaf.MaxRepetition == 0 ? _statistics.Result : _statistics.Result with { NullCount = _pages.NullsByLevels() },
            BloomFilter = bloomFilter,
            UncompressedByteCount = _pages.UncompressedByteCount + uncompressed,
        };
    }

    /// <summary>The one dictionary page: that of an input which has all entries, or one that is made.</summary>
    private (ReadOnlyMemory<byte> Page, PooledBuffer? Made, int UncompressedByteCount) DictionaryPage()
    {
        if (_union is not { Count: > 0 } union)
        {
            return default;
        }

        if (union.Whole is { Dictionary: { } taken } whole && whole.Codec == _codec)
        {
            return (whole.DictionaryBytes, null, taken.HeaderByteCount + taken.Header.UncompressedPageSize);
        }

        var made = new PooledBuffer(union.Plain.Length);
        var header = new PageHeader { Type = PageType.DictionaryPage, NumValues = union.Count, Encoding = ParquetEncoding.Plain };
        int headerBytes = PageAssembly.Append(made, header, union.Plain, _codec, _level, _scratch);
        return (made.WrittenMemory, made, headerBytes + union.Plain.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _open.Dispose();
        _parts.Dispose();
        _body.Dispose();
        _scratch.Dispose();
    }

    /// <summary>Whether the values can be appended to others': indexes, or PLAIN ones that take whole bytes.</summary>
    private bool IsJoined(in PiecePage page) =>
        page.IsDictionaryEncoded || (page.Header.Encoding == ParquetEncoding.Plain && _stored.Stored != ParquetType.Boolean);

    /// <summary>Levels in the deprecated encoding, which a page that is compressed anew does not keep, so its values are put into another.</summary>
    private bool HasOldLevels(ChunkPiece piece, in PiecePage page) =>
        piece.Codec != _codec && page.Header.Type == PageType.DataPage
        && ((piece.Leaf.MaxRepetition > 0 && page.Header.RepetitionLevelEncoding != ParquetEncoding.Rle)
            || (piece.Leaf.MaxDefinition > 0 && page.Header.DefinitionLevelEncoding != ParquetEncoding.Rle));

    /// <summary>
    /// Whether an index beyond the page's own dictionary, which readers refuse, could become a value of another input, and no checksum says
    /// that the page is as it was written.
    /// </summary>
    private bool MayGoBeyond(ChunkPiece piece, in PiecePage page) =>
        page.IsDictionaryEncoded && page.Header.Crc is null && piece.EntryCount < EntryCount;

    /// <summary>
    /// Where the values of the first pages are the entries of their dictionary as they stand there, its frame becomes one page for all of them.
    /// Gives the number of those pages.
    /// </summary>
    private int TakeEntries(ChunkPiece piece, PlainDictionary plain)
    {
        // < Writers keep dictionaries and pages below the same number of bytes.
        int count = _codec == piece.Codec ? EntriesInOrder.PageCount(piece, plain, _parts, 2 * _pageBytes) : 0;
        if (count == 0)
        {
            return 0;
        }

        EndOpen();
        for (int p = 0; p < count; p++)
        {
            _parts.Open(piece, piece.Pages[p]);
            AppendLevels(piece);
            if (_parts.Present > 0)
            {
                _open.AppendFacts(_pages, piece.BoundsOf(p), piece.VariableByteCountOf(p));
            }
        }

        _open.AppendFrame(piece.PackedDictionary, piece.Dictionary!.Value.Header.UncompressedPageSize); // < Not null: it is what is taken.
        EndOpen();
        return count;
    }

    private void Copy(ChunkPiece piece, int p)
    {
        ref readonly PiecePage page = ref piece.Pages[p];
        PartEnds();

        // < Neighbours stay together, so that a whole chunk is one write.
        if (ReferenceEquals(_run.Piece, piece) && _run.To == page.Offset && _run.Part == _joined.Count - 1)
        {
            _run.To = page.End;
            _joined[^1] = new JoinedBytes(piece.Bytes[_run.From..page.End], 0, 0);
        }
        else
        {
            _run = (piece, page.Offset, page.End, _joined.Count);
            _joined.Add(new JoinedBytes(piece.Bytes[page.Offset..page.End], 0, 0));
        }

        _pages.Add(piece, p, page.HeaderByteCount, page.Header);
    }

    private void Rewrite(ChunkPiece piece, int p, ReadOnlySpan<uint> map, bool isWider)
    {
        PiecePage page = piece.Pages[p];
        PageHeader header = page.Header;
        _parts.Open(piece, page);
        if (HasOldLevels(piece, page))
        {
            throw new ParquetFormatException($"Levels of an old encoding before values of {header.Encoding} cannot be compressed anew.");
        }

        _body.Clear();
        if (isWider)
        {
            int prefix = header.Type == PageType.DataPage ? 4 : 0;
            Span<byte> levels = _body.Reserve(16);
            int length = RleHybrid.EncodeRun(_parts.Count, 1, 1, levels[prefix..]);
            if (prefix > 0)
            {
                BinaryPrimitives.WriteInt32LittleEndian(levels, length);
            }

            _body.Advance(prefix + length);
            header = header with { DefinitionLevelsByteLength = length, NumNulls = 0, NumRows = _parts.Count };
        }
        else
        {
            _body.Append(_parts.LevelBytes);
        }

        bool isMapped = !map.IsEmpty && _parts.Present > 0;
        if (isMapped)
        {
            _parts.ReadIndexes(piece.EntryCount, map);
            _parts.AppendIndexes(_body, EntryCount);
        }
        else
        {
            if (MayGoBeyond(piece, page))
            {
                _parts.ReadIndexes(piece.EntryCount);
            }

            _body.Append(_parts.ValueBytes);
        }

        long from = _made.Length;
        int headerBytes = PageAssembly.Append(_made, header, _body.Written, _codec, isMapped ? _indexPacking.Level : _level, _scratch);
        header = header with { UncompressedPageSize = _body.Length, CompressedPageSize = (int)(_made.Length - from) - headerBytes };
        if (isMapped)
        {
            _indexPacking.Learn(header.UncompressedPageSize, header.CompressedPageSize);
        }

        _pages.Add(piece, p, headerBytes, header);
    }

    private void Join(ChunkPiece piece, int p, ReadOnlySpan<uint> map, PlainDictionary? plain)
    {
        PiecePage page = piece.Pages[p];
        bool asIndexes = page.IsDictionaryEncoded && plain is null;
        _parts.Open(piece, page);
        Span<uint> indexes = page.IsDictionaryEncoded
            ? _parts.ReadIndexes(piece.EntryCount, plain is null ? map : default)
            : default;
        int plainBytes = page.IsDictionaryEncoded ? 0 : PlainEntries.ByteCount(_stored, _parts.ValueBytes, _parts.Present);
        bool hasValues = _parts.Present > 0;
        if ((hasValues && _open.IsDictionaryEncoded is { } kind && kind != asIndexes) || !_open.Fits(_parts.Count, plainBytes))
        {
            EndOpen();
        }

        AppendLevels(piece);
        if (!hasValues)
        {
            return;
        }

        if (asIndexes)
        {
            _open.AppendIndexes(indexes);
        }
        else if (plain is not null && page.IsDictionaryEncoded)
        {
            _open.AppendPlain(plain, indexes);
        }
        else
        {
            _open.AppendPlain(_parts.ValueBytes[..plainBytes]);
        }

        _open.AppendFacts(_pages, piece.BoundsOf(p), piece.VariableByteCountOf(p));
    }

    /// <summary>Appends the levels of the page that was opened last, as they are in the target.</summary>
    private void AppendLevels(ChunkPiece piece)
    {
        Span<uint> definitions = _parts.Definitions;
        if (piece.Leaf.MaxDefinition != _target.Leaf.MaxDefinition)
        {
            definitions.Fill((uint)_target.Leaf.MaxDefinition);
        }

        _open.AppendLevels(definitions, _parts.Repetitions, _parts.Present);
    }

    private void EndOpen()
    {
        if (_open.IsEmpty)
        {
            return;
        }

        bool isDictionary = _open.IsDictionaryEncoded ?? (_union is not null && !_leftDictionary);
        Invariant.Holds(!(isDictionary && _leftDictionary), "no page of a dictionary follows one without");
        _leftDictionary |= !isDictionary;
        _open.End(_made, _pages, isDictionary, EntryCount);
    }

    /// <summary>What was made since the last bytes that were taken becomes a part.</summary>
    private void PartEnds()
    {
        if (_made.Length > _madeFrom)
        {
            _joined.Add(new JoinedBytes(default, _madeFrom, _made.Length - _madeFrom));
            _madeFrom = _made.Length;
        }
    }
}
