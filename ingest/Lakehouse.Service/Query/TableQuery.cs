using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary>
/// Answers a query from a snapshot of a table. Row groups and pages that cannot hold a matching row are not read, and of the others only the
/// columns that the query names.
/// </summary>
internal sealed class TableQuery
{
    private readonly QueryRequest _request;
    private readonly Schema _schema;
    private readonly Expression? _where;
    private readonly ConditionPruning? _pruning;
    private readonly ImmutableArray<string> _shown;
    private readonly ImmutableArray<string> _read;
    private readonly GroupTable? _groups;
    private readonly List<object?[]> _rows = [];
    private BoundExpression? _condition;
    private bool _hasMore;
    private int _filesRead;
    private int _groupsRead;
    private int _groupsSkipped;
    private long _rowsScanned;

    private TableQuery(Schema schema, QueryRequest request)
    {
        (_schema, _request) = (schema, request);
        _where = Condition(schema, request);
        _pruning = _where is null ? null : new ConditionPruning(_where, schema);

        bool aggregates = request.Aggregates.Length > 0;
        _shown = aggregates ? [] : request.Select.Length > 0
            ? [.. request.Select.Select(name => schema[ColumnNames.Find(schema, name, "--select")].Name)]
            : [.. schema.Fields.Skip(MetaColumns.Count).Select(f => f.Name)];
        IEnumerable<string> keys = request.GroupBy.Select(name => schema[ColumnNames.Find(schema, name, "--group-by")].Name);
        IEnumerable<string> arguments = request.Aggregates.Where(a => a.Column is not null)
            .Select(a => schema[ColumnNames.Find(schema, a.Column!, "--aggregate")].Name); // not null: the condition before
        var read = _shown.Concat(keys).Concat(arguments).Concat(_pruning?.Columns ?? []).Distinct().ToImmutableArray();
        RefuseNested(schema, keys.Concat(arguments));
        _read = read.Length > 0 ? read : [schema[0].Name]; // count(*) of everything: some column tells how many rows there are
        _groups = aggregates ? new GroupTable(Projection(schema, _read), request.GroupBy, request.Aggregates) : null;
    }

    /// <summary>Runs a query. Throws for unknown columns and wrong expressions before anything is read.</summary>
    internal static async Task<QueryResult> RunAsync(HudiTable table, QueryRequest request, CancellationToken cancellation)
    {
        var query = new TableQuery(MetaColumns.FileSchema(table.Config.Schema), request);
        TableSnapshot snapshot = await table.SnapshotAsync(request.Range.At, cancellation);
        RefuseMissing(snapshot);
        IEnumerable<FileSlice> files = snapshot.FileSlices.Where(f => request.Range.Has(f.Instant));
        await foreach ((_, Task<ParquetFileReader> opening) in table.OpenAheadAsync(files, cancellation))
        {
            await query.ReadAsync(await opening, cancellation);
            if (query._hasMore)
            {
                break;
            }
        }

        return query.Result();
    }

    /// <summary>Where, and the row's own instant: a file may hold rows of commits before its own.</summary>
    private static Expression? Condition(Schema schema, QueryRequest request)
    {
        Expression? later = request.Range.Since is { } since ? Expression.Parse($"{MetaColumns.CommitTime} > '{since}'") : null;
        if (request.Where is not { } text)
        {
            return later;
        }

        Expression where = Expression.Parse(text);
        if (where.Bind(schema).Type != TypeKind.Boolean)
        {
            throw new CommandFailedException(ExitCode.Usage, $"--where '{text}' is no condition: it does not give true or false.");
        }

        return later is null ? where : where.And(later);
    }

    private static void RefuseMissing(TableSnapshot snapshot)
    {
        if (snapshot.WholeFrom is { } whole)
        {
            throw new CommandFailedException(ExitCode.Failed,
                $"As of {snapshot.Instant} the table needs files that a clean has deleted; the oldest possible --at is {whole}.");
        }

        string[] missing = [.. snapshot.MissingFiles.Take(2)];
        if (missing.Length > 0)
        {
            throw new CommandFailedException(ExitCode.Failed, $"As of {snapshot.Instant} the table needs '{missing[0]}'"
                + $"{(missing.Length > 1 ? " and other files" : "")}, which is not on storage; 'lakehouse verify' tells what is wrong, "
                + "and a later --at can be read if a clean deleted it.");
        }
    }

    private static void RefuseNested(Schema schema, IEnumerable<string> names)
    {
        if (names.FirstOrDefault(n => schema[schema.IndexOf(n)].Type.IsNested) is { } nested)
        {
            throw new CommandFailedException(ExitCode.Usage,
                $"Column '{nested}' is {schema[schema.IndexOf(nested)].Type}: it can be shown, not grouped by or aggregated.");
        }
    }

    private static Schema Projection(Schema schema, ImmutableArray<string> names) =>
        new([.. names.Select(n => schema[schema.IndexOf(n)])]);

    private async Task ReadAsync(ParquetFileReader reader, CancellationToken cancellation)
    {
        _filesRead++;
        var request = new ReadRequest
        {
            Columns = _read,
            Pruning = _pruning,

            // Without a condition every row counts; one more than the limit tells whether there are more.
            Rows = _where is null && _groups is null ? RowRanges.First(reader.MetaData, _request.Limit - _rows.Count + 1L) : null,
            Decided = (_, rows) => _ = rows.Count > 0 ? _groupsRead++ : _groupsSkipped++,
        };
        await foreach (RecordBatch batch in reader.ScanAsync(request, cancellation))
        {
            _rowsScanned += batch.RowCount;
            using RecordBatch matching = Filter(batch);
            Take(matching);
            if (_hasMore)
            {
                break;
            }
        }
    }

    private RecordBatch Filter(RecordBatch batch)
    {
        if (_where is null)
        {
            return batch;
        }

        _condition ??= _where.Bind(batch.Schema);
        using ColumnVector condition = _condition.Evaluate(batch);
        return RowSelection.Apply(batch, condition);
    }

    private void Take(RecordBatch batch)
    {
        if (_groups is not null)
        {
            _groups.Add(batch);
            return;
        }

        int[] columns = [.. _shown.Select(batch.Schema.IndexOf)];
        for (int row = 0; row < batch.RowCount; row++)
        {
            if (_rows.Count == _request.Limit)
            {
                _hasMore = true;
                return;
            }

            _rows.Add([.. columns.Select(c => Cells.ValueAt(batch.Columns[c], row))]);
        }
    }

    private QueryResult Result()
    {
        ImmutableArray<string> names = _groups is null ? _shown : [.. _request.GroupBy, .. _request.Aggregates.Select(a => a.Name)];
        List<object?[]> rows = _groups?.Rows() ?? _rows;
        bool hasMore = _hasMore || rows.Count > _request.Limit;
        return new QueryResult(names, [.. rows.Take(_request.Limit)], hasMore, _filesRead, _groupsRead, _groupsSkipped, _rowsScanned);
    }
}
