using System.Numerics;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>What a comparison asks; greater than is less than with the sides exchanged.</summary>
internal interface IComparison
{
    static abstract bool Of<T>(T left, T right)
        where T : IComparisonOperators<T, T, bool>;

    static abstract bool OfOrder(int order);
}

internal readonly struct IsEqual : IComparison
{
    public static bool Of<T>(T left, T right)
        where T : IComparisonOperators<T, T, bool> => left == right;

    public static bool OfOrder(int order) => order == 0;
}

internal readonly struct IsNotEqual : IComparison
{
    public static bool Of<T>(T left, T right)
        where T : IComparisonOperators<T, T, bool> => left != right;

    public static bool OfOrder(int order) => order != 0;
}

internal readonly struct IsLess : IComparison
{
    public static bool Of<T>(T left, T right)
        where T : IComparisonOperators<T, T, bool> => left < right;

    public static bool OfOrder(int order) => order < 0;
}

internal readonly struct IsLessOrEqual : IComparison
{
    public static bool Of<T>(T left, T right)
        where T : IComparisonOperators<T, T, bool> => left <= right;

    public static bool OfOrder(int order) => order <= 0;
}

/// <summary>Compares fixed-width values of one type.</summary>
internal sealed class CompareNode<T, TComparison>(ExpressionNode left, ExpressionNode right) : ExpressionNode(TypeKind.Boolean)
    where T : unmanaged, IComparisonOperators<T, T, bool>
    where TComparison : struct, IComparison
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        EvaluatedColumn a = left.Evaluate(batch);
        EvaluatedColumn b = right.Evaluate(batch);
        var result = new ColumnBuffer(TypeKind.Boolean, batch.RowCount);
        Validity.Combine(result, a.Vector, b.Vector);
        Compare(a.Vector.Values<T>()[..batch.RowCount], b.Vector.Values<T>()[..batch.RowCount], result.Bytes);
        a.Release();
        b.Release();
        return new EvaluatedColumn(result.Finish(), IsOwned: true);
    }

    private static void Compare(ReadOnlySpan<T> lefts, ReadOnlySpan<T> rights, Span<byte> bits)
    {
        int row = 0;
        for (int at = 0; at < bits.Length; at++)
        {
            int count = Math.Min(8, lefts.Length - row);
            int word = 0;
            for (int bit = 0; bit < count; bit++, row++)
            {
                word |= (TComparison.Of(lefts[row], rights[row]) ? 1 : 0) << bit;
            }

            bits[at] = (byte)word;
        }
    }
}

/// <summary>Compares strings or binary by their bytes, which for UTF-8 is the order of code points.</summary>
internal sealed class CompareBytesNode<TComparison>(ExpressionNode left, ExpressionNode right) : ExpressionNode(TypeKind.Boolean)
    where TComparison : struct, IComparison
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        EvaluatedColumn a = left.Evaluate(batch);
        EvaluatedColumn b = right.Evaluate(batch);
        var result = new ColumnBuffer(TypeKind.Boolean, batch.RowCount);
        Validity.Combine(result, a.Vector, b.Vector);
        ReadOnlySpan<byte> lefts = a.Vector.Bytes;
        ReadOnlySpan<byte> rights = b.Vector.Bytes;
        ReadOnlySpan<int> leftOffsets = a.Vector.Offsets;
        ReadOnlySpan<int> rightOffsets = b.Vector.Offsets;
        Span<byte> bits = result.Bytes;
        for (int i = 0; i < batch.RowCount; i++)
        {
            int order = lefts[leftOffsets[i]..leftOffsets[i + 1]].SequenceCompareTo(rights[rightOffsets[i]..rightOffsets[i + 1]]);
            if (TComparison.OfOrder(order))
            {
                Bitmap.Set(bits, i);
            }
        }

        a.Release();
        b.Release();
        return new EvaluatedColumn(result.Finish(), IsOwned: true);
    }
}
