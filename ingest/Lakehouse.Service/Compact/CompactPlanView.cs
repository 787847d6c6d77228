using System.Globalization;
using Lakehouse.Compaction;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary>Shows what a compaction would do: summed up for a person, whole as JSON.</summary>
internal static class CompactPlanView
{
    private const int OutputsShownMax = 20;
    private const int ColumnsShownMax = 40;

    internal static async Task<int> ShowAsync(List<CompactTarget> tables, Terminal terminal, CancellationToken cancellation)
    {
        var documents = new List<object>();
        foreach (CompactTarget target in tables)
        {
            CompactionPlan plan = await CompactionRun.PlanAsync(target.Table, target.Settings.Policy, ProcessFacts.Time, cancellation);
            var forecasts = new List<GroupForecast>();
            await foreach (GroupForecast forecast in CompactionRun.ForecastAsync(
                target.Table, target.Settings.Policy, plan, ProcessFacts.Time, cancellation))
            {
                forecasts.Add(forecast);
            }

            documents.Add(AsJson(target, plan, forecasts));
            if (!terminal.IsJson)
            {
                Show(target, plan, forecasts, terminal);
            }
        }

        terminal.Json(new { Tables = documents });
        return ExitCode.Success;
    }

    /// <summary>Small files that are left alone, and why.</summary>
    internal static void ShowLeft(CompactionPlan plan, Terminal terminal)
    {
        foreach (IGrouping<LeftReason, LeftFiles> left in plan.Left.GroupBy(static l => l.Reason).OrderBy(static g => g.Key))
        {
            string where = left.Count() == 1 ? "" : $" in {Sizes.Count(left.Count())} table partitions";
            terminal.Line($"{Sizes.Count(left.Sum(static l => l.FileCount))} small files of {Sizes.Bytes(left.Sum(static l => l.ByteCount))}{where} "
                + left.Key switch
                {
                    LeftReason.Young => "stay as they are: they are too young.",
                    LeftReason.Hot => "stay as they are: their table partition still gets rows.",
                    _ => "stay as they are: too few to fill a file, or not worth writing a much larger one again.",
                });
        }
    }

    private static void Show(CompactTarget target, CompactionPlan plan, List<GroupForecast> forecasts, Terminal terminal)
    {
        terminal.Heading($"{target.Table.Config.Name} in {target.Table.Store.Root}");
        List<OutputForecast> outputs = [.. forecasts.SelectMany(static f => f.Outputs)];
        if (outputs.Count == 0)
        {
            terminal.Line("Nothing would be merged.");
        }
        else
        {
            terminal.Table(Outputs(outputs));
            if (outputs.Count > OutputsShownMax)
            {
                terminal.Line($"and {Sizes.Count(outputs.Count - OutputsShownMax)} more; --json lists all.");
            }

            terminal.Table(Columns(outputs));
            terminal.Good($"{Sizes.Count(outputs.Sum(static o => o.Inputs.Length))} files of "
                + $"{Sizes.Bytes(outputs.Sum(static o => o.Inputs.Sum(static i => i.File.ByteCount)))} would become {Sizes.Count(outputs.Count)}; "
                + $"about {Seconds(outputs.Sum(static o => o.Plan.EstimatedCpuSeconds))} of CPU.");
        }

        ShowLeft(plan, terminal);
        foreach (string refused in forecasts.SelectMany(static f => f.Refused))
        {
            terminal.Bad(refused);
        }
    }

    private static TextTable Outputs(List<OutputForecast> outputs)
    {
        var table = new TextTable("Table partition", ">Files", ">Bytes", ">Rows", ">Row groups before", ">after", ">CPU");
        foreach (OutputForecast output in outputs.Take(OutputsShownMax))
        {
            table.Add(
                output.Inputs[0].File.PartitionPath,
                Sizes.Count(output.Inputs.Length),
                Sizes.Bytes(output.Inputs.Sum(static i => i.File.ByteCount)),
                Sizes.Count(output.Plan.RowCount),
                Sizes.Count(output.Plan.RowGroups.Sum(static g => g.Inputs.Length)),
                Sizes.Count(output.Plan.RowGroups.Length),
                Seconds(output.Plan.EstimatedCpuSeconds));
        }

        return table;
    }

    /// <summary>Per column what is done how often and why, the most expensive first.</summary>
    private static TextTable Columns(List<OutputForecast> outputs)
    {
        var table = new TextTable("Column", "Tier", ">Chunks", ">Bytes", ">CPU", "Why");
        var steps = outputs.SelectMany(static o => o.Plan.RowGroups).SelectMany(static g => g.Columns)
            .SelectMany(static c => c.Steps.Select(s => (Column: c.Name, Step: s)))
            .GroupBy(static s => (s.Column, s.Step.Tier, s.Step.Reason))
            .Select(static g => (
                g.Key, Count: g.LongCount(), Bytes: g.Sum(static s => s.Step.ByteCount), Cpu: g.Sum(static s => s.Step.EstimatedCpuSeconds)))
            .OrderByDescending(static g => g.Cpu).ThenByDescending(static g => g.Bytes).ToList();
        foreach (var (key, count, bytes, cpu) in steps.Take(ColumnsShownMax))
        {
            table.Add(key.Column, Word(key.Tier), Sizes.Count(count), Sizes.Bytes(bytes), Seconds(cpu), key.Reason);
        }

        if (steps.Count > ColumnsShownMax)
        {
            table.Add($"and {Sizes.Count(steps.Count - ColumnsShownMax)} more");
        }

        return table;
    }

    private static object AsJson(CompactTarget target, CompactionPlan plan, List<GroupForecast> forecasts) => new
    {
        Table = target.Table.Store.Root,
        target.Table.Config.Name,
        target.Settings.Policy.TargetFileBytes,
        plan.InputCount,
        plan.InputBytes,
        plan.Left,
        Refused = forecasts.SelectMany(static f => f.Refused),
        Outputs = forecasts.SelectMany(static f => f.Outputs).Select(static output => new
        {
            output.Inputs[0].File.PartitionPath,
            Inputs = output.Inputs.Select(static i => new { Path = i.File.Path.Value, i.File.ByteCount, i.File.RowCount, i.File.Instant }),
            output.Plan.RowCount,
            output.Plan.ByteCount,
            output.Plan.EstimatedCpuSeconds,
            output.Plan.Dropped,
            RowGroups = output.Plan.RowGroups.Select(static g => new
            {
                g.RowCount,
                g.ByteCount,
                Inputs = g.Inputs.Select(static i => new { Input = i.Source, i.RowGroup }),
                Columns = g.Columns.Select(static c => new
                {
                    c.Name,
                    c.Codec,
                    Tier = Word(c.Tier),
                    c.EstimatedCpuSeconds,
                    Steps = c.Steps.Select(static s => new { Tier = Word(s.Tier), s.Reason, s.ByteCount, s.EstimatedCpuSeconds }),
                }),
            }),
        }),
    };

    private static string Word(MergeTier tier) => tier switch
    {
        MergeTier.Reencode => "re-encode",
        _ => tier.ToString().ToLowerInvariant(),
    };

    private static string Seconds(double seconds) => seconds.ToString(seconds < 10 ? "0.00 s" : "0 s", CultureInfo.InvariantCulture);
}
