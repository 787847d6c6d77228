using System.Collections.Immutable;
using System.CommandLine;
using Lakehouse.Hudi;

namespace Lakehouse.Service;

/// <summary><c>query TABLE</c>: a look inside.</summary>
internal static class QueryCommand
{
    private const int RowsByDefault = 20;
    private const int GroupsByDefault = 1000;
    private const int CellWidthMax = 60;

    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var location = new Argument<string>("TABLE") { Description = "The table: a folder, or s3://bucket/folder." };
        var select = new Option<string?>("--select") { Description = "Columns to show, such as \"trip_id, fare\"; all by default." };
        var where = new Option<string?>("--where") { Description = "A SQL condition, such as \"fare > 10 and city = 'lima'\"." };
        var groupBy = new Option<string?>("--group-by") { Description = "Columns that make groups." };
        var aggregate = new Option<string?>("--aggregate")
        {
            Description = "What to compute per group: count(*), count, sum, min, max, avg of a column, such as \"count(*), sum(fare)\".",
        };
        var limit = new Option<int?>("--limit")
        {
            Description = $"Most rows to show; {RowsByDefault} by default, of groups {GroupsByDefault}.",
        };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int rows) && rows < 0)
            {
                result.AddError("--limit must not be negative.");
            }
        });
        Option<string?> at = InstantChoice.AtOption();
        Option<string?> since = InstantChoice.SinceOption();
        return new Command("query", "Shows rows or groups of a table; files and row groups that cannot match are not read.")
        {
            location,
            select,
            where,
            groupBy,
            aggregate,
            limit,
            at,
            since,
        }.Does(async (parsed, terminal, cancellation) =>
        {
            QueryRequest request = Request(parsed.GetValue(select), parsed.GetValue(where), parsed.GetValue(groupBy),
                parsed.GetValue(aggregate), parsed.GetValue(limit));
            HudiTable table = await Tables.OpenAsync(parsed.GetRequiredValue(location), cancellation);
            request = request with
            {
                Range = await InstantChoice.RangeAsync(table, parsed.GetValue(at), parsed.GetValue(since), cancellation),
            };
            QueryResult result = await TableQuery.RunAsync(table, request, cancellation);
            Show(result, terminal);
            return ExitCode.Success;
        });
    }

    /// <summary>Shows a result.</summary>
    internal static void Show(QueryResult result, Terminal terminal)
    {
        terminal.Json(new
        {
            result.Columns,
            Rows = result.Rows.Select(r => result.Columns.Select((name, i) => (name, r[i])).ToDictionary(c => c.name, c => c.Item2)),
            result.HasMore,
            result.FilesRead,
            result.RowGroupsRead,
            result.RowGroupsSkipped,
            result.RowsScanned,
        });
        if (terminal.IsJson)
        {
            return;
        }

        var table = new TextTable([.. result.Columns.Select((name, i) =>
            result.Rows.Any(r => r[i] is long or double or float) ? ">" + name : name)]);
        foreach (object?[] row in result.Rows)
        {
            table.Add([.. row.Select(Cells.Text).Select(t => t.Length > CellWidthMax ? t[..(CellWidthMax - 1)] + "…" : t)]);
        }

        terminal.Table(table);
        string skipped = result.RowGroupsSkipped > 0 ? $", {Sizes.Count(result.RowGroupsSkipped)} row groups skipped" : "";
        terminal.Line($"{Sizes.Count(result.Rows.Length)} rows{(result.HasMore ? ", more with a larger --limit" : "")}; "
            + $"{Sizes.Count(result.RowsScanned)} rows of {Sizes.Count(result.FilesRead)} files read{skipped}.");
    }

    private static QueryRequest Request(string? select, string? where, string? groupBy, string? aggregate, int? limit)
    {
        ImmutableArray<string> keys = [.. ColumnNames.Split(groupBy)];
        ImmutableArray<AggregateCall> aggregates = aggregate is null ? [] : AggregateCall.ParseList(aggregate);
        if (select is not null && (keys.Length > 0 || aggregates.Length > 0))
        {
            throw new CommandFailedException(ExitCode.Usage,
                "--select shows rows and cannot go with --group-by or --aggregate; leave it out.");
        }

        if (keys.Length > 0 && aggregates.Length == 0)
        {
            aggregates = AggregateCall.ParseList("count(*)");
        }

        return new QueryRequest
        {
            Select = [.. ColumnNames.Split(select)],
            Where = where,
            GroupBy = keys,
            Aggregates = aggregates,
            Limit = limit ?? (aggregates.Length > 0 ? GroupsByDefault : RowsByDefault),
        };
    }
}
