using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>
/// What the rows of a merged row group are sorted by: the inputs' order where all say the same one and, in its first column, every input lies
/// wholly behind the one before, without nulls. Pure.
/// </summary>
internal static class MergedSorting
{
    /// <summary>The order, with the leaves' positions in the output; empty when there is none.</summary>
    internal static ImmutableArray<SortingColumn> Of(MergedRowGroup group, MergeShape shape, IReadOnlyList<MergeSource> sources)
    {
        RowGroup[] inputs = [.. group.Inputs.Select(i => sources[i.Source].MetaData.RowGroups[i.RowGroup])];
        ImmutableArray<SortingColumn>[] orders = [.. group.Inputs.Select((input, i) => Translate(inputs[i].SortingColumns, shape, input.Source))];
        if (orders[0].IsEmpty || !Array.TrueForAll(orders, o => o.AsSpan().SequenceEqual(orders[0].AsSpan())))
        {
            return [];
        }

        SortingColumn first = inputs[0].SortingColumns[0];
        for (int i = 1; i < inputs.Length; i++)
        {
            Leaf leaf = sources[group.Inputs[i].Source].Reader.Leaves[inputs[i].SortingColumns[0].ColumnIndex];
            Statistics? before = inputs[i - 1].Columns[inputs[i - 1].SortingColumns[0].ColumnIndex].MetaData.Statistics;
            Statistics? after = inputs[i].Columns[leaf.Ordinal].MetaData.Statistics;
            (byte[]? last, byte[]? next) = first.Descending ? (before?.MinValue, after?.MaxValue) : (before?.MaxValue, after?.MinValue);
            if (last is null || next is null || before!.NullCount != 0 || after!.NullCount != 0
                || !LeafOrder.Bounds(leaf.Type, last) || !LeafOrder.Bounds(leaf.Type, next))
            {
                return [];
            }

            int order = LeafOrder.Compare(leaf.Type, last, next);
            if (first.Descending ? order <= 0 : order >= 0)
            {
                return [];
            }
        }

        return orders[0];
    }

    private static ImmutableArray<SortingColumn> Translate(ImmutableArray<SortingColumn> order, MergeShape shape, int source)
    {
        var translated = ImmutableArray.CreateBuilder<SortingColumn>();
        foreach (SortingColumn column in order)
        {
            int position = Array.FindIndex(
                [.. shape.Sources[source].SelectMany(static (c, i) => c.Leaves)],
                l => l is { Origin: LeafOrigin.Pages or LeafOrigin.RequiredPages, Leaf: { } leaf } && leaf.Ordinal == column.ColumnIndex);
            if (position < 0)
            {
                break; // < What comes behind a column that is not there means nothing.
            }

            translated.Add(column with { ColumnIndex = position });
        }

        return translated.ToImmutable();
    }
}
