using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Lakehouse.Testing;

namespace Lakehouse.Benchmarks;

/// <summary>What makes one file of many, on one thread.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="Run">Reads the files and writes the other; what it took, or null when the tool is not here.</param>
internal sealed partial record MergeTool(string Name, Func<string[], string, Task<MergeCost?>> Run)
{
    internal const string OursName = "ours";
    internal const string ReencodeName = "arrow-rs, decode and encode";

    internal static MergeTool Ours { get; } = new(OursName, static async (files, to) => await OurMerge.RunAsync(files, to));

    internal static MergeTool Stitch { get; } = new("arrow-rs, row groups stitched", static (files, to) => YardstickAsync(["stitch", to, .. files]));

    internal static MergeTool Reencode { get; } = new(ReencodeName, static (files, to) => YardstickAsync(["merge", "1", to, .. files]));

    internal static MergeTool DuckDb { get; } = new(
        "DuckDB `copy`", static async (files, to) => await ForeignReaders.Npm.MissingAsync() is null
            ? MergeCost.Of(await ForeignReaders.Npm.RunAsync(Script("merge_duckdb.mjs"), [to, .. files], CancellationToken.None))
            : null);

    internal static MergeTool PyArrow { get; } = new(
        "pyarrow", static async (files, to) => await ForeignReaders.HudiRust.MissingAsync() is null
            ? MergeCost.Of(await ForeignReaders.HudiRust.RunAsync(Script("merge_pyarrow.py"), [to, .. files], CancellationToken.None))
            : null);

    internal static string Script(string name) =>
        Path.Combine(Surroundings.RepositoryRoot, "tests", "Lakehouse.Benchmarks", "scripts", name);

    private static async Task<MergeCost?> YardstickAsync(string[] arguments)
    {
        if (Surroundings.Shared("yardstick", "compact") is not { } program)
        {
            return null;
        }

        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{program} did not start.");
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Match found = Figures().Match(output);
        return found.Success
            ? new MergeCost(Number(found.Groups[2]), Number(found.Groups[1]))
            : throw new InvalidOperationException($"{program} {arguments[0]} ended with {process.ExitCode}: {output}");

        static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@" wall=([0-9.]+) .*\bcpu=([0-9.]+) ")]
    private static partial Regex Figures();
}

/// <summary>Seconds of CPU, user and system, and of the clock.</summary>
internal readonly record struct MergeCost(double CpuSeconds, double WallSeconds)
{
    /// <summary>Of the processor, for making the file durable.</summary>
    internal double SyncCpuSeconds { get; init; }

    internal static MergeCost Of(string json) =>
        JsonSerializer.Deserialize<double[]>(json) is [var cpu, var wall] ? new MergeCost(cpu, wall) : throw new InvalidDataException(json);
}
