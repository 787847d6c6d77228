using System.Buffers;
using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Lakehouse.Columns;

/// <summary>Keeps some rows of a batch: the last step of a filter.</summary>
public static class RowSelection
{
    /// <summary>
    /// The rows whose condition is true, neither false nor null, in their order. Takes the batch over: when all rows pass it is handed
    /// back as it is, else it is disposed. The condition, a boolean for every row, stays the caller's.
    /// </summary>
    public static RecordBatch Apply(RecordBatch batch, ColumnVector condition)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(condition);
        if (condition.Type.Kind != TypeKind.Boolean || condition.Length != batch.RowCount)
        {
            throw new ArgumentException(
                $"A condition of {condition.Length} {condition.Type} for {batch.RowCount} rows.", nameof(condition));
        }

        // A null's bit is zero, so the value bits alone decide.
        int selected = Bitmap.CountOnes(condition.Bytes, batch.RowCount);
        if (selected == batch.RowCount)
        {
            return batch;
        }

        RecordBatch kept = TakeOnes(batch, condition.Bytes, selected);
        batch.Dispose();
        return kept;
    }

    /// <summary>
    /// The rows whose bit is set, <paramref name="count"/> in all, in their order, as a new batch. The batch stays the caller's.
    /// </summary>
    public static RecordBatch TakeOnes(RecordBatch batch, ReadOnlySpan<byte> bits, int count)
    {
        ArgumentNullException.ThrowIfNull(batch);
        int[] rows = ArrayPool<int>.Shared.Rent(Math.Max(count, 1));
        FindOnes(bits, batch.RowCount, rows);
        RecordBatch taken = Take(batch, rows.AsSpan(0, count));
        ArrayPool<int>.Shared.Return(rows);
        return taken;
    }

    /// <summary>The rows at the given positions, in the given order, as a new batch. The batch stays the caller's.</summary>
    public static RecordBatch Take(RecordBatch batch, ReadOnlySpan<int> rows)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var columns = ImmutableArray.CreateBuilder<ColumnVector>(batch.Columns.Length);
        foreach (ColumnVector column in batch.Columns)
        {
            columns.Add(Take(column, rows));
        }

        return new RecordBatch(batch.Schema, columns.MoveToImmutable(), rows.Length);
    }

    /// <summary>The values at the given positions, in the given order, as a new column. The column stays the caller's.</summary>
    public static ColumnVector Take(ColumnVector column, ReadOnlySpan<int> rows)
    {
        ArgumentNullException.ThrowIfNull(column);
        byte[]? validity = TakeBits(column.Validity, rows, out int valid);
        int nullCount = validity is null ? 0 : rows.Length - valid;
        if (validity is not null && nullCount == 0)
        {
            ArrayPool<byte>.Shared.Return(validity);
            validity = null;
        }

        if (column.Type.IsNested)
        {
            return TakeNested(column, rows, validity);
        }

        if (column.Type.IsVariableWidth)
        {
            byte[] slab = TakeBytes(column, rows, out byte[] offsets, out int length);
            return new ColumnVector(column.Type, rows.Length, nullCount, validity, slab, length, offsets);
        }

        if (column.Type.Kind == TypeKind.Boolean)
        {
            byte[] bits = TakeBits(column.Bytes, rows, out _) ?? ArrayPool<byte>.Shared.Rent(1);
            return new ColumnVector(column.Type, rows.Length, nullCount, validity, bits, Bitmap.ByteCount(rows.Length), null);
        }

        int byteCount = rows.Length * column.Type.Width;
        byte[] values = ArrayPool<byte>.Shared.Rent(Math.Max(byteCount, 1));
        switch (column.Type.Width)
        {
            case 4:
                TakeFixed(column.Values<int>(), rows, MemoryMarshal.Cast<byte, int>(values.AsSpan()));
                break;
            case 8:
                TakeFixed(column.Values<long>(), rows, MemoryMarshal.Cast<byte, long>(values.AsSpan()));
                break;
            default:
                TakeFixed(column.Values<Int128>(), rows, MemoryMarshal.Cast<byte, Int128>(values.AsSpan()));
                break;
        }

        return new ColumnVector(column.Type, rows.Length, nullCount, validity, values, byteCount, null);
    }

    private static ColumnVector TakeNested(ColumnVector column, ReadOnlySpan<int> rows, byte[]? validity)
    {
        var children = ImmutableArray.CreateBuilder<ColumnVector>(column.Children.Length);
        int[] offsets = [];
        ReadOnlySpan<int> inner = rows;
        if (column.Type.Kind != TypeKind.Struct)
        {
            offsets = new int[rows.Length + 1];
            for (int i = 0; i < rows.Length; i++)
            {
                offsets[i + 1] = checked(offsets[i] + column.Offsets[rows[i] + 1] - column.Offsets[rows[i]]);
            }

            int[] elements = new int[offsets[^1]];
            for (int i = 0; i < rows.Length; i++)
            {
                for (int e = offsets[i]; e < offsets[i + 1]; e++)
                {
                    elements[e] = column.Offsets[rows[i]] + e - offsets[i];
                }
            }

            inner = elements;
        }

        foreach (ColumnVector child in column.Children)
        {
            children.Add(Take(child, inner));
        }

        ColumnVector taken = ColumnVector.Nested(column.Type, rows.Length, validity, offsets, children.MoveToImmutable());
        if (validity is not null)
        {
            ArrayPool<byte>.Shared.Return(validity);
        }

        return taken;
    }

    private static void FindOnes(ReadOnlySpan<byte> bits, int count, Span<int> rows)
    {
        int found = 0;
        for (int at = 0; at < Bitmap.ByteCount(count); at++)
        {
            uint word = bits[at];
            while (word != 0)
            {
                int row = (at << 3) + BitOperations.TrailingZeroCount(word);
                if (row >= count)
                {
                    return;
                }

                rows[found++] = row;
                word &= word - 1;
            }
        }
    }

    private static void TakeFixed<T>(ReadOnlySpan<T> source, ReadOnlySpan<int> rows, Span<T> destination)
    {
        destination = destination[..rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            destination[i] = source[rows[i]];
        }
    }

    /// <summary>Null when there are no bits to take from.</summary>
    private static byte[]? TakeBits(ReadOnlySpan<byte> source, ReadOnlySpan<int> rows, out int ones)
    {
        ones = 0;
        if (source.IsEmpty)
        {
            return null;
        }

        byte[] bits = ArrayPool<byte>.Shared.Rent(Math.Max(Bitmap.ByteCount(rows.Length), 1));
        bits.AsSpan(0, Bitmap.ByteCount(rows.Length)).Clear();
        for (int i = 0; i < rows.Length; i++)
        {
            if (Bitmap.Get(source, rows[i]))
            {
                Bitmap.Set(bits, i);
                ones++;
            }
        }

        return bits;
    }

    private static byte[] TakeBytes(ColumnVector column, ReadOnlySpan<int> rows, out byte[] offsetBytes, out int length)
    {
        ReadOnlySpan<byte> source = column.Bytes;
        ReadOnlySpan<int> sourceOffsets = column.Offsets;
        offsetBytes = ArrayPool<byte>.Shared.Rent(4 * (rows.Length + 1));
        Span<int> offsets = MemoryMarshal.Cast<byte, int>(offsetBytes.AsSpan());
        length = 0;
        offsets[0] = 0;
        for (int i = 0; i < rows.Length; i++)
        {
            length = checked(length + sourceOffsets[rows[i] + 1] - sourceOffsets[rows[i]]);
            offsets[i + 1] = length;
        }

        byte[] slab = ArrayPool<byte>.Shared.Rent(Math.Max(length, 1));
        for (int i = 0; i < rows.Length; i++)
        {
            int start = sourceOffsets[rows[i]];
            source[start..sourceOffsets[rows[i] + 1]].CopyTo(slab.AsSpan(offsets[i]));
        }

        return slab;
    }
}
