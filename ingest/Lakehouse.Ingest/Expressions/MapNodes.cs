using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>A function of one fixed-width value; false makes the result null.</summary>
internal interface IMap<TIn, TOut>
{
    bool TryApply(TIn value, out TOut result);
}

/// <summary>A function of two values of one type; false makes the result null.</summary>
internal interface IZip<T>
{
    bool TryApply(T left, T right, out T result);
}

/// <summary>A function of the bytes of a string or binary value; false makes the result null.</summary>
internal interface IBytesMap<TOut>
{
    bool TryApply(ReadOnlySpan<byte> value, out TOut result);
}

/// <summary>A value as text of at most <see cref="FormatNode{TIn,TFormat}.LengthMax"/> bytes.</summary>
internal interface IFormat<TIn>
{
    int Format(TIn value, Span<byte> destination);
}

/// <summary>A text as another text, appended to the output.</summary>
internal interface ITextMap
{
    void Append(ReadOnlySpan<byte> value, ColumnBuilder output);
}

/// <summary>Applies a function to every value.</summary>
internal sealed class MapNode<TIn, TOut, TMap>(ExpressionNode operand, ColumnType type, TMap map) : ExpressionNode(type)
    where TIn : unmanaged
    where TOut : unmanaged
    where TMap : struct, IMap<TIn, TOut>
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        EvaluatedColumn input = operand.Evaluate(batch);
        var result = new ColumnBuffer(Type, batch.RowCount);
        Validity.Restrict(result, input.Vector);
        ReadOnlySpan<TIn> values = input.Vector.Values<TIn>()[..batch.RowCount];
        Span<TOut> results = result.Values<TOut>()[..values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            if (!map.TryApply(values[i], out results[i]))
            {
                result.SetNull(i);
            }
        }

        input.Release();
        return new EvaluatedColumn(result.Finish(), IsOwned: true);
    }
}

/// <summary>Applies a function to every pair of values.</summary>
internal sealed class ZipNode<T, TZip>(ExpressionNode left, ExpressionNode right, ColumnType type, TZip zip) : ExpressionNode(type)
    where T : unmanaged
    where TZip : struct, IZip<T>
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        EvaluatedColumn a = left.Evaluate(batch);
        EvaluatedColumn b = right.Evaluate(batch);
        var result = new ColumnBuffer(Type, batch.RowCount);
        Validity.Combine(result, a.Vector, b.Vector);
        ReadOnlySpan<T> lefts = a.Vector.Values<T>()[..batch.RowCount];
        ReadOnlySpan<T> rights = b.Vector.Values<T>()[..lefts.Length];
        Span<T> results = result.Values<T>()[..lefts.Length];
        for (int i = 0; i < lefts.Length; i++)
        {
            if (!zip.TryApply(lefts[i], rights[i], out results[i]))
            {
                result.SetNull(i);
            }
        }

        a.Release();
        b.Release();
        return new EvaluatedColumn(result.Finish(), IsOwned: true);
    }
}

/// <summary>Applies a function to every string or binary value.</summary>
internal sealed class BytesMapNode<TOut, TMap>(ExpressionNode operand, ColumnType type, TMap map) : ExpressionNode(type)
    where TOut : unmanaged
    where TMap : struct, IBytesMap<TOut>
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        EvaluatedColumn input = operand.Evaluate(batch);
        var result = new ColumnBuffer(Type, batch.RowCount);
        Validity.Restrict(result, input.Vector);
        ReadOnlySpan<byte> bytes = input.Vector.Bytes;
        ReadOnlySpan<int> offsets = input.Vector.Offsets;
        Span<TOut> results = result.Values<TOut>();
        for (int i = 0; i < results.Length; i++)
        {
            if (!map.TryApply(bytes[offsets[i]..offsets[i + 1]], out results[i]))
            {
                result.SetNull(i);
            }
        }

        input.Release();
        return new EvaluatedColumn(result.Finish(), IsOwned: true);
    }
}

/// <summary>Writes every value as text.</summary>
internal sealed class FormatNode<TIn, TFormat>(ExpressionNode operand, TFormat format) : ExpressionNode(TypeKind.String)
    where TIn : unmanaged
    where TFormat : struct, IFormat<TIn>
{
    internal const int LengthMax = 64;

    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        using var output = new ColumnBuilder(Type);
        EvaluatedColumn input = operand.Evaluate(batch);
        ReadOnlySpan<TIn> values = input.Vector.Values<TIn>()[..batch.RowCount];
        for (int i = 0; i < values.Length; i++)
        {
            if (input.Vector.IsValid(i))
            {
                output.Commit(format.Format(values[i], output.Prepare(LengthMax)));
            }
            else
            {
                output.AppendNull();
            }
        }

        input.Release();
        return new EvaluatedColumn(output.Finish(), IsOwned: true);
    }
}

/// <summary>Makes another text of every text.</summary>
internal sealed class TextMapNode<TMap>(ExpressionNode operand, ColumnType type, TMap map) : ExpressionNode(type)
    where TMap : struct, ITextMap
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        using var output = new ColumnBuilder(Type);
        EvaluatedColumn input = operand.Evaluate(batch);
        for (int i = 0; i < batch.RowCount; i++)
        {
            if (input.Vector.IsValid(i))
            {
                map.Append(input.Vector.BytesAt(i), output);
            }
            else
            {
                output.AppendNull();
            }
        }

        input.Release();
        return new EvaluatedColumn(output.Finish(), IsOwned: true);
    }
}
