using System.Buffers;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// Reads the values of one chunk, row by row, whatever the pages: levels in slices of bounded size, then the values that are there, then
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

    internal LeafReader(Leaf leaf, PageReader pages, long entryCount) => (_leaf, _pages, _entryCount) = (leaf, pages, entryCount);

    /// <summary>Where in the file the page being read begins.</summary>
    internal long PageOffset => _pages.Offset;

    /// <summary>
    /// Appends the slots of the next rows: one for each row, or for a leaf in lists one for each element. Their levels go to
    /// <paramref name="levels"/> if there are such.
    /// </summary>
    internal void Read(int rows, ColumnBuilder target, LevelBuffer? levels)
    {
        int started = 0;
        while (true)
        {
            if (_at == _count && !NextLevels())
            {
                if (started == rows)
                {
                    return;
                }

                throw new ParquetFormatException($"The chunk ends after {_entriesSeen} of {_entryCount} values.");
            }

            int end = FindEnd(rows, ref started);
            Take(_at, end, target, levels);
            _at = end;
            if (started == rows && (_leaf.MaxRepetition == 0 || _at < _count))
            {
                return;
            }
        }
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

    /// <summary>How far the entries at hand belong to the rows that are wanted.</summary>
    private int FindEnd(int rows, ref int started)
    {
        if (_leaf.MaxRepetition == 0)
        {
            int count = Math.Min(_count - _at, rows - started);
            started += count;
            return _at + count;
        }

        for (int i = _at; i < _count; i++)
        {
            if (_repetitions[i] == 0 && started++ == rows)
            {
                started = rows;
                return i;
            }
        }

        return _count;
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

    /// <summary>Decodes the levels of the next entries; false at the end of the chunk.</summary>
    private bool NextLevels()
    {
        while (_pageLeft == 0)
        {
            if (_entriesSeen == _entryCount || !_pages.Next())
            {
                return false;
            }

            OpenPage(_pages.Header);
        }

        (_at, _count) = (0, Math.Min(_pageLeft, LevelsAtATime));
        _repetitionLevels.Read(_pages.Body, _repetitions.AsSpan(0, _count));
        _definitionLevels.Read(_pages.Body, _definitions.AsSpan(0, _count));
        if (_entriesSeen == 0 && _repetitions[0] != 0)
        {
            throw new ParquetFormatException("The chunk begins within a row.");
        }

        _entriesSeen += _count;
        _pageLeft -= _count;
        return true;
    }

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
