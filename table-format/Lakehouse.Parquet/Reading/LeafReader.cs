using System.Buffers;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// Reads the values of some rows of one chunk, whatever the pages: levels in slices of bounded size, then the values that are there, then
/// nulls spread between them. Owns the page reader.
/// </summary>
internal sealed class LeafReader : IDisposable
{
    private const int LevelsAtATime = 4096;
    private readonly Leaf _leaf;
    private readonly PageReader _pages;
    private readonly long _entryCount;
    private readonly PageValues?[] _encodings = new PageValues?[(int)ParquetEncoding.ByteStreamSplit + 1];
    private readonly uint[] _definitions = ArrayPool<uint>.Shared.Rent(LevelsAtATime);
    private readonly uint[] _repetitions = ArrayPool<uint>.Shared.Rent(LevelsAtATime);
    private readonly byte[] _valid = new byte[Bitmap.ByteCount(LevelsAtATime)];
    private DictionaryValues? _dictionary;
    private PageValues? _values;
    private LevelStream _definitionLevels;
    private LevelStream _repetitionLevels;
    private long _entriesSeen;
    private int _pageLeft;
    private int _count;
    private int _at;

    /// <summary>The row of the row group that begins next.</summary>
    private long _row;
    private int _piece;
    private bool _isWithin;
    private bool _isAtStart = true;
    private bool _hasEnded;

    internal LeafReader(Leaf leaf, PageReader pages, long entryCount) => (_leaf, _pages, _entryCount) = (leaf, pages, entryCount);

    /// <summary>Where in the file the page being read begins.</summary>
    internal long PageOffset => _pages.Offset;

    /// <summary>The chunk's bytes.</summary>
    internal ChunkBytes Bytes => _pages.Bytes;

    /// <summary>Gets every page, if there is one.</summary>
    internal List<PageFacts>? Log
    {
        set => _pages.Log = value;
    }

    /// <summary>Where pages begin that do not match their checksums, which is noted only.</summary>
    internal IReadOnlyList<long> Mismatches => _pages.Mismatches;

    /// <summary>
    /// Appends the slots and levels of the next data page; other reads do not mix with this one. Behind the last value pages are only looked
    /// at.
    /// </summary>
    internal PageStep ReadPage(ColumnBuilder target, LevelBuffer levels)
    {
        _isWithin = true;
        PageStep step = NextLevels(long.MaxValue);
        if (step == PageStep.End)
        {
            step = _pages.Next();
            return step == PageStep.Ready ? throw new ParquetFormatException("A page behind the last value of the chunk.") : step;
        }

        while (step == PageStep.Ready)
        {
            Take(_at, _count, target, levels);
            _at = _count;
            if (_pageLeft == 0)
            {
                break;
            }

            step = NextLevels(long.MaxValue);
        }

        return step;
    }

    /// <summary>Begins with other rows; they lie behind those that were read.</summary>
    internal void Begin() => (_piece, _isWithin) = (0, false);

