using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// Bounds of a column that is not nested, page by page, or of a whole chunk as one page, as values of the column's type. What does not
/// bound is left out: NaN, bounds whose order is not defined or that have a wrong width (parquet.thrift ColumnOrder, Statistics,
/// ColumnIndex). A zero bounds zeros of both signs, as values compare. Owns its columns.
/// </summary>
public sealed class PageBounds : IDisposable
{
    private readonly ImmutableArray<RowRange> _pages;
    private readonly ImmutableArray<PageNulls> _nulls;

    private PageBounds(
        ColumnType type, ImmutableArray<RowRange> pages, ImmutableArray<PageNulls> nulls, ColumnVector lower, ColumnVector upper) =>
        (Type, _pages, _nulls, Lower, Upper) = (type, pages, nulls, lower, upper);

    /// <summary>The column's type.</summary>
    public ColumnType Type { get; }

    /// <summary>The rows of each page.</summary>
    public ReadOnlySpan<RowRange> Pages => _pages.AsSpan();

    /// <summary>Whether there are nulls in each page.</summary>
    public ReadOnlySpan<PageNulls> Nulls => _nulls.AsSpan();

    /// <summary>A value that no value of the page is below; null where none is known.</summary>
    public ColumnVector Lower { get; }

    /// <summary>A value that no value of the page is above; null where none is known.</summary>
    public ColumnVector Upper { get; }

    /// <summary>The bloom filter over all values of the chunk, if it was read.</summary>
    public BloomFilter? Filter { get; internal init; }

    /// <summary>The hash of a value of the column's type as the bloom filter has it; null when it cannot be told.</summary>
    public ulong? HashOf(ColumnVector values, int index) => LeafHash.Of(Leaf, values, index);

    internal LeafType Leaf { get; private init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Lower.Dispose();
        Upper.Dispose();
    }

    /// <summary>What the statistics of a chunk say.</summary>
    internal static PageBounds OfChunk(in LeafType leaf, bool isOrdered, ColumnMetaData chunk, long rowCount, BloomFilter? filter)
    {
        Statistics? statistics = chunk.Statistics;
        PageNulls nulls = Nullity(statistics?.NullCount, chunk.NumValues);
        return Make(leaf, isOrdered, [new RowRange(0, rowCount)], [nulls], [statistics?.MinValue], [statistics?.MaxValue], filter);
    }

    /// <summary>What the page index of a chunk says; null when its lists do not fit each other.</summary>
    internal static PageBounds? OfPages(
        in LeafType leaf, bool isOrdered, ColumnIndex index, OffsetIndex offsets, long rowCount, BloomFilter? filter)
    {
        int count = offsets.PageLocations.Length;
        if (index.NullPages.Length != count || index.MinValues.Length != count || index.MaxValues.Length != count
            || (!index.NullCounts.IsEmpty && index.NullCounts.Length != count))
        {
            return null;
        }

        var pages = new RowRange[count];
        var nulls = new PageNulls[count];
        var lower = new byte[]?[count];
        var upper = new byte[]?[count];
        for (int i = 0; i < count; i++)
        {
            pages[i] = ChunkPlan.RowsOf(offsets, i, rowCount);
            if (index.NullPages[i] && !index.NullCounts.IsEmpty && index.NullCounts[i] != pages[i].Count)
            {
                return null; // < parquet-mr writes null pages with -1 nulls when it is given pages without statistics.
            }

            nulls[i] = index.NullPages[i] ? PageNulls.Only : Nullity(index.NullCounts.IsEmpty ? null : index.NullCounts[i], pages[i].Count);
            (lower[i], upper[i]) = index.NullPages[i] ? (null, null) : (index.MinValues[i], index.MaxValues[i]);
        }

        return Make(leaf, isOrdered, pages, nulls, lower, upper, filter);
    }

    private static PageBounds Make(
        in LeafType leaf, bool isOrdered, RowRange[] pages, PageNulls[] nulls, byte[]?[] lower, byte[]?[] upper, BloomFilter? filter) =>
        new(leaf.Type, [.. pages], [.. nulls], Column(leaf, isOrdered, lower), Column(leaf, isOrdered, upper))
        {
            Leaf = leaf,
            Filter = filter,
        };

    private static PageNulls Nullity(long? nullCount, long valueCount) => nullCount switch
    {
        0 => PageNulls.None,
        { } nulls when nulls == valueCount => PageNulls.Only,
        _ => PageNulls.Some,
    };

    private static ColumnVector Column(in LeafType leaf, bool isOrdered, byte[]?[] bounds)
    {
        using var builder = new ColumnBuilder(leaf.Type);
        foreach (byte[]? bound in bounds)
        {
            if (bound is null || !isOrdered || !TryAppend(leaf, bound, builder))
            {
                builder.AppendNull();
            }
        }

        return builder.Finish();
    }

    private static bool TryAppend(in LeafType leaf, byte[] bound, ColumnBuilder target)
    {
        if (leaf.Stored == ParquetType.Boolean)
        {
            if (bound.Length == 1)
            {
                target.Append(bound[0] != 0);
            }

            return bound.Length == 1;
        }

        if (leaf.Type.IsVariableWidth)
        {
            target.Append(bound.AsSpan()); // Of fixed-length byte arrays too it may be shortened.
            return true;
        }

        if (leaf.Conversion == LeafConversion.BytesDecimal)
        {
            if (bound.Length is 0 or > 16)
            {
                return false;
            }

            target.Append(BoundOrder.ReadDecimal(bound));
            return true;
        }

        if (bound.Length != leaf.StoredWidth || IsNaN(leaf, bound))
        {
            return false;
        }

        StoredValues.AppendFixed(leaf, bound, target);
        return true;
    }

    private static bool IsNaN(in LeafType leaf, byte[] bound) => (leaf.Stored, leaf.Conversion) switch
    {
        (ParquetType.Float, _) => float.IsNaN(BitConverter.ToSingle(bound)),
        (ParquetType.Double, _) => double.IsNaN(BitConverter.ToDouble(bound)),
        (_, LeafConversion.Half) => Half.IsNaN(BitConverter.ToHalf(bound)),
        _ => false,
    };
}

/// <summary>Whether there are nulls among the values of a page.</summary>
public enum PageNulls
{
    /// <summary>There may be some.</summary>
    Some = 0,

    /// <summary>There are none.</summary>
    None = 1,

    /// <summary>All are.</summary>
    Only = 2,
}
