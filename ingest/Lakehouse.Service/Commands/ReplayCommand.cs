using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Ingest;

namespace Lakehouse.Service;

/// <summary><c>dead-letters replay TABLE --where EXPR --with PIPELINE</c>: the way back for records that could not become rows.</summary>
internal static class ReplayCommand
{
    private const int PartitionsShownMax = 20;

    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var location = new Argument<string>("TABLE")
        {
            Description = "The table that the pipeline writes, or its dead letters: a folder, or s3://bucket/folder.",
        };
        var where = new Option<string>("--where")
        {
            Description = "Which dead letters: a SQL condition over their columns, such as \"kind = 'Oversized'\"; \"true\" for all.",
            Required = true,
        };
        var with = new Option<string?>("--with")
        {
            Description = "The pipeline's file, corrected: what it can decode now is written, its steps applied.",
            HelpName = "PIPELINE",
        };
        var planOnly = new Option<bool>("--plan") { Description = "Show what would be done; change nothing." };
        return new Command("replay",
            "Decodes dead letters again and writes those that are rows now, under their original identity, as one commit of both tables; "
            + "the pipeline may go on meanwhile. A second replay finds them gone and adds nothing.")
        {
            location,
            where,
            with,
            planOnly,
        }.Does(async (parsed, terminal, cancellation) =>
        {
            string file = parsed.GetValue(with) ?? throw new CommandFailedException(ExitCode.Usage,
                "Tables do not keep the schema and the steps that a pipeline decodes with: name its file, corrected, by --with PIPELINE.");
            ReplayAnswer answer = await RunAsync(
                parsed.GetRequiredValue(location), parsed.GetRequiredValue(where), PipelineFiles.Load(file), parsed.GetValue(planOnly),
                cancellation);
            Show(answer, terminal);
            return ExitCode.Success;
        });
    }

    /// <summary>Replays dead letters, or only finds out what would become of them.</summary>
    internal static async Task<ReplayAnswer> RunAsync(
        string location, string where, PipelineDefinition pipeline, bool isPlan, CancellationToken cancellation)
    {
        (HudiTable table, ImmutableArray<HudiTable> routes, HudiTable letters) = await OpenAsync(location, pipeline, cancellation);
        var options = new CommitterOptions
        {
            OpenFollower = (follower, stop) => Tables.OpenAsync(follower, pipeline.S3, stop),
        };
        var replay = new FollowerReplay(
            table, pipeline.DeadLettersPath ?? "", [.. pipeline.Routes.Select(static r => r.Table.Path)], options, // < OpenAsync wants one
            ProcessFacts.Time, ProcessFacts.NewRandom());
        DeadLetterReplay? last = null;
        var causes = new DeadLetterCauses();
        DeadLetterReplay Begin(ReplayStart start)
        {
            // Another try begins anew, with the dead letters that are there then.
            causes = new DeadLetterCauses();
            return last = new DeadLetterReplay(pipeline, table, routes, start, batch => causes.Add(batch));
        }

        var condition = new WhereCondition(where, letters);
        ReplayResult result = isPlan
            ? await replay.PlanAsync(condition, Begin, cancellation)
            : await replay.RunAsync(condition, Begin, cancellation);
        Invariant.Holds(last is not null, "A replay has looked at the dead letters.");
        return new ReplayAnswer(pipeline, table, letters, isPlan, result, last, causes.All);
    }

    /// <summary>Opens both tables of a pipeline. Throws with what does not fit together.</summary>
    private static async Task<(HudiTable Table, ImmutableArray<HudiTable> Routes, HudiTable Letters)> OpenAsync(
        string location, PipelineDefinition pipeline, CancellationToken cancellation)
    {
        string path = pipeline.DeadLettersPath
            ?? throw new CommandFailedException(ExitCode.Usage, $"{pipeline.File} has no 'dead_letters' that could be replayed.");
        HudiTable table = await OpenAsync(pipeline, pipeline.Table, cancellation);
        HudiTable letters = await Tables.OpenAsync(path, pipeline.S3, cancellation);
        string named = Tables.OpenStore(location, pipeline.S3).Root;
        if (named != table.Store.Root && named != letters.Store.Root)
        {
            throw new CommandFailedException(ExitCode.Usage,
                $"{pipeline.File} writes to {table.Store.Root}, its dead letters to {letters.Store.Root}; '{location}' is neither of them.");
        }

        if (!letters.Config.Schema.Equals(PipelineSchemas.DeadLetters))
        {
            throw new CommandFailedException(ExitCode.Usage, $"The table at {letters.Store.Root} holds no dead letters: its columns are others.");
        }

        var routes = ImmutableArray.CreateBuilder<HudiTable>();
        foreach (RouteDefinition route in pipeline.Routes)
        {
            routes.Add(await OpenAsync(pipeline, route.Table, cancellation));
        }

        return (table, routes.ToImmutable(), letters);
    }

    /// <summary>Opens the first table or a route's.</summary>
    private static async Task<HudiTable> OpenAsync(PipelineDefinition pipeline, TableDefinition definition, CancellationToken cancellation)
    {
        HudiTable table = await Tables.OpenAsync(definition.Path, pipeline.S3, cancellation);
        return DeadLetterReplay.WhyNotInto(pipeline, definition, table.Config) is { } reason
            ? throw new CommandFailedException(ExitCode.Usage, $"{pipeline.File} does not fit the table at {table.Store.Root}: {reason}.")
            : table;
    }

    private static void Show(ReplayAnswer answer, Terminal terminal)
    {
        terminal.Json(AsJson(answer));
        if (terminal.IsJson)
        {
            return;
        }

        terminal.Heading($"{Sizes.Count(answer.Replay.Matched)} dead letters in {answer.Letters.Store.Root} match");
        if (answer.Causes.Count > 0)
        {
            terminal.Line($"{Sizes.Count(answer.Replay.StillBad)} are still bad and stay where they are:");
            terminal.Table(DeadLettersCommand.AsTable(answer.Causes));
        }

        if (answer.Replay.OfOtherPipelines > 0)
        {
            terminal.Line($"{Sizes.Count(answer.Replay.OfOtherPipelines)} are records of other pipelines and stay where they are.");
        }

        ShowPartitions(answer, terminal);
        string verb = answer.IsPlan ? "would become" : "became";
        string counts = $"{Sizes.Count(answer.Written)} dead letters {verb} rows of {answer.Table.Store.Root}"
            + (answer.Routed > 0 ? $", {Sizes.Count(answer.Routed)} rows of its routes" : "")
            + (answer.Filtered > 0 ? $", {Sizes.Count(answer.Filtered)} {(answer.IsPlan ? "would be" : "were")} dropped by its filters" : "");
        terminal.Good(answer.Written + answer.Filtered + answer.Routed == 0 ? "There is nothing to replay; nothing was changed."
            : answer.IsPlan ? counts + "."
            : $"{counts}, as of {answer.Result.Instant}.");
    }

    private static void ShowPartitions(ReplayAnswer answer, Terminal terminal)
    {
        foreach ((RouteDefinition route, long rows) in answer.Pipeline.Routes.Zip(answer.Replay.RouteCounts).Where(static r => r.Second > 0))
        {
            terminal.Line($"{Sizes.Count(rows)} rows would go to the table at {route.Table.Path}.");
        }

        if (answer.Replay.Partitions.Count == 0)
        {
            return;
        }

        var partitions = new TextTable("Table partition", ">Rows");
        KeyValuePair<string, long>[] all = [.. answer.Replay.Partitions.OrderByDescending(p => p.Value).ThenBy(p => p.Key, StringComparer.Ordinal)];
        foreach ((string path, long rows) in all.Take(PartitionsShownMax))
        {
            partitions.Add(path.Length == 0 ? "(none)" : path, Sizes.Count(rows));
        }

        terminal.Table(partitions);
        if (all.Length > PartitionsShownMax)
        {
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"and {all.Length - PartitionsShownMax} more; --json lists all."));
        }
    }

    private static object AsJson(ReplayAnswer answer) => new
    {
        Table = answer.Table.Store.Root,
        DeadLetters = answer.Letters.Store.Root,
        answer.IsPlan,
        answer.Result.Instant,
        answer.Replay.Matched,
        answer.Written,
        answer.Filtered,
        answer.Routed,
        answer.Replay.StillBad,
        answer.Replay.OfOtherPipelines,
        answer.Result.FilesReplaced,
        answer.Result.RowsKept,
        Sources = answer.Result.Counts.Select(c => new
        {
            c.Key.Pipeline, c.Key.Cluster, c.Key.Topic, c.Key.Partition, c.Written, c.Filtered, c.Routed,
        }),
        Partitions = answer.Replay.Partitions.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => new { Path = p.Key, RowCount = p.Value }),
        Causes = DeadLettersCommand.AsJson(answer.Causes),
    };
}

/// <summary>How a replay went.</summary>
/// <param name="Pipeline">The pipeline that decoded.</param>
/// <param name="Table">The table that rows went to.</param>
/// <param name="Letters">The dead letters.</param>
/// <param name="IsPlan">Nothing was changed.</param>
/// <param name="Result">What was committed.</param>
/// <param name="Replay">What was found out about the dead letters.</param>
/// <param name="Causes">Why those that stay are still bad.</param>
internal sealed record ReplayAnswer(
    PipelineDefinition Pipeline,
    HudiTable Table,
    HudiTable Letters,
    bool IsPlan,
    ReplayResult Result,
    DeadLetterReplay Replay,
    IReadOnlyList<DeadLetterCause> Causes)
{
    /// <summary>Dead letters that are rows now.</summary>
    internal long Written => Result.Counts.Sum(static c => c.Written);

    /// <summary>Dead letters that are rows of routes' tables now.</summary>
    internal long Routed => Result.Counts.Sum(static c => c.Routed);

    /// <summary>Dead letters that filters dropped.</summary>
    internal long Filtered => Result.Counts.Sum(static c => c.Filtered);
}
