using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// Walks the pages of one chunk, decodes them, and then holds what the footer and the indexes say against what is there. Not thread safe.
/// </summary>
internal sealed class ChunkCheck(
    ParquetFileReader reader, int group, Leaf leaf, CheckNotes notes, Action<long, ColumnVector>? takeValues)
{
    private readonly RowGroup _group = reader.MetaData.RowGroups[group];
    private readonly ColumnChunk _chunk = reader.MetaData.RowGroups[group].Columns[leaf.Ordinal];
    private readonly List<PageFacts> _headers = [];
    private readonly List<CheckedPage> _pages = [];
    private BloomFilter? _filter;
    private bool _isOutsideFilter;
    private long _row;

    private ColumnMetaData Meta => _chunk.MetaData;

    private long Start => reader.Extent(Meta).Start;

    /// <summary>Checks it.</summary>
    /// <param name="values">Its pages, which have been fetched or come by windows; null when they cannot lie where the footer says.</param>
    /// <param name="fault">Why they cannot.</param>
    /// <param name="read">The indexes of its row group; null when one of them is damaged, so that they have to be read one by one.</param>
    /// <param name="cancellation">Stops the reading.</param>
    internal async Task RunAsync(LeafReader? values, ParquetFormatException? fault, PageIndexes? read, CancellationToken cancellation)
    {
        PageIndexes indexes = read is null ? await ReadIndexesAsync(cancellation) : Own(read);
        _filter = indexes.Filters.GetValueOrDefault(leaf.Ordinal);
        notes.IndexCount += indexes.Columns.Count + indexes.Offsets.Count + indexes.Filters.Count;
        if (_chunk is { ColumnIndexOffset: not null, OffsetIndexOffset: null })
        {
            Say(FileFindingKind.ColumnIndex, _chunk.ColumnIndexOffset.Value, "There is a column index without an offset index.");
        }

        if (values is null)
        {
            Say(FileFindingKind.ChunkPlace, Start, fault?.InnerException?.Message ?? fault?.Message ?? "The chunk cannot be read.");
            return;
        }

        if (!await WalkAsync(values, cancellation))
        {
            return;
        }

        var facts = new ChunkFactsCheck(reader, group, leaf, _headers, _pages, notes);
        facts.Run();
        indexes.Offsets.TryGetValue(leaf.Ordinal, out OffsetIndex? offsets);
        indexes.Columns.TryGetValue(leaf.Ordinal, out ColumnIndex? columns);
        new ChunkIndexCheck(reader, group, leaf, _pages, notes).Run(offsets, columns);
    }

    /// <summary>The indexes one by one, so that a damaged one does not hide the others.</summary>
    private async Task<PageIndexes> ReadIndexesAsync(CancellationToken cancellation)
    {
        PageIndexes read = PageIndexes.None;
        int[] one = [leaf.Ordinal];
        (FileFindingKind Kind, long? Offset, Func<Task> Read)[] all =
        [
            (FileFindingKind.ColumnIndex, _chunk.ColumnIndexOffset, async () =>
                read = read with { Columns = await reader.Indexes.ReadColumnsAsync(group, one, cancellation) }),
            (FileFindingKind.OffsetIndex, _chunk.OffsetIndexOffset, async () =>
                read = read with { Offsets = await reader.Indexes.ReadOffsetsAsync(group, one, cancellation) }),
            (FileFindingKind.BloomFilter, Meta.BloomFilterOffset, async () =>
                read = read with { Filters = (await reader.Indexes.ReadAsync(group, [], [], one, cancellation)).Filters }),
        ];
        foreach ((FileFindingKind kind, long? offset, Func<Task> fetch) in all)
        {
            try
            {
                await fetch();
            }
            catch (ParquetFormatException e)
            {
                Say(kind, offset ?? 0, e.InnerException?.Message ?? e.Message);
            }
        }

        return read;
    }

    /// <summary>Those of this chunk.</summary>
    private PageIndexes Own(PageIndexes all)
    {
        PageIndexes own = PageIndexes.None;
        own = all.Columns.TryGetValue(leaf.Ordinal, out ColumnIndex? columns) ? own with { Columns = own.Columns.Add(leaf.Ordinal, columns) } : own;
        own = all.Offsets.TryGetValue(leaf.Ordinal, out OffsetIndex? offsets) ? own with { Offsets = own.Offsets.Add(leaf.Ordinal, offsets) } : own;
        return all.Filters.TryGetValue(leaf.Ordinal, out BloomFilter? filter) ? own with { Filters = own.Filters.Add(leaf.Ordinal, filter) } : own;
    }

    /// <summary>Reads all pages; false when the chunk is not read to its end.</summary>
    private async Task<bool> WalkAsync(LeafReader values, CancellationToken cancellation)
    {
        using var builder = new ColumnBuilder(leaf.Type.Type);
        using var levels = new LevelBuffer();
        values.Log = _headers;
        try
        {
            while (true)
            {
                levels.Clear();
                PageStep step = values.ReadPage(builder, levels);
                if (step == PageStep.End)
                {
                    return true;
                }

                if (step == PageStep.WantsBytes)
                {
                    await values.Bytes.FillAsync(reader.Store, reader.Path, cancellation);
                }
                else
                {
                    Take(builder, levels);
                }
            }
        }
        catch (ParquetFormatException e)
        {
            Say(FileFindingKind.Damage, values.PageOffset, e.Message);
            return false;
        }
        catch (OverflowException)
        {
            Say(FileFindingKind.Damage, values.PageOffset, "A page holds more than 2 GiB of values.");
            return false;
        }
        finally
        {
            foreach (long offset in values.Mismatches)
            {
                Say(FileFindingKind.Checksum, offset, "The page does not match its checksum.");
            }

            notes.PageCount += _headers.Count;
        }
    }

    private void Take(ColumnBuilder builder, LevelBuffer levels)
    {
        PageFacts page = _headers[^1];
        using ColumnVector values = builder.Finish();
        ValueBounds bounds = ValueBounds.For(leaf.Type.Type);
        bounds.Widen(values, 0, values.Length);
        takeValues?.Invoke(_row, values);
        long[] repetitions = Histogram(levels.Repetitions, leaf.MaxRepetition);
        long[] definitions = Histogram(levels.Definitions, leaf.MaxDefinition);
        bool splitsRow = levels.Count > 0 && levels.Repetitions[0] > 0;
        _pages.Add(new CheckedPage(
            page.Offset,
            page.HeaderByteCount + page.Header.CompressedPageSize,
            page.Header,
            splitsRow ? _row - 1 : _row,
            repetitions[0],
            splitsRow,
            levels.Count - definitions[^1],
            repetitions,
            definitions,
            leaf.Type.Stored == ParquetType.ByteArray && leaf.Type.Type.IsVariableWidth ? values.ValuesByteCount : 0,
            bounds.Take()));
        _row += repetitions[0];
        notes.ValueCount += levels.Count;
        CheckFilter(values);
    }

    private void CheckFilter(ColumnVector values)
    {
        for (int i = 0; _filter is not null && !_isOutsideFilter && i < values.Length; i++)
        {
            if (LeafHash.Of(leaf.Type, values, i) is { } hash && !_filter.MightContain(hash))
            {
                _isOutsideFilter = true;
                Say(FileFindingKind.BloomFilter, Meta.BloomFilterOffset ?? 0, $"A value of page {_pages.Count - 1} is not in the bloom filter.");
            }
        }
    }

    private static long[] Histogram(ReadOnlySpan<byte> levels, int max)
    {
        long[] counts = new long[max + 1];
        foreach (byte level in levels)
        {
            counts[level]++;
        }

        return counts;
    }

    private void Say(FileFindingKind kind, long offset, string what) => notes.Say(kind, group, leaf.Name, offset, what);
}
