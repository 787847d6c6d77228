using System.CommandLine;
using Lakehouse.Hudi;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary><c>delete TABLE --where EXPR</c>: takes rows out of a table.</summary>
internal static class DeleteCommand
{
    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var location = new Argument<string>("TABLE") { Description = "The table: a folder, or s3://bucket/folder." };
        var where = new Option<string>("--where")
        {
            Description = "A SQL condition, such as \"rider = 'r-17'\"; rows for which it is true go.",
            Required = true,
        };
        return new Command("delete", "Erases rows: writes the files that hold them again without them, as one commit.")
        {
            location,
            where,
        }.Does(async (parsed, terminal, cancellation) =>
        {
            HudiTable table = await Tables.OpenAsync(parsed.GetRequiredValue(location), cancellation);
            ErasureResult result = await RunAsync(table, parsed.GetRequiredValue(where), cancellation);
            Show(table, result, terminal);
            return ExitCode.Success;
        });
    }

    /// <summary>Erases the rows for which a condition is true.</summary>
    internal static async Task<ErasureResult> RunAsync(HudiTable table, string where, CancellationToken cancellation)
    {
        var erasure = new TableErasure(
            table, new CommitterOptions { OpenFollower = Tables.OpenAsync }, ProcessFacts.Time, ProcessFacts.NewRandom())
        {
            Cores = new IdleCores(Environment.ProcessorCount - 1),
        };
        return await erasure.RunAsync(new WhereCondition(where, table), cancellation);
    }

    private static void Show(HudiTable table, ErasureResult result, Terminal terminal)
    {
        terminal.Json(new { Table = table.Store.Root, result.Instant, result.RowsErased, result.RowsKept, result.FilesReplaced });
        if (result.Instant is null)
        {
            terminal.Line("No row matches; nothing was changed.");
            return;
        }

        terminal.Good($"{Sizes.Count(result.RowsErased)} rows are erased as of {result.Instant}; {Sizes.Count(result.RowsKept)} rows of the "
            + $"same {Sizes.Count(result.FilesReplaced)} files were written again.");
        terminal.Line("Readers at older instants still see them: the old files stay on storage until 'lakehouse clean' deletes them.");
    }
}
