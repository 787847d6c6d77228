using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>A chunk that goes over whole: a range of an input, never looked into beyond its first header. Pure.</summary>
internal sealed record StitchedChunk : ChunkFacts
{
    /// <summary>Where it begins in the input.</summary>
    internal required long SourceOffset { get; init; }

    /// <summary>
    /// A chunk as the input's footer and page index describe it. <paramref name="head"/> are its first bytes: whether a dictionary page comes
    /// first is told by that page, not by the footer, which old writers got wrong.
    /// </summary>
    internal static StitchedChunk Of(
        Field field, MergeLeaf target, Leaf leaf, FileMetaData file, RowGroup group, long start, ReadOnlySpan<byte> head, PageIndexes indexes)
    {
        ColumnMetaData chunk = group.Columns[leaf.Ordinal].MetaData;
        PageHeader first = PageHeaderFormat.Read(head, out int headerBytes);
        long dictionary = first.Type == PageType.DictionaryPage ? headerBytes + (long)first.CompressedPageSize : 0;
        if (first.CompressedPageSize < 0 || dictionary > chunk.TotalCompressedSize)
        {
            throw new ParquetFormatException($"A dictionary page of {dictionary} bytes in a chunk of {chunk.TotalCompressedSize}.");
        }

        bool isOrdered = PieceReading.IsOrdered(leaf, file);
        OffsetIndex? offsets = indexes.Offsets.GetValueOrDefault(leaf.Ordinal);
        bool fits = offsets is not null && Fits(offsets.PageLocations, start + dictionary, start + chunk.TotalCompressedSize, group.NumRows);
        ColumnIndex? columns = fits && isOrdered && indexes.Columns.GetValueOrDefault(leaf.Ordinal) is { } found
            && PieceReading.Fits(found, offsets!.PageLocations.Length, leaf) ? found : null; // < Not null: it fits.
        var bounds = new PooledBuffer(1024);
        return new StitchedChunk
        {
            Field = field,
            Path = target.Leaf.Path,
            Type = target.Leaf.Type,
            Codec = chunk.Codec,
            SourceOffset = start,
            DictionaryByteCount = (int)dictionary,
            PagesByteCount = chunk.TotalCompressedSize - dictionary,
            SplitsRows = !fits,
            PageIndex = fits ? Pages(offsets!, columns, leaf, start + dictionary, group.NumRows, bounds) : [],
            HasColumnIndex = columns is not null,
            LevelHistograms = columns is null ? [] : Histograms(columns, leaf),
            MaxRepetition = leaf.MaxRepetition,
            Bounds = bounds,
            Statistics = PieceReading.Trusted(chunk, leaf.Type, isOrdered),
            BloomFilter = indexes.Filters.TryGetValue(leaf.Ordinal, out BloomFilter? filter) ? filter.ToBytes() : [],
            Taken = chunk,
            UncompressedByteCount = chunk.TotalUncompressedSize,
        };
    }

    private static bool Fits(ImmutableArray<PageLocation> pages, long from, long to, long rowCount)
    {
        long row = -1;
        foreach (PageLocation page in pages)
        {
            if (page.Offset < from || page.CompressedPageSize < 0 || page.Offset > to - page.CompressedPageSize || page.FirstRowIndex <= row
                || page.FirstRowIndex >= rowCount)
            {
                return false;
            }

            from = page.Offset + page.CompressedPageSize;
            row = page.FirstRowIndex;
        }

        return pages.Length > 0 && pages[0].FirstRowIndex == 0;
    }

    private static EncodedPage[] Pages(OffsetIndex offsets, ColumnIndex? columns, Leaf leaf, long start, long rowCount, PooledBuffer bounds)
    {
        var pages = new EncodedPage[offsets.PageLocations.Length];
        bool hasSizes = offsets.UnencodedByteArrayDataBytes.Length == pages.Length;
        for (int p = 0; p < pages.Length; p++)
        {
            PageLocation location = offsets.PageLocations[p];
            long end = p + 1 < pages.Length ? offsets.PageLocations[p + 1].FirstRowIndex : rowCount;
            ref EncodedPage page = ref pages[p];
            page.Offset = location.Offset - start;
            page.ByteCount = location.CompressedPageSize;
            page.RowCount = (int)(end - location.FirstRowIndex);
            page.ValueCount = page.RowCount;
            page.VariableByteCount = hasSizes ? offsets.UnencodedByteArrayDataBytes[p] : -1;
            page.NullCount = leaf.MaxDefinition == 0 ? 0
                : columns is { NullCounts.IsEmpty: false } ? (int)columns.NullCounts[p]
                : columns?.NullPages[p] == true ? page.ValueCount : -1;
            if (columns?.NullPages[p] == false)
            {
                page.SetBounds(bounds, columns.MinValues[p], columns.MaxValues[p]);
            }
        }

        return pages;
    }

    private static long[] Histograms(ColumnIndex columns, Leaf leaf)
    {
        int pages = columns.NullPages.Length;
        if (leaf.Path.Length == 1 || columns.DefinitionLevelHistograms.Length != pages * (leaf.MaxDefinition + 1)
            || columns.RepetitionLevelHistograms.Length != pages * (leaf.MaxRepetition + 1))
        {
            return [];
        }

        return
        [
            .. Enumerable.Range(0, pages).SelectMany(p => columns.RepetitionLevelHistograms.Skip(p * (leaf.MaxRepetition + 1)).Take(leaf.MaxRepetition + 1)
                .Concat(columns.DefinitionLevelHistograms.Skip(p * (leaf.MaxDefinition + 1)).Take(leaf.MaxDefinition + 1))),
        ];
    }
}
