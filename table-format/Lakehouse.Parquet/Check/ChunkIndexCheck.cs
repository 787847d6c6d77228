using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Holds the page index of a chunk against its pages. Pure.</summary>
internal sealed class ChunkIndexCheck(
    ParquetFileReader reader, int group, Leaf leaf, IReadOnlyList<CheckedPage> pages, CheckNotes notes)
{
    private readonly ColumnChunk _chunk = reader.MetaData.RowGroups[group].Columns[leaf.Ordinal];

    internal void Run(OffsetIndex? offsets, ColumnIndex? columns)
    {
        if (offsets is not null)
        {
            CheckOffsets(offsets);
        }

        if (columns is not null)
        {
            CheckColumns(columns);
        }
    }

    private void CheckOffsets(OffsetIndex index)
    {
        if (index.PageLocations.Length != pages.Count)
        {
            SayOffsets($"The offset index has {index.PageLocations.Length} pages, the chunk {pages.Count}.");
            return;
        }

        for (int i = 0; i < pages.Count; i++)
        {
            (PageLocation said, CheckedPage page) = (index.PageLocations[i], pages[i]);
            if (said.Offset != page.Offset || said.CompressedPageSize != page.ByteCount)
            {
                SayOffsets($"The offset index has page {i} in {said.CompressedPageSize} bytes at {said.Offset}, "
                    + $"it is in {page.ByteCount} at {page.Offset}.");
            }

            if (page.SplitsRow)
            {
                Say(FileFindingKind.SplitRow, page.Offset, $"Page {i} begins within a row, and there is an offset index.");
            }
            else if (said.FirstRowIndex != page.FirstRow)
            {
                SayOffsets($"The offset index has page {i} begin at row {said.FirstRowIndex}, it begins at {page.FirstRow}.");
            }
        }

        bool areWrong = leaf.Type.Stored == ParquetType.ByteArray && leaf.Type.Type.IsVariableWidth && !index.UnencodedByteArrayDataBytes.IsEmpty
            && !index.UnencodedByteArrayDataBytes.SequenceEqual(pages.Select(static p => p.VariableByteCount));
        if (areWrong)
        {
            Say(FileFindingKind.SizeStatistics, _chunk.OffsetIndexOffset ?? 0, $"The offset index has other bytes of values than the pages.");
        }
    }

    private void CheckColumns(ColumnIndex index)
    {
        int count = pages.Count;
        bool fits = index.NullPages.Length == count && index.MinValues.Length == count && index.MaxValues.Length == count
            && (index.NullCounts.IsEmpty || index.NullCounts.Length == count);
        if (!fits)
        {
            SayColumns($"The column index has {index.NullPages.Length} null pages, {index.MinValues.Length} lower and "
                + $"{index.MaxValues.Length} upper bounds and {index.NullCounts.Length} null counts for {count} pages.");
            return;
        }

        CheckNulls(index);
        CheckBounds(index);
        CheckHistograms("repetition", [.. index.RepetitionLevelHistograms], [.. pages.SelectMany(static p => p.Repetitions)]);
        CheckHistograms("definition", [.. index.DefinitionLevelHistograms], [.. pages.SelectMany(static p => p.Definitions)]);
    }

    private void CheckNulls(ColumnIndex index)
    {
        for (int i = 0; i < pages.Count; i++)
        {
            if (index.NullPages[i] != pages[i].IsNull)
            {
                SayColumns($"The column index {(index.NullPages[i] ? "says" : "does not say")} that all of page {i} is null.");
            }

            if (!index.NullCounts.IsEmpty && index.NullCounts[i] != pages[i].NullCount
                && index.NullCounts[i] != pages[i].Definitions[leaf.SlotDefinition..^1].Sum())
            {
                SayColumns($"The column index says {index.NullCounts[i]} nulls in page {i}, there are {pages[i].NullCount}.");
            }
        }
    }

    private void CheckBounds(ColumnIndex index)
    {
        if (!BoundCheck.CanCheck(reader.MetaData, leaf))
        {
            return;
        }

        var rows = new OffsetIndex([.. pages.Select((p, i) => new PageLocation(p.Offset, p.ByteCount, i))]);
        ColumnIndex bare = index with { NullCounts = [] };
        using PageBounds? stated = PageBounds.OfPages(leaf.Type, isOrdered: true, bare, rows, pages.Count, null);
        if (stated is null)
        {
            return;
        }

        (byte[]? Min, byte[]? Max) last = (null, null);
        for (int i = 0; i < pages.Count; i++)
        {
            if (index.NullPages[i])
            {
                continue;
            }

            if (pages[i].Bounds is { } actual)
            {
                BoundCheck.Hold(leaf.Type.Type, stated, i, actual, what => SayColumns($"The column index has for page {i} {what}"));
            }

            (byte[]? Min, byte[]? Max) next = (BoundCheck.Bound(stated.Lower, i), BoundCheck.Bound(stated.Upper, i));
            if (!IsInOrder(index.BoundaryOrder, last.Min, next.Min) || !IsInOrder(index.BoundaryOrder, last.Max, next.Max))
            {
                SayColumns($"The column index says that its bounds are {index.BoundaryOrder}, those of page {i} are not.");
            }

            last = (next.Min ?? last.Min, next.Max ?? last.Max);
        }
    }

    private bool IsInOrder(BoundaryOrder order, byte[]? before, byte[]? after)
    {
        if (order == BoundaryOrder.Unordered || before is null || after is null)
        {
            return true;
        }

        int compared = BoundOrder.Compare(leaf.Type.Type, before, after);
        return order == BoundaryOrder.Ascending ? compared <= 0 : compared >= 0;
    }

    private void CheckHistograms(string what, long[] said, long[] found)
    {
        if (said.Length > 0 && !said.SequenceEqual(found))
        {
            Say(FileFindingKind.SizeStatistics, _chunk.ColumnIndexOffset ?? 0,
                $"The column index has other histograms of {what} levels than the pages.");
        }
    }

    private void SayOffsets(string what) => Say(FileFindingKind.OffsetIndex, _chunk.OffsetIndexOffset ?? 0, what);

    private void SayColumns(string what) => Say(FileFindingKind.ColumnIndex, _chunk.ColumnIndexOffset ?? 0, what);

    private void Say(FileFindingKind kind, long offset, string what) => notes.Say(kind, group, leaf.Name, offset, what);
}
