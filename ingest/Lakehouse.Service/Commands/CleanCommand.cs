using System.CommandLine;
using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Service;

/// <summary><c>clean TABLE</c>: deletes what no reader can need any more.</summary>
internal static class CleanCommand
{
    private const int HoursByDefault = 24;
    private const int FilesShownMax = 20;

    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var location = new Argument<string>("TABLE") { Description = "The table: a folder, or s3://bucket/folder." };
        Option<int?> commits = Count("--keep-commits", "Keep the table readable as of each of the newest N commits.");
        Option<int?> hours = Count("--keep-hours",
            $"Keep the table readable as of every commit of the last N hours; without any --keep option {HoursByDefault}.");
        Option<int?> versions = Count("--keep-versions", "Keep the newest N versions of every file that is not replaced.");
        var planOnly = new Option<bool>("--plan") { Description = "Show what would be deleted; delete nothing." };
        return new Command("clean", "Deletes replaced files that no kept commit and no savepoint shows, orphans, and staging of dead writers.")
        {
            location, commits, hours, versions, planOnly,
        }.Does(async (parsed, terminal, cancellation) =>
        {
            CleanPolicy policy = Policy(parsed.GetValue(commits), parsed.GetValue(hours), parsed.GetValue(versions));
            bool isPlan = parsed.GetValue(planOnly);
            (HudiTable table, TableUpkeep upkeep) = await Tables.OpenForUpkeepAsync(parsed.GetRequiredValue(location), cancellation);
            CleanReport report = isPlan
                ? await upkeep.PlanCleanAsync(policy, cancellation)
                : await upkeep.CleanAsync(policy, cancellation);
            Show(table, report, isPlan, terminal);
            return ExitCode.Success;
        });
    }

    /// <summary>The one policy that the options say.</summary>
    private static CleanPolicy Policy(int? commits, int? hours, int? versions) => (commits, hours, versions) switch
    {
        (null, null, null) => new CleanPolicy.KeepHours(HoursByDefault),
        ({ } count, null, null) => new CleanPolicy.KeepCommits(count),
        (null, { } count, null) => new CleanPolicy.KeepHours(count),
        (null, null, { } count) => new CleanPolicy.KeepVersions(count),
        _ => throw new CommandFailedException(ExitCode.Usage,
            "--keep-commits, --keep-hours and --keep-versions exclude each other; give one of them."),
    };

    private static Option<int?> Count(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int count) && count < 1)
            {
                result.AddError($"{name} must be at least 1.");
            }
        });
        return option;
    }

    private static void Show(HudiTable table, CleanReport report, bool isPlan, Terminal terminal)
    {
        terminal.Json(new
        {
            Table = table.Store.Root,
            IsPlan = isPlan,
            report.Plan.EarliestInstant,
            report.Plan.RetainedFrom,
            Files = report.Plan.Files.Select(f => new { Path = f.Path.Value, f.ByteCount, f.ShownUntil }),
            Orphans = report.Orphans.Select(f => new { Path = f.Path.Value, ByteCount = f.Size }),
            Staging = report.Staging.Select(f => new { Path = f.Path.Value, ByteCount = f.Size }),
        });
        string does = isPlan ? "would be deleted" : "deleted";
        terminal.Heading($"{table.Config.Name} in {table.Store.Root}");
        ShowFiles("files that were replaced", does, [.. report.Plan.Files.Select(f => (f.Path, f.ByteCount))], terminal);
        ShowFiles("orphans that no commit names", does, [.. report.Orphans.Select(f => (f.Path, f.Size))], terminal);
        ShowFiles("files that dead writers left in staging", does, [.. report.Staging.Select(f => (f.Path, f.Size))], terminal);
        terminal.Line(report.Plan.RetainedFrom is { } retained
            ? $"The table {(isPlan ? "would stay" : "is")} readable as of every instant from {retained} on."
            : "Every instant of the timeline stays as readable as it is.");
    }

    private static void ShowFiles(string what, string does, IReadOnlyList<(ObjectPath Path, long ByteCount)> files, Terminal terminal)
    {
        terminal.Line($"{Sizes.Count(files.Count)} {what} {does}, {Sizes.Bytes(files.Sum(f => f.ByteCount))}.");
        foreach ((ObjectPath path, long byteCount) in files.Take(FilesShownMax))
        {
            terminal.Line($"  {path} ({Sizes.Bytes(byteCount)})");
        }

        if (files.Count > FilesShownMax)
        {
            terminal.Line($"  and {Sizes.Count(files.Count - FilesShownMax)} more; --json lists all.");
        }
    }
}
