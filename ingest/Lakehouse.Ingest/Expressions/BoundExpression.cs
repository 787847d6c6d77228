using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>
/// An expression over the columns of one schema, ready to run a batch at a time. Nulls follow SQL's three-valued logic. Where a value
/// cannot be computed (division by zero, overflow, a cast that fails) the result is null. Not thread safe: constants are kept spread out.
/// </summary>
public sealed class BoundExpression
{
    private readonly ExpressionNode _node;

    internal BoundExpression(ExpressionNode node) => _node = node;

    /// <summary>The type of the result.</summary>
    public ColumnType Type => _node.Type;

    /// <summary>
    /// The result for every row, owned by the caller. The batch must have the columns that the expression was
    /// bound to; it stays the caller's.
    /// </summary>
    public ColumnVector Evaluate(RecordBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        EvaluatedColumn result = _node.Evaluate(batch);
        return result.IsOwned ? result.Vector : RowCopy.Of(result.Vector, batch.RowCount);
    }
}
