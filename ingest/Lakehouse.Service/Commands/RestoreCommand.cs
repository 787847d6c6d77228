using System.CommandLine;
using Lakehouse.Hudi;

namespace Lakehouse.Service;

/// <summary><c>restore TABLE --to X</c> and <c>rollback TABLE</c>: a table and its pipelines go back, as one action.</summary>
internal static class RestoreCommand
{
    private const string PlanDescription = "Show what would be done; change nothing.";

    /// <summary><c>restore</c>.</summary>
    internal static Command Create()
    {
        Argument<string> location = Location();
        var to = new Option<string>("--to")
        {
            Description = "Where to go back to: an instant of the timeline, or a savepoint.",
            HelpName = "INSTANT|SAVEPOINT",
            Required = true,
        };
        var planOnly = new Option<bool>("--plan") { Description = PlanDescription };
        return new Command("restore",
            "Takes a table back to an instant or savepoint together with its pipelines' position and state; they read the rest again.")
        {
            location, to, planOnly,
        }.Does((parsed, terminal, cancellation) => RunAsync(
            parsed.GetRequiredValue(location), new RestoreTarget.To(parsed.GetRequiredValue(to)), parsed.GetValue(planOnly), terminal,
            cancellation));
    }

    /// <summary><c>rollback</c>.</summary>
    internal static Command CreateRollback()
    {
        Argument<string> location = Location();
        var last = new Option<int>("--last")
        {
            Description = "How many of the newest instants to undo.",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        last.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int count) && count < 1)
            {
                result.AddError("--last must be at least 1.");
            }
        });
        var planOnly = new Option<bool>("--plan") { Description = PlanDescription };
        return new Command("rollback", "Undoes a table's newest instants, and takes its pipelines' position and state back with them.")
        {
            location, last, planOnly,
        }.Does((parsed, terminal, cancellation) => RunAsync(
            parsed.GetRequiredValue(location), new RestoreTarget.BeforeLast(parsed.GetValue(last)), parsed.GetValue(planOnly), terminal,
            cancellation));
    }

    private static Argument<string> Location() => new("TABLE") { Description = "The table: a folder, or s3://bucket/folder." };

    private static async Task<int> RunAsync(
        string location, RestoreTarget target, bool isPlan, Terminal terminal, CancellationToken cancellation)
    {
        (HudiTable table, TableUpkeep upkeep) = await Tables.OpenForUpkeepAsync(location, cancellation);
        RestorePlan plan = isPlan
            ? await upkeep.PlanRestoreAsync(target, cancellation)
            : await upkeep.RestoreAsync(target, cancellation);
        Show(table, plan, isPlan, terminal);
        return ExitCode.Success;
    }

    private static void Show(HudiTable table, RestorePlan plan, bool isPlan, Terminal terminal)
    {
        terminal.Json(new
        {
            Table = table.Store.Root,
            IsPlan = isPlan,
            plan.Target,
            Savepoint = plan.Savepoint?.Name,
            Undone = plan.Undone.Select(u => new { u.Number, u.Instant, u.Action, RowCount = u.Files.Sum(f => f.RowCount), u.Files }),
            Followers = plan.Followers.Select(f => new { f.Location, f.RowCount, f.Numbers }),
            Rewound = plan.Rewound.Select(r => new
            {
                r.Key.Pipeline, r.Key.Cluster, r.Key.Topic, r.Key.Partition, EndOffsetBefore = r.From, EndOffset = r.To,
            }),
            plan.After.Checkpoints,
        });
        if (terminal.IsJson)
        {
            return;
        }

        terminal.Heading($"{table.Config.Name} in {table.Store.Root}");
        string target = plan.Savepoint is { } savepoint ? $"{plan.Target} (savepoint '{savepoint.Name}')" : plan.Target;
        if (plan.Undone.IsEmpty)
        {
            terminal.Good($"The table is at {target} already.");
            return;
        }

        var undone = new TextTable("Undone", "Action", ">Rows", ">Files", ">Bytes");
        foreach (UndoneInstant instant in plan.Undone)
        {
            undone.Add(instant.Instant, instant.Action, Sizes.Count(instant.Files.Sum(f => f.RowCount)),
                Sizes.Count(instant.Files.Length), Sizes.Bytes(instant.Files.Sum(f => f.ByteCount)));
        }

        terminal.Table(undone);
        var rewound = new TextTable("Pipeline", "Partition", ">Position before", ">Position after");
        foreach ((LedgerKey key, long from, long? end) in plan.Rewound)
        {
            rewound.Add(key.Pipeline, FormattableString.Invariant($"{key.Topic}-{key.Partition}"),
                FormattableString.Invariant($"{from}"), end is { } offset ? FormattableString.Invariant($"{offset}") : "where it starts");
        }

        if (rewound.RowCount > 0)
        {
            terminal.Table(rewound);
        }

        foreach (UndoneFollower follower in plan.Followers)
        {
            terminal.Line(follower.RowCount < 0
                ? $"{Sizes.Count(-follower.RowCount)} replayed dead letters {(isPlan ? "would come" : "came")} back to the table at {follower.Location}."
                : $"{Sizes.Count(follower.RowCount)} rows {(isPlan ? "would go" : "went")} from the table at {follower.Location}.");
        }

        long rows = plan.Undone.Sum(u => u.Files.Sum(f => f.RowCount));
        terminal.Good(isPlan
            ? $"The table would go back to {target}: {Sizes.Count(rows)} rows of {plan.Undone.Length} instants would go."
            : $"The table is back at {target}: {Sizes.Count(rows)} rows of {plan.Undone.Length} instants are gone.");
    }
}
