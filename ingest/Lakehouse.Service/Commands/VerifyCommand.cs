using System.CommandLine;
using Lakehouse.Hudi;

namespace Lakehouse.Service;

/// <summary><c>verify TABLE</c>: proves from the table alone that nothing is lost or doubled.</summary>
internal static class VerifyCommand
{
    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var location = new Argument<string>("TABLE") { Description = "The table: a folder, or s3://bucket/folder." };
        var offsets = new Option<bool?>("--offsets")
        {
            Description = "Read the Kafka coordinates of every row and prove that each is there once; without it that is done for "
                + $"tables of at most {Sizes.Count(TableCheck.OffsetsByDefaultRowCountMax)} rows.",
        };
        var deep = new Option<bool>("--deep")
        {
            Description = "Read every value: hold checksums, bounds and null counts against the values, and print one hash of all rows that "
                + "is the same for two tables, or one table at two instants, with the same rows.",
        };
        Option<string?> at = InstantChoice.AtOption();
        Option<string?> since = InstantChoice.SinceOption();
        return new Command("verify", "Proves from the table alone: no gap, no overlap, counts equal rows. Exit code 1 on any finding.")
        {
            location,
            offsets,
            deep,
            at,
            since,
        }.Does(async (parsed, terminal, cancellation) =>
        {
            HudiTable table = await Tables.OpenAsync(parsed.GetRequiredValue(location), cancellation);
            InstantRange range = await InstantChoice.RangeAsync(table, parsed.GetValue(at), parsed.GetValue(since), cancellation);
            TableCheck check = await TableCheck.RunAsync(
                table, range, parsed.GetValue(offsets), parsed.GetValue(deep), cancellation);
            terminal.Json(AsJson(check));
            Show(check, terminal);
            return check.IsProven ? ExitCode.Success : ExitCode.Failed;
        });
    }

    /// <summary>Shows a check to people.</summary>
    internal static void Show(TableCheck check, Terminal terminal)
    {
        if (terminal.IsJson)
        {
            return;
        }

        VerifyReport report = check.Report;
        terminal.Heading($"{check.Table.Config.Name} in {check.Table.Store.Root}");
        if (report.Partitions.Length > 0)
        {
            var partitions = new TextTable(
                "Pipeline", "Partition", ">First offset", ">Last offset", ">Read", ">Rows", ">Routed", ">Filtered", ">Deduplicated",
                ">Dead letters");
            foreach (PartitionSummary p in report.Partitions)
            {
                partitions.Add(p.Key.Pipeline, FormattableString.Invariant($"{p.Key.Topic}-{p.Key.Partition}"),
                    p.EndOffset > p.FirstOffset ? FormattableString.Invariant($"{p.FirstOffset}") : "-",
                    p.EndOffset > p.FirstOffset ? FormattableString.Invariant($"{p.EndOffset - 1}") : "-",
                    Sizes.Count(p.Read), Sizes.Count(p.Written), Sizes.Count(p.Routed), Sizes.Count(p.Filtered), Sizes.Count(p.Deduplicated),
                    Sizes.Count(p.DeadLettered));
            }

            terminal.Table(partitions);
        }

        terminal.Line($"{Sizes.Count(report.InstantCount)} instants, {Sizes.Count(report.FileCount)} files, "
            + $"{Sizes.Count(report.RowCount)} rows, {Sizes.Bytes(report.ByteCount)}.");
        terminal.Line(report.OffsetsProven is { } rows
            ? $"The Kafka coordinates of {Sizes.Count(rows)} rows were read: "
                + (HasCoordinateFinding(report) ? "not each is there once, see below." : "each is there once.")
            : $"The rows' own Kafka coordinates were not read: {check.OffsetsSkipped}.");
        if (report.Deep is { } values)
        {
            terminal.Line($"Every value of {Sizes.Count(values.RowCount)} rows was read; hash of the rows: {values.Hash}.");
        }

        if (report.RowsErased > 0)
        {
            terminal.Line($"{Sizes.Count(report.RowsErased)} rows were erased on purpose.");
        }

        if (report.RowsReplayed > 0)
        {
            terminal.Line($"{Sizes.Count(report.RowsReplayed)} dead letters were replayed"
                + (report.Partitions.IsEmpty ? " out of this table." : "; they count as rows or as filtered too."));
        }

        foreach (string loss in report.AcceptedLosses)
        {
            terminal.Line($"Accepted loss at {loss}.");
        }

        foreach (string location in check.FollowersOutOfReach)
        {
            terminal.Line($"The table at '{location}' got rows with these commits and cannot be opened from here; it was not checked.");
        }

        ShowVerdict(check, terminal);
        foreach (TableCheck follower in check.Followers)
        {
            terminal.Line();
            Show(follower, terminal);
        }

        ShowTogether(check, terminal);
    }

    private static void ShowTogether(TableCheck check, Terminal terminal)
    {
        if (check.Followers.IsEmpty)
        {
            return;
        }

        terminal.Line();
        string names = string.Join(", ", check.Followers.Select(static f => f.Table.Config.Name).Prepend(check.Table.Config.Name));
        if (!check.IsTogether)
        {
            terminal.Line($"Whether each record is in exactly one of {names} was not looked at: not all of their rows could be read.");
        }
        else if (check.IsProven)
        {
            long rows = check.Report.RowCount + check.Followers.Sum(static f => f.Report.RowCount);
            terminal.Good($"Proven for {names} together: each of {Sizes.Count(rows)} records is in exactly one of them, and none is missing.");
        }
    }

    private static bool HasCoordinateFinding(VerifyReport report) =>
        report.Findings.Any(f =>
        f.Kind is FindingKind.DuplicateRecord or FindingKind.RecordOutOfRange);

    private static void ShowVerdict(TableCheck check, Terminal terminal)
    {
        VerifyReport report = check.Report;
        if (report.IsProven)
        {
            terminal.Good($"Proven for {check.Table.Config.Name}: no gap, no overlap, every count equals the rows.");
            return;
        }

        terminal.Bad($"{Sizes.Count(report.Findings.Length)} findings in {check.Table.Config.Name}:");
        terminal.Findings(report.Findings, static f => $"{f.Kind} at {f.Where}: {f.What}", isBad: true);
    }

    private static object AsJson(TableCheck check) => new
    {
        Table = check.Table.Store.Root,
        check.Table.Config.Name,
        Proven = check.IsProven,
        ProvenTogether = check.Followers.IsEmpty ? (bool?)null : check.IsTogether && check.IsProven,
        check.Report.InstantCount,
        check.Report.FileCount,
        check.Report.RowCount,
        check.Report.ByteCount,
        check.Report.RowsErased,
        check.Report.RowsReplayed,
        check.Report.OffsetsProven,
        check.OffsetsSkipped,
        Partitions = check.Report.Partitions.Select(p => new
        {
            p.Key.Pipeline,
            p.Key.Cluster,
            p.Key.Topic,
            p.Key.Partition,
            p.FirstOffset,
            p.EndOffset,
            p.Read,
            p.Written,
            p.Filtered,
            p.Deduplicated,
            p.DeadLettered,
            p.Replayed,
            p.Routed,
        }),
        check.Report.Findings,
        check.Report.AcceptedLosses,
        Deep = check.Report.Deep is { } deep ? new { deep.RowCount, deep.Hash, deep.Columns } : null,
        check.FollowersOutOfReach,
        Followers = check.Followers.Select(AsJson),
    };
}
