using System.Diagnostics;
using System.Globalization;

namespace Lakehouse.Benchmarks;

/// <summary>The programs that lie in ../shared/yardstick beside the repository, run on the same data in the same session.</summary>
internal static class Yardstick
{
    /// <summary>Prints the lines of <c>bench</c> that start with a word.</summary>
    internal static void Bench(string ndjson, int rows, string startingWith)
    {
        string? program = Find("bench");
        if (program is null)
        {
            Console.WriteLine("yardstick: ../shared/yardstick/bench is not there, so nothing to compare with");
            return;
        }

        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        start.ArgumentList.Add(ndjson);
        start.ArgumentList.Add(rows.ToString(CultureInfo.InvariantCulture));
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith(startingWith, StringComparison.Ordinal))
            {
                Console.WriteLine("yardstick " + line);
            }
        }

        process.WaitForExit();
    }

    private static string? Find(string program)
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Lakehouse.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        string? path = folder is null ? null : Path.GetFullPath(Path.Combine(folder, "..", "shared", "yardstick", program));
        return File.Exists(path) ? path : null;
    }
}
