using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Lakehouse.Service;

/// <summary>
/// <c>lakehouse test [FILTER]...</c>: runs every test project that the launcher has built, shows what they say and ends with one line,
/// <c>N passed, N failed, N skipped</c>. They run side by side, since many tests wait for brokers and stores while others compute. A filter is
/// any part of a test's full name. A test that hangs is named every five minutes and does not hold up the whole: a project that runs far
/// longer than all its tests need is ended and counts as a failure. Who names tests, perhaps in their long form, waits for them.
/// </summary>
internal static partial class TestCommand
{
    private const string LongRunningSeconds = "300";
    private static readonly TimeSpan RunMax = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    /// <summary>The command for the command line.</summary>
    internal static Command Create()
    {
        var filters = new Argument<string[]>("filter")
        {
            Description = "Part of a test's full name; several widen the choice. Without one all tests run.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        return new Command("test", "Run the test suite. The last line is: N passed, N failed, N skipped.") { filters }
            .Does((parsed, terminal, _) => RunAsync(parsed.GetValue(filters) ?? [], terminal.IsJson));
    }

    /// <summary>
    /// Runs the tests whose names contain one of the filters, or all. As JSON: one document on standard output, the rest on standard
    /// error. Exit code 0 only when at least one test ran and none failed.
    /// </summary>
    internal static async Task<int> RunAsync(string[] filters, bool json)
    {
        TextWriter progress = json ? Console.Error : Console.Out;
        string[] runners = FindRunners();
        if (runners.Length == 0)
        {
            await Console.Error.WriteLineAsync("No tests are built here. Start them with ./lakehouse test, which builds them first.");
            return ExitCode.NotFound;
        }

        var sum = new Counts(0, 0, 0);
        TestProgress[] said = [.. runners.Select(_ => new TestProgress(progress))];
        Task<Counts>[] runs = [.. runners.Select((runner, i) => RunAsync(runner, filters, said[i]))];
        for (int i = 0; i < runs.Length; i++)
        {
            said[i].Show();
            Counts counts = await runs[i];
            sum = new Counts(sum.Passed + counts.Passed, sum.Failed + counts.Failed, sum.Skipped + counts.Skipped);
        }

        bool isEmpty = sum is { Passed: 0, Failed: 0, Skipped: 0 };
        if (isEmpty)
        {
            await Console.Error.WriteLineAsync($"No test's name contains {string.Join(" or ", filters.Select(f => $"'{f}'"))}.");
        }

        await Console.Out.WriteLineAsync(json ? sum.ToJson() : sum.ToString());
        return sum.Failed > 0 || isEmpty ? ExitCode.Failed : ExitCode.Success;
    }

    /// <summary>The executables of the test projects, quick ones first.</summary>
    private static string[] FindRunners()
    {
        string? home = Environment.GetEnvironmentVariable("LAKEHOUSE_HOME");
        string? tests = home is null ? null : Path.Combine(home, "tests");
        if (!Directory.Exists(tests))
        {
            return [];
        }

        // The tests of the same build as this program: bin/<configuration>/<framework>.
        var output = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string configuration = Path.Combine(output.Parent?.Name ?? "", output.Name);
        return [.. Directory.EnumerateDirectories(tests, "*Tests")
            .Select(project => Path.Combine(project, "bin", configuration, Path.GetFileName(project)))
            .Where(File.Exists)
            .OrderBy(runner => Path.GetFileName(runner).Length)];
    }

    private static async Task<Counts> RunAsync(string runner, string[] filters, TestProgress progress)
    {
        var start = new ProcessStartInfo(runner, ["-noLogo", "-noColor", "-noAutoReporters", "-longRunning", LongRunningSeconds])
        {
            RedirectStandardOutput = true,
        };
        foreach (string filter in filters)
        {
            start.ArgumentList.Add("-method");
            start.ArgumentList.Add($"*{filter}*");
        }

        using Process process = Process.Start(start) ?? throw new CommandFailedException(ExitCode.Failed, $"{runner} did not start.");
        Task<Counts?> reading = ReadAsync(process.StandardOutput, progress);
        try
        {
            await process.WaitForExitAsync().WaitAsync(filters.Length == 0 ? RunMax : Timeout.InfiniteTimeSpan, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            progress.Say($"{Path.GetFileName(runner)} did not end within {RunMax.TotalMinutes:F0} minutes and was ended; "
                + "what hung is named above as a long running test. That counts as one failure.");
            return new Counts(0, 1, 0);
        }

        // Not longer: what a test has left behind may hold the output open for ever.
        await Task.WhenAny(reading, Task.Delay(LastWords, TimeProvider.System));
        if (!reading.IsCompleted || await reading is not { } counts)
        {
            progress.Say($"{Path.GetFileName(runner)} ended with exit code {process.ExitCode} "
                + (reading.IsCompleted ? "before it said what became of its tests" : "and left processes behind that hold its output")
                + "; that counts as one failure.");
            return new Counts(0, 1, 0);
        }

        // A runner that fails for a reason of its own must not look green.
        return counts.Failed == 0 && process.ExitCode != 0 ? counts with { Failed = 1 } : counts;
    }

    /// <summary>Passes on what the runner says until it has said all; null when the summary was not among it.</summary>
    private static async Task<Counts?> ReadAsync(StreamReader output, TestProgress progress)
    {
        Counts? counts = null;
        while (await output.ReadLineAsync() is string line)
        {
            if (Summary().Match(line) is { Success: true } summary)
            {
                counts = Counts.Of(summary);
            }
            else if (!line.StartsWith("=== TEST EXECUTION SUMMARY", StringComparison.Ordinal))
            {
                progress.Say(line);
            }
        }

        return counts;
    }

    // The runner says only "Total: 0" when no test was chosen.
    [GeneratedRegex(@"^\s+\S+\s+Total: (?<total>\d+)"
        + @"(, Errors: (?<errors>\d+), Failed: (?<failed>\d+), Skipped: (?<skipped>\d+), Not Run: (?<not>\d+)|$)")]
    private static partial Regex Summary();

    private sealed record Counts(int Passed, int Failed, int Skipped)
    {
        internal static Counts Of(Match summary)
        {
            int failed = Number("failed");
            int skipped = Number("skipped");
            return new Counts(Number("total") - failed - skipped - Number("not"), failed + Number("errors"), skipped);

            int Number(string name) =>
                summary.Groups[name] is { Success: true } group ? int.Parse(group.ValueSpan, CultureInfo.InvariantCulture) : 0;
        }

        internal string ToJson() =>
            FormattableString.Invariant($$"""{"passed":{{Passed}},"failed":{{Failed}},"skipped":{{Skipped}}}""");

        public override string ToString() => FormattableString.Invariant($"{Passed} passed, {Failed} failed, {Skipped} skipped");
    }
}
