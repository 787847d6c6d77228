using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Lakehouse.Testing;

namespace Lakehouse.Benchmarks;

/// <summary>The programs beside the repository that do the same work with arrow-rs, run on the same data in the same session.</summary>
internal static partial class Yardstick
{
    /// <summary>
    /// Runs <c>bench</c> once: JSON decoding in three batch sizes, then encoding with three codecs, three rounds each of which the first
    /// warms up. Null when it is not there. The key of a round is what its line says before its figures, such as <c>encode codec=zstd</c>.
    /// </summary>
    internal static ILookup<string, YardstickRound>? Bench(Arguments arguments)
    {
        if (Surroundings.Shared("yardstick", "bench") is not { } program)
        {
            return null;
        }

        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        start.ArgumentList.Add(arguments.Ndjson);
        start.ArgumentList.Add(arguments.RowCount.ToString(CultureInfo.InvariantCulture));
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        var rounds = new List<(string Key, YardstickRound Round)>();
        double before = 0;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            // < A line is written as soon as its round ends, and the program has one thread: its clock now is the round's end. The
            //   last line is followed by the program's end, so its clock may be gone; that round is left out.
            if (!TryReadClock(process.Id, out double now))
            {
                break;
            }

            string key = string.Join(' ', line.Split(' ').Take(2));
            rounds.Add((key, new YardstickRound(now - before, Megabytes(line))));
            before = now;
        }

        process.WaitForExit();
        return rounds.GroupBy(r => r.Key)
            .SelectMany(rounds => rounds.Skip(1))
            .ToLookup(r => r.Key, r => r.Round);
    }

    /// <summary>The versions that the yardstick was built with.</summary>
    internal static string Versions()
    {
        if (Surroundings.Shared("yardstick", "src", "Cargo.toml") is not { } manifest)
        {
            return "no yardstick";
        }

        IEnumerable<string> versions =
            Dependency().Matches(File.ReadAllText(manifest)).Select(m => $"{m.Groups[1].Value} {m.Groups[2].Value}");
        return $"yardstick with {string.Join(" and ", versions)}";
    }

    private static bool TryReadClock(int processId, out double seconds)
    {
        try
        {
            seconds = CpuClock.OfProcess(processId);
            return true;
        }
        catch (InvalidOperationException)
        {
            seconds = 0;
            return false;
        }
    }

    private static double Megabytes(string line) =>
        OutputSize().Match(line) is { Success: true } size ? double.Parse(size.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex("^(arrow-json|parquet) = .*?\"=?([0-9.]+)\"", RegexOptions.Multiline)]
    private static partial Regex Dependency();

    [GeneratedRegex(@" out=(\d+)MB")]
    private static partial Regex OutputSize();
}

/// <summary>One round of the yardstick: its CPU and, when it encodes, the size of the file.</summary>
internal readonly record struct YardstickRound(double CpuSeconds, double FileMegabytes);
