using System.Buffers;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>Copies of columns for results that must not share buffers.</summary>
internal static class RowCopy
{
    /// <summary>The first rows of a column.</summary>
    internal static ColumnVector Of(ColumnVector column, int rowCount)
    {
        int[] rows = ArrayPool<int>.Shared.Rent(Math.Max(rowCount, 1));
        for (int i = 0; i < rowCount; i++)
        {
            rows[i] = i;
        }

        ColumnVector copy = RowSelection.Take(column, rows.AsSpan(0, rowCount));
        ArrayPool<int>.Shared.Return(rows);
        return copy;
    }

    /// <summary>The first value, many times.</summary>
    internal static ColumnVector Repeat(ColumnVector column, int rowCount)
    {
        int[] rows = ArrayPool<int>.Shared.Rent(Math.Max(rowCount, 1));
        rows.AsSpan(0, rowCount).Clear();
        ColumnVector repeated = RowSelection.Take(column, rows.AsSpan(0, rowCount));
        ArrayPool<int>.Shared.Return(rows);
        return repeated;
    }
}
