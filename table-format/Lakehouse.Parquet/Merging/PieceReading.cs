using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>
/// Makes pieces of chunks: walks the page headers, which alone say where pages are and how they are encoded, and puts to them what the page
/// index says where it fits them.
/// </summary>
internal static class PieceReading
{
    /// <summary>Throws <see cref="ParquetFormatException"/> when the pages do not fill the chunk or do not hold its values.</summary>
    internal static ChunkPiece OfFile(
        Leaf leaf, FileMetaData file, RowGroup group, ReadOnlyMemory<byte> bytes, ColumnIndex? columns, OffsetIndex? offsets, byte[] bloomFilter)
    {
        ColumnMetaData chunk = group.Columns[leaf.Ordinal].MetaData;
        (PiecePage? dictionary, PiecePage[] pages) = Walk(bytes.Span, leaf, chunk.NumValues);
        bool isOrdered = IsOrdered(leaf, file);
        bool fits = offsets is not null && offsets.PageLocations.Length == pages.Length;
        if (leaf.MaxRepetition > 0)
        {
            SetRows(pages, fits ? offsets!.PageLocations : [], group.NumRows);
        }

        return new ChunkPiece
        {
            Leaf = leaf,
            Codec = chunk.Codec,
            DictionaryBytes = dictionary is { } first ? bytes[first.Offset..first.End] : default,
            Dictionary = dictionary is { } page ? page with { Offset = 0 } : null,
            Bytes = bytes,
            Pages = pages,
            RowCount = group.NumRows,
            ValueCount = chunk.NumValues,
            Index = columns is not null && isOrdered && Fits(columns, pages.Length, leaf) ? columns : null,
            VariableByteCounts = fits && offsets!.UnencodedByteArrayDataBytes.Length == pages.Length ? offsets.UnencodedByteArrayDataBytes : [],
            Statistics = Trusted(chunk, leaf.Type, isOrdered),
            BloomFilter = bloomFilter,
        };
    }

    /// <summary>A piece of what was encoded just now; the memory stays the chunk's.</summary>
    internal static ChunkPiece OfEncoded(Leaf leaf, EncodedChunk chunk, long rowCount)
    {
        ReadOnlyMemory<byte> bytes = chunk.Pages.Join();
        long valueCount = chunk.PageIndex.Sum(static p => (long)p.ValueCount);
        (_, PiecePage[] pages) = Walk(bytes.Span, leaf, valueCount);
        for (int p = 0; p < pages.Length; p++)
        {
            pages[p] = pages[p] with { RowCount = chunk.SplitsRows ? -1 : chunk.PageIndex[p].RowCount };
        }

        ReadOnlyMemory<byte> dictionaryBytes = chunk.DictionaryPage?.WrittenMemory ?? default;
        bool isIndexed = Array.TrueForAll(chunk.PageIndex, static p => p.HasBounds || p.NullCount == p.ValueCount);
        (long[] Repetitions, long[] Definitions)[] histograms = [.. Enumerable.Range(0, pages.Length).Select(p => chunk.Histograms(p))];
        return new ChunkPiece
        {
            Leaf = leaf,
            Codec = chunk.Codec,
            DictionaryBytes = dictionaryBytes,
            Dictionary = dictionaryBytes.IsEmpty ? null : Page(dictionaryBytes.Span, 0),
            Bytes = bytes,
            Pages = pages,
            RowCount = rowCount,
            ValueCount = valueCount,
            Index = !isIndexed ? null : new ColumnIndex
            {
                NullPages = [.. chunk.PageIndex.Select(static p => p.NullCount == p.ValueCount)],
                MinValues = [.. chunk.PageIndex.Select(p => chunk.Minimum(p).ToArray())],
                MaxValues = [.. chunk.PageIndex.Select(p => chunk.Maximum(p).ToArray())],
                NullCounts = [.. chunk.PageIndex.Select(static p => (long)p.NullCount)],
                RepetitionLevelHistograms = [.. histograms.SelectMany(static h => h.Repetitions)],
                DefinitionLevelHistograms = [.. histograms.SelectMany(static h => h.Definitions)],
            },
            VariableByteCounts = [.. chunk.PageIndex.Select(static p => p.VariableByteCount)],
            Statistics = FooterAssembly.Fold(chunk),
        };
    }

