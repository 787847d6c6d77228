using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>AND or OR by SQL's three-valued logic, eight rows at a time. A null's value bit is zero in every input.</summary>
internal sealed class LogicalNode(bool isAnd, ExpressionNode left, ExpressionNode right) : ExpressionNode(TypeKind.Boolean)
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        EvaluatedColumn a = left.Evaluate(batch);
        EvaluatedColumn b = right.Evaluate(batch);
        var result = new ColumnBuffer(TypeKind.Boolean, batch.RowCount);
        ReadOnlySpan<byte> lefts = a.Vector.Bytes;
        ReadOnlySpan<byte> rights = b.Vector.Bytes;
        ReadOnlySpan<byte> leftValidity = a.Vector.Validity;
        ReadOnlySpan<byte> rightValidity = b.Vector.Validity;
        Span<byte> bits = result.Bytes;
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = (byte)(isAnd ? lefts[i] & rights[i] : lefts[i] | rights[i]);
        }

        if (!leftValidity.IsEmpty || !rightValidity.IsEmpty)
        {
            // AND is known when both sides are or one is false; OR when both are or one is true.
            Span<byte> validity = result.Validity();
            for (int i = 0; i < bits.Length; i++)
            {
                int leftKnown = Validity.At(leftValidity, i);
                int rightKnown = Validity.At(rightValidity, i);
                int deciding = isAnd ? (leftKnown & ~lefts[i]) | (rightKnown & ~rights[i]) : lefts[i] | rights[i];
                validity[i] = (byte)((leftKnown & rightKnown) | deciding);
            }
        }

        a.Release();
        b.Release();
        return new EvaluatedColumn(result.Finish(), IsOwned: true);
    }
}

/// <summary>NOT: a null stays null.</summary>
internal sealed class NotNode(ExpressionNode operand) : ExpressionNode(TypeKind.Boolean)
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        EvaluatedColumn input = operand.Evaluate(batch);
        var result = new ColumnBuffer(TypeKind.Boolean, batch.RowCount);
        Validity.Restrict(result, input.Vector);
        ReadOnlySpan<byte> from = input.Vector.Bytes;
        Span<byte> to = result.Bytes;
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = (byte)~from[i];
        }

        input.Release();
        return new EvaluatedColumn(result.Finish(), IsOwned: true);
    }
}

/// <summary>IS NULL and IS NOT NULL: never null.</summary>
internal sealed class IsNullNode(ExpressionNode operand, bool negated) : ExpressionNode(TypeKind.Boolean)
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        EvaluatedColumn input = operand.Evaluate(batch);
        var result = new ColumnBuffer(TypeKind.Boolean, batch.RowCount);
        ReadOnlySpan<byte> validity = input.Vector.Validity;
        Span<byte> bits = result.Bytes;
        for (int i = 0; i < bits.Length; i++)
        {
            int known = Validity.At(validity, i);
            bits[i] = (byte)(negated ? known : ~known);
        }

        input.Release();
        return new EvaluatedColumn(result.Finish(), IsOwned: true);
    }
}
