using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Holds the metadata of a chunk in the footer, and page headers, against its pages. Pure.</summary>
internal sealed class ChunkFactsCheck(
    ParquetFileReader reader, int group, Leaf leaf, IReadOnlyList<PageFacts> headers, IReadOnlyList<CheckedPage> pages, CheckNotes notes)
{
    private readonly RowGroup _group = reader.MetaData.RowGroups[group];
    private readonly ColumnMetaData _chunk = reader.MetaData.RowGroups[group].Columns[leaf.Ordinal].MetaData;

    private long Start => reader.Extent(_chunk).Start;

    internal void Run()
    {
        CheckSizes();
        CheckOffsets();
        CheckEncodings();
        CheckHeaders();
        if (_chunk.Statistics is { } statistics)
        {
            CheckStatistics(statistics);
        }

        if (_chunk.SizeStatistics is { } sizes)
        {
            CheckSizeStatistics(sizes);
        }
    }

    private void CheckSizes()
    {
        long values = pages.Sum(static p => (long)p.Header.NumValues);
        long rows = pages.Sum(static p => p.RowCount);
        long packed = headers.Sum(static h => (long)h.HeaderByteCount + h.Header.CompressedPageSize);
        long raw = headers.Sum(static h => (long)h.HeaderByteCount + h.Header.UncompressedPageSize);
        if (values != _chunk.NumValues)
        {
            Say(FileFindingKind.ValueCount, Start, $"The chunk says {_chunk.NumValues} values, its pages hold {values}.");
        }

        if (rows != _group.NumRows)
        {
            Say(FileFindingKind.RowCount, Start, $"The row group says {_group.NumRows} rows, the column has {rows}.");
        }

        if (packed != _chunk.TotalCompressedSize)
        {
            Say(FileFindingKind.ChunkSize, Start, $"The chunk says {_chunk.TotalCompressedSize} compressed bytes, its pages have {packed}.");
        }

        if (raw != _chunk.TotalUncompressedSize)
        {
            Say(FileFindingKind.ChunkSize, Start, $"The chunk says {_chunk.TotalUncompressedSize} uncompressed bytes, its pages have {raw}.");
        }
    }

    private void CheckOffsets()
    {
        long? dictionary = headers.Where(static h => h.Header.Type == PageType.DictionaryPage).Select(static h => (long?)h.Offset).FirstOrDefault();
        if (_chunk.DictionaryPageOffset is null && dictionary is not null && _chunk.DataPageOffset == dictionary)
        {
            Say(FileFindingKind.PageOffset, _chunk.DataPageOffset,
                $"The chunk says that its first data page is at {_chunk.DataPageOffset}, where its dictionary lies, of which it says nothing.");
            return;
        }

        if (pages.Count > 0 && _chunk.DataPageOffset != pages[0].Offset)
        {
            Say(FileFindingKind.PageOffset, _chunk.DataPageOffset,
                $"The chunk says that its first data page is at {_chunk.DataPageOffset}, it is at {pages[0].Offset}.");
        }

        if (_chunk.DictionaryPageOffset != dictionary)
        {
            Say(FileFindingKind.PageOffset, Start, (_chunk.DictionaryPageOffset, dictionary) switch
            {
                (null, { } at) => $"There is a dictionary page at {at}, of which the chunk says nothing.",
                ({ } said, null) => $"The chunk says that there is a dictionary page at {said}; there is none.",
                ({ } said, { } at) => $"The chunk says that its dictionary page is at {said}, it is at {at}.",
                _ => $"The offset of the dictionary page.",
            });
        }
    }

    private void CheckEncodings()
    {
        ParquetEncoding[] listed = [.. _chunk.Encodings.Select(Normal)];
        foreach (ParquetEncoding missing in pages.Select(static p => Normal(p.Header.Encoding)).Distinct().Where(e => !listed.Contains(e)))
        {
            Say(FileFindingKind.Encodings, Start, $"There are pages of encoding {missing}, which the chunk does not list.");
        }

        if (!_chunk.EncodingStats.IsEmpty)
        {
            Dictionary<(PageType, ParquetEncoding), int> said = [];
            foreach (PageEncodingStats stats in _chunk.EncodingStats)
            {
                (PageType, ParquetEncoding) key = (stats.PageType, Entry(stats.PageType, stats.Encoding));
                said[key] = said.GetValueOrDefault(key) + stats.Count;
            }

            var found = headers.Where(static h => h.Header.Type != PageType.IndexPage)
                .CountBy(static h => (h.Header.Type, Entry(h.Header.Type, h.Header.Encoding))).ToDictionary();
            foreach ((PageType Type, ParquetEncoding Encoding) key in said.Keys.Union(found.Keys))
            {
                if (said.GetValueOrDefault(key) != found.GetValueOrDefault(key))
                {
                    Say(FileFindingKind.EncodingStats, Start,
                        $"The chunk says {said.GetValueOrDefault(key)} pages {key.Type} {key.Encoding}, there are {found.GetValueOrDefault(key)}.");
                }
            }
        }

        int other = -1;
        for (int i = 0; i < pages.Count; i++)
        {
            bool isIndexes = Normal(pages[i].Header.Encoding) == ParquetEncoding.RleDictionary;
            if (isIndexes && other >= 0)
            {
                Say(FileFindingKind.DictionaryAfterOther, pages[i].Offset,
                    $"Page {i} holds dictionary indexes and follows page {other} of encoding {pages[other].Header.Encoding}: "
                    + "Spark's vectorised reader gives wrong values there.");
                return;
            }

            other = isIndexes ? other : i;
        }
    }

    private void CheckHeaders()
    {
        for (int i = 0; i < pages.Count; i++)
        {
            CheckedPage page = pages[i];
            if (page.Header.NumNulls is { } nulls && nulls != page.NullCount)
            {
                Say(FileFindingKind.PageHeader, page.Offset, $"The header of page {i} says {nulls} nulls, there are {page.NullCount}.");
            }

            if (page.Header.NumRows is { } rows && rows != page.RowCount)
            {
                Say(FileFindingKind.PageHeader, page.Offset, $"The header of page {i} says {rows} rows, there are {page.RowCount}.");
            }

            if (page.SplitsRow && page.Header.Type == PageType.DataPageV2)
            {
                Say(FileFindingKind.SplitRow, page.Offset, $"Page {i} begins within a row, which V2 pages must not.");
            }
        }
    }

    private void CheckStatistics(Statistics statistics)
    {
        // Of lists some writers count the elements that are null, others also the lists that are null or empty.
        long nulls = pages.Sum(static p => p.NullCount);
        long elements = pages.Sum(p => p.Definitions[leaf.SlotDefinition..^1].Sum());
        if (statistics.NullCount is { } said && said != nulls && said != elements)
        {
            Say(FileFindingKind.Statistics, Start, $"The statistics say {said} nulls, there are {nulls}.");
        }

        (byte[] Min, byte[] Max)? actual = BoundCheck.Join(leaf.Type.Type, pages.Select(static p => p.Bounds));
        CheckOlderBounds(statistics, actual);
        CheckDistinctCount(statistics, pages.Sum(static p => (long)p.Header.NumValues) - nulls, actual);
        if (!BoundCheck.CanCheck(reader.MetaData, leaf) || actual is not { } whole)
        {
            return;
        }

        using PageBounds bounds = PageBounds.OfChunk(leaf.Type, isOrdered: true, _chunk, _group.NumRows, null);
        BoundCheck.Hold(leaf.Type.Type, bounds, 0, whole, what => Say(FileFindingKind.Statistics, Start, "The statistics have " + what));
        bool isExactlyWrong = (statistics.IsMinValueExact && BoundCheck.Bound(bounds.Lower, 0) is { } min && Order(min, whole.Min) < 0)
            || (statistics.IsMaxValueExact && BoundCheck.Bound(bounds.Upper, 0) is { } max && Order(max, whole.Max) > 0);
        if (isExactlyWrong)
        {
            Say(FileFindingKind.Statistics, Start, "The statistics call a bound exact that no value has.");
        }
    }

    /// <summary>Of texts, bytes and unsigned numbers each writer had an order of its own; signed numbers are ordered as numbers.</summary>
    private void CheckOlderBounds(Statistics statistics, (byte[] Min, byte[] Max)? actual)
    {
        bool isSigned = leaf.Type is
        {
            Conversion: LeafConversion.None or LeafConversion.IntegerDecimal,
            Stored: ParquetType.Int32 or ParquetType.Int64 or ParquetType.Float or ParquetType.Double,
        };
        if (isSigned && actual is { } whole && statistics is { OlderMinValue: { } min, OlderMaxValue: { } max })
        {
            ColumnMetaData older = _chunk with { Statistics = new Statistics { MinValue = min, MaxValue = max } };
            using PageBounds bounds = PageBounds.OfChunk(leaf.Type, isOrdered: true, older, _group.NumRows, null);
            BoundCheck.Hold(leaf.Type.Type, bounds, 0, whole, what => Say(FileFindingKind.Statistics, Start, "The older statistics have " + what));
        }
    }

    /// <summary>Some writers estimate it: only what cannot be is wrong.</summary>
    private void CheckDistinctCount(Statistics statistics, long values, (byte[] Min, byte[] Max)? actual)
    {
        if (statistics.DistinctCount is not { } distinct)
        {
            return;
        }

        long least = values == 0 ? 0 : actual is { } whole && Order(whole.Min, whole.Max) != 0 ? 2 : 1;
        if (distinct < least || distinct > values)
        {
            Say(FileFindingKind.Statistics, Start, $"The statistics say {distinct} distinct values; of {values} there are from {least} to {values}.");
        }
    }

    private void CheckSizeStatistics(SizeStatistics sizes)
    {
        long bytes = pages.Sum(static p => p.VariableByteCount);
        if (sizes.UnencodedByteArrayDataBytes is { } said && leaf.Type is { Stored: ParquetType.ByteArray, Type.IsVariableWidth: true } && said != bytes)
        {
            Say(FileFindingKind.SizeStatistics, Start, $"The size statistics say {said} bytes of values, there are {bytes}.");
        }

        CheckHistogram("repetition", [.. sizes.RepetitionLevelHistogram], pages.Select(static p => p.Repetitions));
        CheckHistogram("definition", [.. sizes.DefinitionLevelHistogram], pages.Select(static p => p.Definitions));
    }

    private void CheckHistogram(string what, long[] said, IEnumerable<long[]> found)
    {
        long[] sum = found.Aggregate(new long[said.Length], static (a, b) => [.. a.Zip(b, static (x, y) => x + y)]);
        if (said.Length > 0 && !said.SequenceEqual(sum))
        {
            Say(FileFindingKind.SizeStatistics, Start, $"The histogram of {what} levels is not that of the pages.");
        }
    }

    private int Order(byte[] left, byte[] right) => BoundOrder.Compare(leaf.Type.Type, left, right);

    private static ParquetEncoding Normal(ParquetEncoding encoding) =>
        encoding == ParquetEncoding.PlainDictionary ? ParquetEncoding.RleDictionary : encoding;

    /// <summary>Dictionary pages are PLAIN, which older writers call PLAIN_DICTIONARY.</summary>
    private static ParquetEncoding Entry(PageType type, ParquetEncoding encoding) =>
        type == PageType.DictionaryPage ? ParquetEncoding.Plain : Normal(encoding);

    private void Say(FileFindingKind kind, long offset, string what) => notes.Say(kind, group, leaf.Name, offset, what);
}