    /// <summary>Whether the file says that a leaf's bounds are in the order of its type, and it has one.</summary>
    internal static bool IsOrdered(Leaf leaf, FileMetaData file) =>
        leaf.Type.IsOrdered && leaf.Ordinal < file.ColumnOrders.Length && file.ColumnOrders[leaf.Ordinal] == ColumnOrder.Type;

    private static (PiecePage? Dictionary, PiecePage[] Pages) Walk(ReadOnlySpan<byte> bytes, Leaf leaf, long valueCount)
    {
        PiecePage? dictionary = null;
        var pages = new List<PiecePage>();
        long values = 0;
        for (int at = 0; at < bytes.Length;)
        {
            PiecePage page = Page(bytes, at);
            at = page.End;
            switch (page.Header.Type)
            {
                case PageType.IndexPage:
                    break;
                case PageType.DictionaryPage when dictionary is null && pages.Count == 0
                    && (page.Header.Encoding is ParquetEncoding.Plain or ParquetEncoding.PlainDictionary):
                    dictionary = page;
                    break;
                case PageType.DictionaryPage:
                    throw new ParquetFormatException(
                        $"A second dictionary page, one behind data, or one that is not PLAIN, {page.Offset} bytes into the chunk.");
                case PageType.DataPage or PageType.DataPageV2:
                    pages.Add(leaf.MaxRepetition == 0 ? page with { RowCount = page.Header.NumValues } : page);
                    values += page.Header.NumValues;
                    break;
                default:
                    throw new ParquetFormatException($"A page of type {page.Header.Type}, {page.Offset} bytes into the chunk.");
            }
        }

        if (values != valueCount || (dictionary is null && pages.Exists(static p => p.IsDictionaryEncoded)))
        {
            throw new ParquetFormatException(values != valueCount
                ? $"Pages of {values} values in a chunk of {valueCount}."
                : "Pages of a dictionary, and the chunk has none.");
        }

        return (dictionary, [.. pages]);
    }

    private static PiecePage Page(ReadOnlySpan<byte> bytes, int at)
    {
        PageHeader header = PageHeaderFormat.Read(bytes[at..], out int headerBytes);
        if (header.CompressedPageSize < 0 || header.CompressedPageSize > bytes.Length - at - headerBytes
            || header.UncompressedPageSize < 0 || header.NumValues < 0)
        {
            throw new ParquetFormatException(
                $"A page of {header.CompressedPageSize} bytes ({header.UncompressedPageSize} uncompressed, {header.NumValues} values) "
                + $"where {bytes.Length - at - headerBytes} bytes are left.");
        }

        return new PiecePage(at, headerBytes, header, header.NumRows ?? -1);
    }

    private static void SetRows(PiecePage[] pages, ImmutableArray<PageLocation> locations, long rowCount)
    {
        for (int p = 0; p < locations.Length; p++)
        {
            long end = p + 1 < locations.Length ? locations[p + 1].FirstRowIndex : rowCount;
            long rows = end - locations[p].FirstRowIndex;
            pages[p] = pages[p] with { RowCount = rows is >= 0 and <= int.MaxValue ? (int)rows : -1 };
        }

        if (pages.Sum(static p => (long)p.RowCount) != rowCount)
        {
            for (int p = 0; p < pages.Length; p++)
            {
                pages[p] = pages[p] with { RowCount = -1 };
            }
        }
    }

    /// <summary>Whether the lists of a column index fit the pages, and its bounds the leaf.</summary>
    internal static bool Fits(ColumnIndex index, int pageCount, Leaf leaf)
    {
        if (index.NullPages.Length != pageCount || index.MinValues.Length != pageCount || index.MaxValues.Length != pageCount
            || (!index.NullCounts.IsEmpty && index.NullCounts.Length != pageCount))
        {
            return false;
        }

        for (int p = 0; p < pageCount; p++)
        {
            if (!index.NullPages[p] && !(LeafOrder.Bounds(leaf.Type, index.MinValues[p]) && LeafOrder.Bounds(leaf.Type, index.MaxValues[p])))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Bounds only where their order is defined; that of the deprecated ones is not.</summary>
    internal static Statistics? Trusted(ColumnMetaData chunk, in LeafType leaf, bool isOrdered) => chunk.Statistics switch
    {
        null => null,
        { MinValue: { } min, MaxValue: { } max } all when isOrdered && LeafOrder.Bounds(leaf, min) && LeafOrder.Bounds(leaf, max) => all,
        { } other => new Statistics { NullCount = other.NullCount },
    };
}
