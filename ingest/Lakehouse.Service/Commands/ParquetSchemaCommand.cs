using System.CommandLine;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary><c>parquet schema FILE</c>: the columns of a file, and how they lie in it.</summary>
internal static class ParquetSchemaCommand
{
    /// <summary>The command.</summary>
    internal static Command Create()
    {
        Argument<string> file = ParquetCommand.File();
        return new Command("schema", "Shows the columns as they are read, and the tree of schema elements in the file.") { file }
            .Does((parsed, terminal, cancellation) => RunAsync(parsed.GetRequiredValue(file), terminal, cancellation));
    }

    private static async Task<int> RunAsync(string file, Terminal terminal, CancellationToken cancellation)
    {
        (ParquetFileReader reader, _, _) = await ParquetCommand.OpenAsync(file, cancellation);
        var columns = new TextTable("Column", "Type", "Required");
        foreach (Field field in reader.Schema.Fields)
        {
            columns.Add(field.Name, field.Type.ToString(), field.Required ? "yes" : "");
        }

        terminal.Json(new
        {
            File = file,
            Columns = reader.Schema.Fields.Select(static f => new { f.Name, Type = f.Type.ToString(), f.Required }),
            Elements = reader.MetaData.Schema.Select(static e => new
            {
                e.Name,
                Repetition = e.RepetitionType,
                e.Type,
                TypeLength = e.TypeLength > 0 ? e.TypeLength : (int?)null,
                e.NumChildren,
                Logical = e.LogicalType?.Kind,
                Converted = e.ConvertedType,
            }),
        });
        terminal.Heading(file);
        terminal.Table(columns);
        terminal.Line();
        int next = 0;
        ShowTree(reader.MetaData, ref next, "", terminal);
        return ExitCode.Success;
    }

    private static void ShowTree(FileMetaData meta, ref int next, string indent, Terminal terminal)
    {
        SchemaElement element = meta.Schema[next++];
        string length = element.TypeLength > 0 ? FormattableString.Invariant($"({element.TypeLength})") : "";
        string[] words =
        [
            element.RepetitionType?.ToString().ToLowerInvariant() ?? "message",
            element.Type is { } type ? type + length : "group",
            element.Name,
            element.LogicalType is { } logical ? $"({logical.Kind})" : "",
        ];
        terminal.Line(indent + string.Join(' ', words.Where(static w => w.Length > 0)));
        for (int i = 0; i < element.NumChildren; i++)
        {
            ShowTree(meta, ref next, indent + "  ", terminal);
        }
    }
}
