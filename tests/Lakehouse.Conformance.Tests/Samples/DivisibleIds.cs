using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;

namespace Lakehouse.Conformance.Tests;

/// <summary>Rows whose id a number divides.</summary>
internal sealed class DivisibleIds(long divisor) : IRowCondition
{
    public IReadOnlyList<string> Columns { get; } = ["id"];

    public IRowPruning? Pruning => null;

    public ColumnVector Evaluate(RecordBatch rows)
    {
        using var builder = new ColumnBuilder(TypeKind.Boolean);
        foreach (long id in rows.Columns[rows.Schema.IndexOf("id")].Values<long>())
        {
            builder.Append(id % divisor == 0);
        }

        return builder.Finish();
    }
}
