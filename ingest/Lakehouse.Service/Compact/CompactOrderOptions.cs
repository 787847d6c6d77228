using System.CommandLine;
using System.CommandLine.Parsing;
using Lakehouse.Compaction;

namespace Lakehouse.Service;

/// <summary>Tells whoever compacts a table on a schedule, wherever that runs, what is wanted, and shows how it is doing.</summary>
internal sealed class CompactOrderOptions
{
    private readonly Option<bool> _pause = new("--pause")
    {
        Description = "Let whoever merges on a schedule pause, wherever it runs, until --resume. A merge under way ends with the file it is at.",
    };

    private readonly Option<bool> _resume = new("--resume") { Description = "Let it go on." };
    private readonly Option<bool> _runNow = new("--run-now") { Description = "Let it merge now, also while paused or while ingest lags." };
    private readonly Option<bool> _status = new("--status") { Description = "Show how it is doing." };

    private Option<bool>[] All => [_pause, _resume, _runNow, _status];

    internal void AddTo(Command command)
    {
        foreach (Option option in All)
        {
            command.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (All.Count(o => result.GetResult(o) is OptionResult { Implicit: false }) > 1)
            {
                result.AddError("--pause, --resume, --run-now and --status exclude each other; give one of them.");
            }
        });
    }

    internal bool IsGiven(ParseResult parsed) => All.Any(parsed.GetValue);

    internal async Task<int> RunAsync(
        ParseResult parsed, List<CompactTarget> tables, Terminal terminal, CancellationToken cancellation)
    {
        var all = new List<(CompactTarget Target, CompactionOrders Orders, CompactionStatus? Status)>();
        foreach (CompactTarget target in tables)
        {
            var control = new CompactionControl(target.Table.Store);
            CompactionOrders before = await control.ReadOrdersAsync(cancellation);
            CompactionOrders wanted = parsed.GetValue(_pause) ? before with { IsPaused = true }
                : parsed.GetValue(_resume) ? before with { IsPaused = false }
                : parsed.GetValue(_runNow) ? before with { Run = FormattableString.Invariant($"{ProcessFacts.NewRandom().NextInt64():x16}") }
                : before;
            if (wanted != before)
            {
                await control.OrderAsync(wanted, cancellation);
            }

            all.Add((target, wanted, await control.ReadStatusAsync(cancellation)));
        }

        terminal.Json(new
        {
            Tables = all.Select(static a => new
            {
                Table = a.Target.Table.Store.Root,
                a.Orders.IsPaused,
                RunIsOrdered = a.Orders.Run is not null && a.Orders.Run != a.Status?.Obeyed,
                a.Status,
            }),
        });
        foreach ((CompactTarget target, CompactionOrders orders, CompactionStatus? status) in all)
        {
            terminal.Heading($"{target.Table.Config.Name} in {target.Table.Store.Root}");
            terminal.Line(orders.IsPaused ? "Paused; --resume lets it go on." : "Not paused.");
            if (orders.Run is not null && orders.Run != status?.Obeyed)
            {
                terminal.Line("A run is ordered; whoever merges on a schedule begins it within seconds.");
            }

            Show(status, terminal);
        }

        return ExitCode.Success;
    }

    private static void Show(CompactionStatus? status, Terminal terminal)
    {
        if (status is null)
        {
            terminal.Line("Nobody has merged this table on a schedule yet: see 'compaction:' of a pipeline's file, or --every.");
            return;
        }

        terminal.Line($"{status.Owner}, when it was last heard of: {status.State}.");
        if (status.NextDue is { } due)
        {
            terminal.Line(FormattableString.Invariant($"Due next at {due:yyyy-MM-dd HH:mm:ss} UTC."));
        }

        if (status is { LastRun: { } last, LastRunAt: { } at })
        {
            terminal.Line(FormattableString.Invariant($"The last run ended at {at:yyyy-MM-dd HH:mm:ss} UTC: {last}"));
        }
    }
}
