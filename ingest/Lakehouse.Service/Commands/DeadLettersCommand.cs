using System.CommandLine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;

namespace Lakehouse.Service;

/// <summary><c>dead-letters list TABLE</c>: what failed, grouped by cause; and <see cref="ReplayCommand"/>.</summary>
internal static class DeadLettersCommand
{
    private const int ExampleWidthMax = 60;

    /// <summary>The command.</summary>
    internal static Command Create() => new("dead-letters", "The records that could not become rows: what is wrong with them, and the way back.")
    {
        CreateList(),
        ReplayCommand.Create(),
    };

    private static Command CreateList()
    {
        var location = new Argument<string>("TABLE")
        {
            Description = "The table that the pipeline writes, or its dead letters: a folder, or s3://bucket/folder.",
        };
        return new Command("list", "Groups the dead letters of a table by what was wrong: kind, column, reason; with count, place and example.")
        {
            location,
        }.Does(async (parsed, terminal, cancellation) =>
        {
            HudiTable table = await Tables.OpenAsync(parsed.GetRequiredValue(location), cancellation);
            IReadOnlyList<HudiTable> letters = await FindAsync(table, cancellation);
            var answers = new List<(HudiTable Table, IReadOnlyList<DeadLetterCause> Causes)>();
            foreach (HudiTable one in letters)
            {
                answers.Add((one, await DeadLetterCauses.ReadAsync(one, cancellation)));
            }

            Show(answers, terminal);
            return ExitCode.Success;
        });
    }

    /// <summary>The table itself when it holds dead letters, else the tables that its commits gave some to.</summary>
    private static async Task<IReadOnlyList<HudiTable>> FindAsync(HudiTable table, CancellationToken cancellation)
    {
        if (table.Config.Schema.Equals(PipelineSchemas.DeadLetters))
        {
            return [table];
        }

        SequenceStatus sequence = await SequenceReader.ReadAsync(table, cancellation);
        var found = new List<HudiTable>();
        foreach (string location in sequence.FollowerLocations)
        {
            HudiTable follower = await Tables.OpenAsync(location, cancellation);
            if (follower.Config.Schema.Equals(PipelineSchemas.DeadLetters))
            {
                found.Add(follower);
            }
        }

        return found;
    }

    private static void Show(List<(HudiTable Table, IReadOnlyList<DeadLetterCause> Causes)> answers, Terminal terminal)
    {
        terminal.Json(answers.Select(a => new
        {
            Table = a.Table.Store.Root,
            Count = a.Causes.Sum(c => c.Count),
            Causes = AsJson(a.Causes),
        }));
        if (terminal.IsJson)
        {
            return;
        }

        if (answers.Count == 0)
        {
            terminal.Line("No commit of this table gave records to dead letters. If its old commits are pruned, name the dead letters' own path.");
        }

        foreach ((HudiTable table, IReadOnlyList<DeadLetterCause> causes) in answers)
        {
            terminal.Heading($"{Sizes.Count(causes.Sum(c => c.Count))} dead letters in {table.Store.Root}");
            terminal.Table(AsTable(causes));
        }
    }

    /// <summary>Causes for people.</summary>
    internal static TextTable AsTable(IReadOnlyList<DeadLetterCause> causes)
    {
        var rows = new TextTable("Kind", "Column", "Reason", ">Count", "First", "Last", "Example");
        foreach (DeadLetterCause cause in causes)
        {
            rows.Add(cause.Kind, cause.Column ?? "", cause.Reason, Sizes.Count(cause.Count), cause.First.ToString(), cause.Last.ToString(),
                Shortened(cause.Example));
        }

        return rows;
    }

    /// <summary>Causes for programs.</summary>
    internal static object AsJson(IReadOnlyList<DeadLetterCause> causes) =>
        causes.Select(c => new { c.Kind, c.Column, c.Reason, c.Count, First = Place(c.First), Last = Place(c.Last), c.Example });

    private static object Place(RecordPlace place) => new { place.Topic, place.Partition, place.Offset };

    private static string Shortened(string? example)
    {
        string text = (example ?? "(no value)").ReplaceLineEndings(" ");
        return text.Length > ExampleWidthMax ? text[..(ExampleWidthMax - 1)] + "…" : text;
    }
}
