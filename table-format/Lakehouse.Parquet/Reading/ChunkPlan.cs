using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>Bytes of a chunk that hold whole pages, back to back.</summary>
/// <param name="Offset">Where in the file they begin.</param>
/// <param name="Length">How many there are.</param>
/// <param name="FirstRow">The row of the row group at which their first data page begins; -1 when they are a dictionary.</param>
internal readonly record struct PageRun(long Offset, long Length, long FirstRow);

/// <summary>Which bytes of a chunk are read for which rows (parquet-format PageIndex.md). Pure.</summary>
internal static class ChunkPlan
{
    /// <summary>The whole chunk.</summary>
    internal static ImmutableArray<PageRun> Whole(long start, long length) => [new PageRun(start, length, 0)];

    /// <summary>
    /// The dictionary and the pages with a wanted row; null when the offset index cannot be right, so that everything has to be read.
    /// </summary>
    internal static ImmutableArray<PageRun>? Of(long start, long length, OffsetIndex index, long rowCount, RowRanges rows)
    {
        if (!IsSound(start, length, index, rowCount))
        {
            return null;
        }

        ImmutableArray<PageLocation> pages = index.PageLocations;
        var runs = ImmutableArray.CreateBuilder<PageRun>();
        if (pages[0].Offset > start)
        {
            runs.Add(new PageRun(start, pages[0].Offset - start, -1));
        }

        for (int i = 0; i < pages.Length; i++)
        {
            if (rows.Overlaps(RowsOf(index, i, rowCount)))
            {
                runs.Add(new PageRun(pages[i].Offset, pages[i].CompressedPageSize, pages[i].FirstRowIndex));
            }
        }

        return runs.ToImmutable();
    }

    /// <summary>The rows of a page.</summary>
    internal static RowRange RowsOf(OffsetIndex index, int page, long rowCount) => new(
        index.PageLocations[page].FirstRowIndex,
        page + 1 < index.PageLocations.Length ? index.PageLocations[page + 1].FirstRowIndex : rowCount);

    /// <summary>Whether pages lie in the chunk one after the other and begin at rows that rise from the first.</summary>
    internal static bool IsSound(long start, long length, OffsetIndex index, long rowCount)
    {
        long offset = start;
        long row = -1;
        foreach (PageLocation page in index.PageLocations)
        {
            if (page.Offset < offset || page.CompressedPageSize <= 0 || page.CompressedPageSize > start + length - page.Offset
                || page.FirstRowIndex <= row || page.FirstRowIndex >= rowCount || (row < 0 && page.FirstRowIndex != 0))
            {
                return false;
            }

            (offset, row) = (page.Offset + page.CompressedPageSize, page.FirstRowIndex);
        }

        return row >= 0;
    }
}
