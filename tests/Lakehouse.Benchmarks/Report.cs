using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Lakehouse.Parquet;

namespace Lakehouse.Benchmarks;

/// <summary>A page of results in Markdown: what ran where, then tables. Goes to the console and, if asked for, into a file.</summary>
internal sealed partial class Report
{
    private readonly StringBuilder _text = new();

    internal Report(string title, Arguments arguments, NdjsonFile file)
    {
        Add($"# {title}\n\n");
        Add($"- Machine: {Environment.ProcessorCount} cores of {Field("/proc/cpuinfo", "model name")}, "
            + $"{Kibibytes("/proc/meminfo", "MemTotal") / 1048576.0:F0} GiB, {OsName()}\n");
        Add($"- Versions: {RuntimeInformation.FrameworkDescription}, libzstd {Zstd.Version}, {Yardstick.Versions()}\n");
        Add($"- Data: {file.RowCount:N0} records of the workload, {(double)file.JsonByteCount / file.RowCount:F0} bytes of JSON each\n");
        Add($"- Command: `Lakehouse.Benchmarks {arguments.Benchmark} NDJSON {arguments.RowCount} --pairs {arguments.PairCount}`, "
            + $"load average {LoadAverage()} before it\n");
        Add("- Figures: medians; CPU is user and system time of the whole process, one working thread\n");
    }

    internal void AddText(string text) => Add($"\n{text}\n");

    internal void AddTable(string title, string[] columns, IEnumerable<string[]> rows)
    {
        Add($"\n## {title}\n\n| {string.Join(" | ", columns)} |\n|{string.Concat(columns.Select((_, i) => i == 0 ? "---|" : "---:|"))}\n");
        foreach (string[] row in rows)
        {
            Add($"| {string.Join(" | ", row)} |\n");
        }
    }

    internal void Print(string? file)
    {
        Console.Write(_text);
        if (file is not null)
        {
            File.WriteAllText(file, _text.ToString());
        }
    }

    private void Add(string text) => _text.Append(text);

    private static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string OsName() => Field("/etc/os-release", "PRETTY_NAME").Trim('"');

    private static double Kibibytes(string path, string name) =>
        double.Parse(Field(path, name).Split(' ')[0], CultureInfo.InvariantCulture);

    private static string Field(string path, string name)
    {
        string? line = File.ReadLines(path).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        return line is null ? "unknown" : Separator().Split(line, 2)[1].Trim();
    }

    [GeneratedRegex("[:=]")]
    private static partial Regex Separator();
}
