using System.Runtime.InteropServices;
using Lakehouse.Columns;
using Lakehouse.Hudi;

namespace Lakehouse.Ingest;

/// <summary>
/// Groups the rows of a batch by the values of the table's partition columns. Rows of a stream come in runs of one partition, so each row
/// is compared with the one before it first; no text is made and nothing is allocated per row.
/// </summary>
internal static class PartitionRouter
{
    /// <summary>
    /// Fills <paramref name="groups"/> with the group of each row and <paramref name="firstRows"/> with the first row of each group.
    /// </summary>
    internal static void Group(RecordBatch rows, ReadOnlySpan<int> columns, Span<int> groups, List<int> firstRows)
    {
        firstRows.Clear();
        int last = 0;
        for (int row = 0; row < rows.RowCount; row++)
        {
            if (row == 0 || !IsSame(rows, columns, row, row - 1))
            {
                last = Find(rows, columns, row, CollectionsMarshal.AsSpan(firstRows));
                if (last == firstRows.Count)
                {
                    firstRows.Add(row);
                }
            }

            groups[row] = last;
        }
    }

    /// <summary>Adds the rows of a batch to the counts of their table partitions. For looks at data: it allocates.</summary>
    internal static void Count(RecordBatch rows, ReadOnlySpan<int> columns, Dictionary<string, long> counts)
    {
        int[] groups = new int[rows.RowCount];
        var firstRows = new List<int>();
        Group(rows, columns, groups, firstRows);
        foreach (IGrouping<int, int> group in groups.GroupBy(static g => g))
        {
            string path = PartitionPath.Of(rows, firstRows[group.Key], columns);
            counts[path] = counts.GetValueOrDefault(path) + group.Count();
        }
    }

    private static int Find(RecordBatch rows, ReadOnlySpan<int> columns, int row, ReadOnlySpan<int> firstRows)
    {
        for (int group = 0; group < firstRows.Length; group++)
        {
            if (IsSame(rows, columns, row, firstRows[group]))
            {
                return group;
            }
        }

        return firstRows.Length;
    }

    private static bool IsSame(RecordBatch rows, ReadOnlySpan<int> columns, int a, int b)
    {
        foreach (int index in columns)
        {
            ColumnVector column = rows.Columns[index];
            bool isValid = column.IsValid(a);
            if (isValid != column.IsValid(b))
            {
                return false;
            }

            if (isValid && !IsSameValue(column, a, b))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSameValue(ColumnVector column, int a, int b)
    {
        if (column.Type.IsVariableWidth)
        {
            return column.BytesAt(a).SequenceEqual(column.BytesAt(b));
        }

        int width = column.Type.Width;
        return width == 0
            ? column.BooleanAt(a) == column.BooleanAt(b)
            : column.Bytes.Slice(a * width, width).SequenceEqual(column.Bytes.Slice(b * width, width));
    }
}
