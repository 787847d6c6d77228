using Spectre.Console;

namespace Lakehouse.Service;

/// <summary>Rows under headings: boxed and coloured on a terminal, aligned plain text when piped.</summary>
/// <param name="Columns">Headings; a heading that starts with '>' is of a right-aligned column.</param>
internal sealed record TextTable(params string[] Columns)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row; missing cells are empty.</summary>
    internal void Add(params string[] cells) => _rows.Add(cells);

    /// <summary>Number of rows added.</summary>
    internal int RowCount => _rows.Count;

    /// <summary>The table for a terminal.</summary>
    internal Table ToSpectre()
    {
        var table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey);
        foreach (string column in Columns)
        {
            var heading = new TableColumn(new Markup($"[bold]{Markup.Escape(column.TrimStart('>'))}[/]"));
            table.AddColumn(column.StartsWith('>') ? heading.RightAligned() : heading);
        }

        foreach (string[] row in _rows)
        {
            table.AddRow(Enumerable.Range(0, Columns.Length).Select(i => new Text(i < row.Length ? row[i] : "")));
        }

        return table;
    }

    /// <summary>The table for a pipe: one line per row, two blanks between columns.</summary>
    internal void WriteTo(TextWriter writer)
    {
        int[] widths = [.. Columns.Select((c, i) =>
            Math.Max(c.TrimStart('>').Length, _rows.Count == 0 ? 0 : _rows.Max(r => i < r.Length ? r[i].Length : 0)))];
        WriteRow(writer, [.. Columns.Select(c => c.TrimStart('>'))], widths);
        foreach (string[] row in _rows)
        {
            WriteRow(writer, row, widths);
        }
    }

    private void WriteRow(TextWriter writer, string[] cells, int[] widths)
    {
        var line = new System.Text.StringBuilder();
        for (int i = 0; i < widths.Length; i++)
        {
            string cell = i < cells.Length ? cells[i] : "";
            line.Append(Columns[i].StartsWith('>') ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i])).Append("  ");
        }

        writer.WriteLine(line.ToString().TrimEnd());
    }
}
