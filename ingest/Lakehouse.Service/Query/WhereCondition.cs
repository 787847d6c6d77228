using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary>A condition as it stands on the command line.</summary>
internal sealed class WhereCondition : IRowCondition
{
    private readonly Expression _where;
    private readonly ConditionPruning _pruning;

    internal WhereCondition(string text, HudiTable table)
    {
        Schema schema = MetaColumns.FileSchema(table.Config.Schema);
        _where = Expression.Parse(text);
        if (_where.Bind(schema).Type != TypeKind.Boolean)
        {
            throw new CommandFailedException(ExitCode.Usage, $"--where '{text}' is no condition: it does not give true or false.");
        }

        _pruning = new ConditionPruning(_where, schema);
        Columns = _pruning.Columns.Count > 0 ? _pruning.Columns : [schema[0].Name];
    }

    public IReadOnlyList<string> Columns { get; }

    public IRowPruning Pruning => _pruning;

    public ColumnVector Evaluate(RecordBatch rows) => _where.Bind(rows.Schema).Evaluate(rows);
}
