using System.CommandLine;
using Lakehouse.Columns;
using Lakehouse.Ingest;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Service;

/// <summary><c>plan PIPELINE</c>: what running a pipeline would do, without touching anything.</summary>
internal static class PlanCommand
{
    private const int SampleCountByDefault = 10_000;
    private const int PartitionsShownMax = 10;

    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var file = new Argument<string>("PIPELINE") { Description = "A pipeline file (YAML)." };
        var sample = new Option<int>("--sample")
        {
            Description = "Most records to read and put through the steps.",
            DefaultValueFactory = _ => SampleCountByDefault,
        };
        return new Command("plan", "Reads samples and shows schema, partitions, expected files and risks of a pipeline; touches nothing.")
        {
            file,
            sample,
        }.Does(async (parsed, terminal, cancellation) =>
        {
            PipelineDefinition definition = PipelineFiles.Load(parsed.GetRequiredValue(file));
            using ILoggerFactory logs = Logs.Create(terminal);
            PipelinePlan plan = await PipelinePlan.MakeAsync(
                definition, RunningPipeline.World("plan", definition.S3, logs), parsed.GetValue(sample), cancellation);
            terminal.Json(AsJson(plan));
            Show(plan, terminal);
            return ExitCode.Success;
        });
    }

    private static object AsJson(PipelinePlan plan) => new
    {
        plan.Pipeline,
        plan.TableLocation,
        plan.TableExists,
        Schema = plan.Schema.Fields.Select(f => new { f.Name, Type = f.Type.ToString(), f.Required }),
        plan.Routes,
        plan.Splits,
        plan.Sample,
        plan.SubtaskCount,
        plan.MemoryBytes,
        plan.Risks,
    };

    private static void Show(PipelinePlan plan, Terminal terminal)
    {
        if (terminal.IsJson)
        {
            return;
        }

        terminal.Heading($"Pipeline {plan.Pipeline}");
        terminal.Line($"Table: {plan.TableLocation} ({(plan.TableExists ? "is there" : "will be created")})");
        foreach (PlannedRoute route in plan.Routes)
        {
            terminal.Line($"Route: {route.TableLocation} ({(route.TableExists ? "is there" : "will be created")}), where {route.Condition}");
        }

        terminal.Line($"Runs as {plan.SubtaskCount} subtasks within {Sizes.Bytes(plan.MemoryBytes)}.");
        var columns = new TextTable("Column", "Type", "Required");
        foreach (Field field in plan.Schema.Fields)
        {
            columns.Add(field.Name, field.Type.ToString(), field.Required ? "yes" : "");
        }

        terminal.Table(columns);
        var splits = new TextTable("Partition", ">First offset", ">End offset", ">Table's end", ">Waiting");
        long waiting = plan.Splits.Sum(static s => s.Waiting);
        foreach (SplitLag split in plan.Splits)
        {
            splits.Add(split.Name, FormattableString.Invariant($"{split.Low}"), FormattableString.Invariant($"{split.High}"),
                split.InTable is { } end ? FormattableString.Invariant($"{end}") : "-", Sizes.Count(split.Waiting));
        }

        terminal.Table(splits);
        PlannedSample sample = plan.Sample;
        terminal.Line($"Sample: {Sizes.Count(sample.Read)} records, {Sizes.Count(sample.Written)} rows"
            + (plan.Routes.IsEmpty ? "" : $" of the first table, {Sizes.Count(sample.Routed.Sum())} of routes") + ", "
            + $"{Sizes.Count(sample.Filtered)} filtered, {Sizes.Count(sample.DeadLettered)} bad.");
        terminal.Line($"{Sizes.Count(waiting)} records wait: about {Sizes.Bytes(sample.EstimateFileBytes(waiting))} of Parquet.");
        foreach ((string partition, long rows) in sample.Partitions.Take(PartitionsShownMax))
        {
            terminal.Line($"  {(partition.Length == 0 ? "(no partitions)" : partition)}: {Sizes.Count(rows)} sampled rows");
        }

        foreach (PlannedRoute route in plan.Routes)
        {
            terminal.Line($"  {route.TableLocation}: {Sizes.Count(route.SampledRows)} sampled rows");
        }

        foreach (string risk in plan.Risks)
        {
            terminal.Bad("Risk: " + risk);
        }
    }
}
