using System.CommandLine;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary><c>parquet head FILE</c>: the first rows of a file.</summary>
internal static class ParquetHeadCommand
{
    private const int RowsByDefault = 10;
    private const int CellWidthMax = 40;

    /// <summary>The command.</summary>
    internal static Command Create()
    {
        Argument<string> file = ParquetCommand.File();
        var select = new Option<string?>("--select") { Description = "The columns to show, separated by commas; all without it." };
        var rows = new Option<int>("--rows") { Description = "How many rows.", DefaultValueFactory = static _ => RowsByDefault };
        return new Command("head", "Shows the first rows.") { file, select, rows }.Does((parsed, terminal, cancellation) =>
            RunAsync(parsed.GetRequiredValue(file), parsed.GetValue(select), parsed.GetValue(rows), terminal, cancellation));
    }

    private static async Task<int> RunAsync(string file, string? select, int rowsMax, Terminal terminal, CancellationToken cancellation)
    {
        (ParquetFileReader reader, _, _) = await ParquetCommand.OpenAsync(file, cancellation);
        string[] names = select is null ? [.. reader.Schema.Fields.Select(static f => f.Name)] : [.. ColumnNames.Split(select)];
        if (names.FirstOrDefault(n => reader.Schema.IndexOf(n) < 0) is { } unknown)
        {
            throw new CommandFailedException(ExitCode.Usage, $"'{file}' has no column '{unknown}'; it has {reader.Schema}.");
        }

        var rows = new List<object?[]>();
        var request = new ReadRequest { Columns = names, Rows = RowRanges.First(reader.MetaData, rowsMax) };
        await foreach (RecordBatch batch in reader.ScanAsync(request, cancellation))
        {
            using (batch)
            {
                rows.AddRange(Enumerable.Range(0, batch.RowCount).Select(r => batch.Columns.Select(c => Cells.ValueAt(c, r)).ToArray()));
            }
        }

        terminal.Json(new
        {
            File = file,
            reader.MetaData.NumRows,
            Rows = rows.Select(r => names.Select((name, i) => (name, r[i])).ToDictionary(static c => c.name, static c => c.Item2)),
        });
        var table = new TextTable(names);
        foreach (object?[] row in rows)
        {
            table.Add([.. row.Select(Cells.Text).Select(static t => t.Length > CellWidthMax ? t[..(CellWidthMax - 1)] + "…" : t)]);
        }

        terminal.Table(table);
        terminal.Line($"{Sizes.Count(rows.Count)} of {Sizes.Count(reader.MetaData.NumRows)} rows.");
        return ExitCode.Success;
    }
}
