using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>One operation of a bound expression.</summary>
internal abstract class ExpressionNode(ColumnType type)
{
    /// <summary>The type of the result.</summary>
    internal ColumnType Type { get; } = type;

    /// <summary>True for a bare NULL, which takes the type of what it meets.</summary>
    internal virtual bool IsUntypedNull => false;

    /// <summary>The result for the rows of a batch; the vector may be longer than the batch when it is not owned.</summary>
    internal abstract EvaluatedColumn Evaluate(RecordBatch batch);
}

/// <summary>A result that either belongs to the receiver, who must release it, or to a batch or a constant.</summary>
internal readonly record struct EvaluatedColumn(ColumnVector Vector, bool IsOwned)
{
    internal void Release()
    {
        if (IsOwned)
        {
            Vector.Dispose();
        }
    }
}

/// <summary>A column of the batch.</summary>
internal sealed class ColumnNode(int index, ColumnType type) : ExpressionNode(type)
{
    internal override EvaluatedColumn Evaluate(RecordBatch batch) => new(batch.Columns[index], IsOwned: false);
}

/// <summary>A constant, spread out over as many rows as were ever asked for.</summary>
internal sealed class ConstantNode : ExpressionNode
{
    private ColumnVector _spread;

    internal ConstantNode(ColumnVector value, bool isUntypedNull = false)
        : base(value.Type)
    {
        Value = value;
        IsUntypedNull = isUntypedNull;
        _spread = value;
    }

    /// <summary>The value as a column of one row.</summary>
    internal ColumnVector Value { get; }

    internal override bool IsUntypedNull { get; }

    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        if (_spread.Length < batch.RowCount)
        {
            _spread = RowCopy.Repeat(Value, Math.Max(batch.RowCount, 2 * _spread.Length));
        }

        return new EvaluatedColumn(_spread, IsOwned: false);
    }
}
