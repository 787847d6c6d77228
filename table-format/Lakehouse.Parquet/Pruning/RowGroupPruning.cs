using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>
/// Which rows of a row group are read for a condition: first by the statistics in the footer, which cost nothing, then by bloom filters and
/// the page index, which are fetched together.
/// </summary>
internal sealed class RowGroupPruning(FileMetaData metaData, PageIndexReader indexes, Func<string, Leaf?> find)
{
    private readonly int _leafCount = metaData.Schema.Count(static e => e.Type is not null);

    internal async Task<RowRanges> RowsAsync(int group, IRowPruning pruning, CancellationToken cancellation)
    {
        RowGroup of = metaData.RowGroups[group];
        var columns = new Dictionary<string, Leaf>(StringComparer.Ordinal);
        foreach (string name in pruning.Columns)
        {
            if (find(name) is { } leaf)
            {
                columns[name] = leaf;
            }
        }

        RowRanges rows = Possible(of, pruning, columns, PageIndexes.None);
        if (rows.Count == 0 || columns.Count == 0)
        {
            return rows;
        }

        int[] paged = [.. columns.Values.Where(l => HasSeveralPages(of.Columns[l.Ordinal])).Select(static l => l.Ordinal)];
        int[] filtered = [.. pruning.EqualityColumns.Where(columns.ContainsKey).Select(name => columns[name].Ordinal)];
        PageIndexes read = await indexes.ReadAsync(group, paged, paged, filtered, cancellation);
        return read.IsEmpty ? rows : rows.And(Possible(of, pruning, columns, read));
    }

    private RowRanges Possible(RowGroup group, IRowPruning pruning, Dictionary<string, Leaf> columns, PageIndexes read)
    {
        var bounds = new Dictionary<string, PageBounds>(StringComparer.Ordinal);
        using var facts = new RowGroupFacts(group.NumRows, bounds);
        foreach ((string name, Leaf leaf) in columns)
        {
            bounds[name] = Bounds(group, leaf, read);
        }

        return pruning.Possible(facts).And(RowRanges.All(group.NumRows));
    }

    private PageBounds Bounds(RowGroup group, Leaf leaf, PageIndexes read)
    {
        ColumnMetaData chunk = group.Columns[leaf.Ordinal].MetaData;
        bool isOrdered = IsOrdered(leaf);
        BloomFilter? filter = read.Filters.GetValueOrDefault(leaf.Ordinal);
        if (read.Columns.TryGetValue(leaf.Ordinal, out ColumnIndex? index)
            && read.Offsets.TryGetValue(leaf.Ordinal, out OffsetIndex? offsets)
            && ChunkPlan.IsSound(0, long.MaxValue, offsets, group.NumRows)
            && PageBounds.OfPages(leaf.Type, isOrdered, index, offsets, group.NumRows, filter) is { } pages)
        {
            return pages;
        }

        return PageBounds.OfChunk(leaf.Type, isOrdered, chunk, group.NumRows, filter);
    }

    /// <summary>
    /// Bounds mean something only where the file says in which order. The total order of IEEE 754 differs from that of the type in NaN and
    /// in the signs of zeros, of which neither matters here.
    /// </summary>
    private bool IsOrdered(Leaf leaf) => leaf.Type.IsOrdered && metaData.ColumnOrders.Length == _leafCount
        && metaData.ColumnOrders[leaf.Ordinal] switch
        {
            ColumnOrder.Type => true,
            ColumnOrder.Ieee754 => leaf.Type.Stored is ParquetType.Float or ParquetType.Double || leaf.Type.Conversion == LeafConversion.Half,
            _ => false,
        };

    /// <summary>The bounds of a single page say no more than those of its chunk.</summary>
    private static bool HasSeveralPages(ColumnChunk chunk) =>
        chunk is { ColumnIndexOffset: not null, OffsetIndexOffset: not null }
        && (chunk.MetaData.EncodingStats.IsEmpty
            || chunk.MetaData.EncodingStats.Where(static s => s.PageType is PageType.DataPage or PageType.DataPageV2).Sum(static s => s.Count) > 1);
}

/// <summary>What was read beside the footer, by chunk.</summary>
/// <param name="Columns">Column indexes.</param>
/// <param name="Offsets">Offset indexes.</param>
/// <param name="Filters">Bloom filters.</param>
public sealed record PageIndexes(
    ImmutableDictionary<int, ColumnIndex> Columns, ImmutableDictionary<int, OffsetIndex> Offsets, ImmutableDictionary<int, BloomFilter> Filters)
{
    /// <summary>Nothing.</summary>
    public static PageIndexes None { get; } = new(
        ImmutableDictionary<int, ColumnIndex>.Empty, ImmutableDictionary<int, OffsetIndex>.Empty, ImmutableDictionary<int, BloomFilter>.Empty);

    /// <summary>Whether there is nothing.</summary>
    public bool IsEmpty => Columns.IsEmpty && Offsets.IsEmpty && Filters.IsEmpty;
}