    /// <summary>
    /// Appends the slots of rows: one for each row, or for a leaf in lists one for each element. Their levels go to
    /// <paramref name="levels"/> if there are such. False when bytes have to be fetched first: the same call then goes on.
    /// </summary>
    internal bool Read(ReadOnlySpan<RowRange> rows, ColumnBuilder target, LevelBuffer? levels)
    {
        while (_piece < rows.Length)
        {
            long until = _isWithin ? rows[_piece].To : rows[_piece].From;
            if (IsAt(until))
            {
                _piece += _isWithin ? 1 : 0;
                _isWithin = !_isWithin;
                continue;
            }

            if (_at == _count)
            {
                PageStep step = NextLevels(until);
                if (step == PageStep.WantsBytes)
                {
                    return false;
                }

                if (step == PageStep.End)
                {
                    EndAt(until);
                }

                continue;
            }

            int end = FindEnd(until);
            if (_isWithin)
            {
                Take(_at, end, target, levels);
            }
            else
            {
                PassBy(_at, end, target);
            }

            _at = end;
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _pages.Dispose();
        _dictionary?.Dispose();
        foreach (PageValues? values in _encodings)
        {
            values?.Dispose();
        }

        ArrayPool<uint>.Shared.Return(_definitions);
        ArrayPool<uint>.Shared.Return(_repetitions);
    }

    /// <summary>Whether all entries of the rows before one have been read, and none of it; rows that are not wanted may be passed already.</summary>
    private bool IsAt(long row) =>
        _row >= row && (_leaf.MaxRepetition == 0 || _hasEnded || (_at < _count && _repetitions[_at] == 0));

    private void EndAt(long until)
    {
        _hasEnded = true;
        if (_row < until)
        {
            throw new ParquetFormatException($"The chunk ends after {_entriesSeen} of {_entryCount} values.");
        }
    }

    /// <summary>How far the entries at hand belong to the rows before one.</summary>
    private int FindEnd(long until)
    {
        if (_leaf.MaxRepetition == 0)
        {
            int count = (int)Math.Min(_count - _at, until - _row);
            _row += count;
            return _at + count;
        }

        for (int i = _at; i < _count; i++)
        {
            if (_repetitions[i] == 0 && _row++ == until)
            {
                _row = until;
                return i;
            }
        }

        return _count;
    }

    /// <summary>Leaves entries out.</summary>
    private void PassBy(int from, int to, ColumnBuilder scratch)
    {
        int present = _definitions.AsSpan(from, to - from).Count((uint)_leaf.MaxDefinition);
        if (present > 0)
        {
            _values!.Skip(present, scratch);
        }
    }

    private void Take(int from, int to, ColumnBuilder target, LevelBuffer? levels)
    {
        ReadOnlySpan<uint> definitions = _definitions.AsSpan(from, to - from);
        levels?.Append(definitions, _repetitions.AsSpan(from, to - from));
        if (definitions.IndexOfAnyExcept((uint)_leaf.MaxDefinition) < 0)
        {
            _values?.Read(definitions.Length, target);
            return;
        }

        int slots = 0;
        int present = 0;
        _valid.AsSpan().Clear();
        foreach (uint definition in definitions)
        {
            if (definition == _leaf.MaxDefinition)
            {
                Bitmap.Set(_valid, slots++);
                present++;
            }
            else if (definition >= _leaf.SlotDefinition)
            {
                slots++;
            }
        }

        if (present > 0)
        {
            _values!.Read(present, target);
        }

        target.Spread(present, _valid, slots);
    }

    /// <summary>Decodes the levels of the next entries; pages that hold only rows before <paramref name="until"/> are left out.</summary>
    private PageStep NextLevels(long until)
    {
        while (_pageLeft == 0)
        {
            PageStep step = _entriesSeen == _entryCount ? PageStep.End : _pages.Next();
            if (step != PageStep.Ready)
            {
                return step;
            }

            BeginAt(_pages.FirstRow, until);
            if (!_isWithin && RowsOf(_pages.Header) is { } rows && rows <= until - _row)
            {
                _row += rows;
                _entriesSeen += _pages.Header.NumValues;
                _pages.Skip();
                continue;
            }

            _pages.Unpack();
            OpenPage(_pages.Header);
        }

        (_at, _count) = (0, Math.Min(_pageLeft, LevelsAtATime));
        _repetitionLevels.Read(_pages.Body, _repetitions.AsSpan(0, _count));
        _definitionLevels.Read(_pages.Body, _definitions.AsSpan(0, _count));
        if (_isAtStart && _repetitions[0] != 0)
        {
            throw new ParquetFormatException("The chunk begins within a row.");
        }

        _isAtStart = false;
        _entriesSeen += _count;
        _pageLeft -= _count;
        return PageStep.Ready;
    }

    /// <summary>Goes to the row at which a run of pages begins, by the offset index.</summary>
    private void BeginAt(long? firstRow, long until)
    {
        if (firstRow is not { } row)
        {
            return;
        }

        // Rows between are left out only where none is wanted.
        if (row < _row || (row > _row && (_isWithin ? _row < until : row > until)))
        {
            throw new ParquetFormatException($"The page begins at row {_row}, by the offset index at row {row}.");
        }

        (_row, _isAtStart) = (row, true);
    }

    /// <summary>How many rows a page holds, if its header tells: rows of V2 pages end with them, those of V1 need not.</summary>
    private long? RowsOf(in PageHeader header) => header.Type switch
    {
        PageType.DataPage or PageType.DataPageV2 when _leaf.MaxRepetition == 0 && header.NumValues <= _entryCount - _entriesSeen =>
            header.NumValues,
        PageType.DataPageV2 when header.NumRows is >= 0 and { } rows && header.NumValues <= _entryCount - _entriesSeen => rows,
        _ => null,
    };

    private void OpenPage(in PageHeader header)
    {
        if (header.Type == PageType.DictionaryPage)
        {
            LoadDictionary(header);
            return;
        }

        if (header.Type is not (PageType.DataPage or PageType.DataPageV2))
        {
            throw new ParquetFormatException($"A page of type {header.Type}.");
        }

        if (header.NumValues > _entryCount - _entriesSeen)
        {
            throw new ParquetFormatException($"{_entriesSeen + header.NumValues} values in a chunk of {_entryCount}.");
        }

        int start = _pages.Start;
        if (header.Type == PageType.DataPage)
        {
            _repetitionLevels = LevelStream.OfV1(
                header.RepetitionLevelEncoding, _leaf.MaxRepetition, header.NumValues, _pages.Body, ref start, _pages.End);
            _definitionLevels = LevelStream.OfV1(
                header.DefinitionLevelEncoding, _leaf.MaxDefinition, header.NumValues, _pages.Body, ref start, _pages.End);
        }
        else
        {
            _repetitionLevels = LevelStream.OfV2(_leaf.MaxRepetition, header.RepetitionLevelsByteLength, ref start);
            _definitionLevels = LevelStream.OfV2(_leaf.MaxDefinition, header.DefinitionLevelsByteLength, ref start);
        }

        _pageLeft = header.NumValues;
        _values = ValuesOf(header.Encoding);
        if (start < _pages.End)
        {
            _values.Open(_pages.Body, start, _pages.End);
        }
        else
        {
            // Nothing but nulls: some encodings then leave out even what they begin with.
            _values = NoValues.Instance;
        }
    }

    private void LoadDictionary(in PageHeader header)
    {
        if (_dictionary is not null || _entriesSeen > 0 || header.Encoding is not (ParquetEncoding.Plain or ParquetEncoding.PlainDictionary)
            || _leaf.Type.Stored == ParquetType.Boolean)
        {
            throw new ParquetFormatException("A second or late dictionary page, or one that is not PLAIN.");
        }

        using PageValues entries = PageValues.Of(ParquetEncoding.Plain, _leaf.Type);
        using var builder = new ColumnBuilder(_leaf.Type.Type);
        entries.Open(_pages.Body, _pages.Start, _pages.End);
        entries.Read(header.NumValues, builder);
        _dictionary = new DictionaryValues(builder.Finish());
    }

    private PageValues ValuesOf(ParquetEncoding encoding)
    {
        if (encoding is ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary)
        {
            return _dictionary ?? throw new ParquetFormatException("A page of dictionary indexes in a chunk without a dictionary.");
        }

        if ((uint)encoding >= (uint)_encodings.Length)
        {
            throw new ParquetFormatException($"Encoding {encoding} is not known.");
        }

        PageValues values = _encodings[(int)encoding] ?? PageValues.Of(encoding, _leaf.Type);
        _encodings[(int)encoding] = values;
        return values;
    }
}
