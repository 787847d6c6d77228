using System.CommandLine;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Service;

/// <summary><c>parquet check FILE...</c>: whether files are what they say of themselves.</summary>
internal static class ParquetCheckCommand
{
    /// <summary>The command.</summary>
    internal static Command Create()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "The files: paths, or s3://bucket/key.",
            Arity = ArgumentArity.OneOrMore,
        };
        return new Command("check", "Reads everything and holds headers, checksums, sizes, indexes and statistics against it; "
            + "exit code 1 on any finding.") { files }
            .Does((parsed, terminal, cancellation) => RunAsync(parsed.GetRequiredValue(files), terminal, cancellation));
    }

    private static async Task<int> RunAsync(string[] files, Terminal terminal, CancellationToken cancellation)
    {
        var reports = new List<(string File, FileCheckReport Report)>();
        foreach (string file in files)
        {
            (IObjectStore store, ObjectPath path) = await ParquetCommand.LocateAsync(file, cancellation);
            FileCheckReport report = await FileCheck.RunAsync(store, path, cancellation);
            reports.Add((file, report));
            if (!terminal.IsJson)
            {
                Show(file, report, terminal);
            }
        }

        terminal.Json(reports.Select(static r => new { r.File, r.Report.PageCount, r.Report.ValueCount, r.Report.IndexCount, r.Report.Findings }));
        return reports.TrueForAll(static r => r.Report.Findings.IsEmpty) ? ExitCode.Success : ExitCode.Failed;
    }

    private static void Show(string file, FileCheckReport report, Terminal terminal)
    {
        string read = $"{Sizes.Count(report.PageCount)} pages with {Sizes.Count(report.ValueCount)} values, "
            + $"{Sizes.Count(report.IndexCount)} indexes and filters";
        if (report.Findings.IsEmpty)
        {
            terminal.Line($"{file}: nothing is wrong. {read}.");
            return;
        }

        terminal.Heading($"{file}: {Sizes.Count(report.Findings.Length)} findings. {read}.");
        terminal.Findings(report.Findings, static f => $"{f.Kind}: {f}", isBad: false);
    }
}
