using System.Buffers;
using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>
/// Picks for every row one of several values: of CASE the first whose condition is true, of COALESCE (no conditions) the first that is not
/// null; else null. All values have the node's type and are computed for all rows.
/// </summary>
internal sealed class ChoiceNode(ImmutableArray<ExpressionNode> conditions, ImmutableArray<ExpressionNode> values, ColumnType type)
    : ExpressionNode(type)
{
    private const int None = -1;

    internal override EvaluatedColumn Evaluate(RecordBatch batch)
    {
        using var output = new ColumnBuilder(Type);
        int[] choices = ArrayPool<int>.Shared.Rent(Math.Max(batch.RowCount, 1));
        choices.AsSpan(0, batch.RowCount).Fill(conditions.Length < values.Length && !conditions.IsEmpty ? conditions.Length : None);
        var columns = new EvaluatedColumn[values.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = values[i].Evaluate(batch);
        }

        for (int i = values.Length - 1; i >= 0; i--)
        {
            if (i < conditions.Length)
            {
                EvaluatedColumn condition = conditions[i].Evaluate(batch);
                MarkTrue(condition.Vector.Bytes, choices.AsSpan(0, batch.RowCount), i);
                condition.Release();
            }
            else if (conditions.IsEmpty)
            {
                MarkValid(columns[i].Vector, choices.AsSpan(0, batch.RowCount), i);
            }
        }

        Gather(columns, choices.AsSpan(0, batch.RowCount), output);
        ArrayPool<int>.Shared.Return(choices);
        foreach (EvaluatedColumn column in columns)
        {
            column.Release();
        }

        return new EvaluatedColumn(output.Finish(), IsOwned: true);
    }

    private static void MarkTrue(ReadOnlySpan<byte> bits, Span<int> choices, int choice)
    {
        for (int row = 0; row < choices.Length; row++)
        {
            choices[row] = Bitmap.Get(bits, row) ? choice : choices[row];
        }
    }

    private static void MarkValid(ColumnVector column, Span<int> choices, int choice)
    {
        for (int row = 0; row < choices.Length; row++)
        {
            choices[row] = column.IsValid(row) ? choice : choices[row];
        }
    }

    private void Gather(EvaluatedColumn[] columns, ReadOnlySpan<int> choices, ColumnBuilder output)
    {
        for (int row = 0; row < choices.Length; row++)
        {
            if (choices[row] == None || !columns[choices[row]].Vector.IsValid(row))
            {
                output.AppendNull();
                continue;
            }

            ColumnVector column = columns[choices[row]].Vector;
            if (Type.IsVariableWidth)
            {
                output.Append(column.BytesAt(row));
                continue;
            }

            switch (Type.Width)
            {
                case 4:
                    output.Append(column.Values<int>()[row]);
                    break;
                case 8:
                    output.Append(column.Values<long>()[row]);
                    break;
                case 16:
                    output.Append(column.Values<Int128>()[row]);
                    break;
                default:
                    output.Append(column.BooleanAt(row));
                    break;
            }
        }
    }
}
