using System.CommandLine;
using Lakehouse.Compaction;
using Lakehouse.Hudi;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Service;

/// <summary><c>compact TABLE</c>: merges a table's small files, once or on a schedule, and tells those that do what is wanted.</summary>
internal static class CompactCommand
{
    private const int MebibytesMax = 1 << 20;

    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var targets = new Argument<string[]>("TABLE")
        {
            Description = "Tables: a folder, s3://bucket/folder, or a pipeline's file, whose table is meant and whose 'compaction:' is followed.",
            Arity = ArgumentArity.OneOrMore,
        };
        var plan = new Option<bool>("--plan") { Description = "Show what would be merged, and how each column would move; change nothing." };
        var options = new CompactOptions();
        var schedule = new Option<bool>("--scheduled") { Description = "Stay, and merge when the pipelines' files say so." };
        var every = new Option<string?>("--every")
        {
            Description = "Stay, and merge when this cron expression (Quartz, UTC) is due, such as \"0 0/10 * * * ?\".",
            HelpName = "CRON",
        };
        var name = new Option<string>("--name")
        {
            Description = "Of several that stay for one table one works. The name under which it says so, the same after a restart.",
            DefaultValueFactory = _ => "compactor",
        };
        var orders = new CompactOrderOptions();
        var command = new Command("compact",
            "Merges small files into large ones, by whole pages where it can, in commits that change no row. Runs beside writers and readers.")
        {
            targets, plan, schedule, every, name,
        };
        options.AddTo(command);
        orders.AddTo(command);
        return command.Does(async (parsed, terminal, cancellation) =>
        {
            bool stays = parsed.GetValue(schedule) || parsed.GetValue(every) is not null;
            if (new[] { stays, parsed.GetValue(plan), orders.IsGiven(parsed) }.Count(static given => given) > 1)
            {
                throw new CommandFailedException(ExitCode.Usage,
                    "--plan, --every or --scheduled, and --pause, --resume, --run-now or --status exclude each other; give one of them.");
            }

            var tables = new List<CompactTarget>();
            foreach (string named in parsed.GetRequiredValue(targets))
            {
                CompactTarget target = await CompactTarget.OpenAsync(named, cancellation);
                tables.Add(target with { Settings = options.Over(target.Settings, parsed, parsed.GetValue(every)) });
            }

            return orders.IsGiven(parsed) ? await orders.RunAsync(parsed, tables, terminal, cancellation)
                : stays ? await StayAsync(tables, parsed.GetRequiredValue(name), terminal)
                : parsed.GetValue(plan) ? await CompactPlanView.ShowAsync(tables, terminal, cancellation)
                : await RunAsync(tables, terminal, cancellation);
        });
    }

    private static async Task<int> RunAsync(List<CompactTarget> tables, Terminal terminal, CancellationToken cancellation)
    {
        var results = new List<(CompactTarget Target, CompactionResult Result)>();
        foreach (CompactTarget target in tables)
        {
            CompactionRun run = CompactionRun.Of(
                target.Table, target.Settings.Policy, target.Settings.Committing, ProcessFacts.Time, ProcessFacts.NewRandom());
            results.Add((target, await run.RunAsync(cancellation)));
        }

        terminal.Json(new
        {
            Tables = results.Select(static r => new
            {
                Table = r.Target.Table.Store.Root,
                r.Result.Instants,
                r.Result.FilesMerged,
                r.Result.FilesWritten,
                r.Result.FilesDropped,
                r.Result.RowCount,
                r.Result.BytesMerged,
                r.Result.BytesWritten,
                r.Result.Refused,
                Left = r.Result.Plan.Left,
            }),
        });
        foreach ((CompactTarget target, CompactionResult result) in results)
        {
            terminal.Heading($"{target.Table.Config.Name} in {target.Table.Store.Root}");
            if (result.FilesWritten == 0)
            {
                terminal.Line("Nothing was merged.");
            }
            else
            {
                terminal.Good($"{Sizes.Count(result.FilesMerged)} files of {Sizes.Bytes(result.BytesMerged)} are merged into "
                    + $"{Sizes.Count(result.FilesWritten)} of {Sizes.Bytes(result.BytesWritten)}, {Sizes.Count(result.RowCount)} rows, "
                    + $"as of {result.Instants[^1]}.");
                terminal.Line("Readers at older instants still find the old files: they stay on storage until 'lakehouse clean' deletes them.");
            }

            if (result.FilesDropped > 0)
            {
                terminal.Line($"{Sizes.Count(result.FilesDropped)} merged files were dropped: others had replaced their inputs meanwhile.");
            }

            CompactPlanView.ShowLeft(result.Plan, terminal);
            foreach (string refused in result.Refused)
            {
                terminal.Bad(refused);
            }
        }

        return results.All(static r => r.Result.Refused.IsEmpty) ? ExitCode.Success : ExitCode.Failed;
    }

    private static async Task<int> StayAsync(List<CompactTarget> tables, string name, Terminal terminal)
    {
        if (tables.FirstOrDefault(static t => t.Settings.Triggers is { Cron: null, SmallFiles: null, SmallBytes: null }) is { } never)
        {
            throw new CommandFailedException(ExitCode.Usage,
                $"Nothing says when to merge {never.Table.Store.Root}: give --every, or a pipeline's file with 'compaction:'.");
        }

        using ILoggerFactory logs = Logs.Create(terminal);
        using var signals = new StopSignals(terminal, ProcessFacts.Time);
        await Task.WhenAll(tables.Select(target => target.RunAsync(name, logs, signals.Token)));
        return ExitCode.Success;
    }

    /// <summary>A number of MiB.</summary>
    internal static Option<int?> Mebibytes(string name, string description) => Number(name, description, 1, MebibytesMax);

    /// <summary>A whole number within bounds.</summary>
    internal static Option<int?> Number(string name, string description, int min, int max)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int number) && (number < min || number > max))
            {
                result.AddError($"{name} must be from {min} to {max}.");
            }
        });
        return option;
    }
}
