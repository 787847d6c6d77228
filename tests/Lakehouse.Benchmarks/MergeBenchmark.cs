using System.Globalization;
using System.Text.Json;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Benchmarks;

/// <summary>
/// Many small files into one, in turn with tools that copy row groups and tools that decode and encode again; then scans of our file beside
/// the one that was encoded again.
/// </summary>
internal static class MergeBenchmark
{
    internal const string Usage = """
        Usage: Lakehouse.Benchmarks merge prepare FOLDER NDJSON FILES ROWS_PER_FILE (writes the small files, once)
               Lakehouse.Benchmarks merge run|copies FOLDER PAIRS [ours|arrow-rs|small|mixed]... (copies: without those that encode again)
               Lakehouse.Benchmarks merge scan FOLDER PAIRS [ours|arrow-rs|small|mixed]...
        """;

    // Of as many rows both files of a scan are; Polars holds all of them in memory.
    private const int ScannedRowCount = 4 << 20;

    // A worker merges for days: our code is compiled in steps, the last of which it takes after some gigabytes.
    private const int WarmRounds = 12;
    private const long WarmBytes = 200_000_000;

    private static readonly (string Engine, string Columns)[] Scans =
    [
        ("duckdb", "all"), ("duckdb", "rider"), ("duckdb", "event_time,fare"), ("polars", "all"), ("polars", "rider"), ("polars", "event_time,fare"),
    ];

    internal static async Task<int> RunAsync(string[] args)
    {
        if (args is [_, "prepare", var folder, var ndjson, var files, var rows])
        {
            await new MergeInputs(
                Path.GetFullPath(folder), ndjson, int.Parse(files, CultureInfo.InvariantCulture), int.Parse(rows, CultureInfo.InvariantCulture))
                .PrepareAsync();
            return 0;
        }

        if (args is not [_, "run" or "copies" or "scan", var inputs, var pairs, .. var chosen] || chosen.Any(static c => !MergeInputs.Names.Contains(c)))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        foreach (string name in chosen.Length > 0 ? chosen : MergeInputs.Names)
        {
            string[] of = MergeInputs.Files(Path.GetFullPath(inputs), name);
            string outputs = Directory.CreateDirectory(Path.Combine(Path.GetFullPath(inputs), "merged")).FullName;
            int count = int.Parse(pairs, CultureInfo.InvariantCulture);
            await (args[1] == "scan" ? ScanAsync(name, of, outputs, count) : MeasureAsync(name, of, outputs, count, encodes: args[1] == "run"));
        }

        return 0;
    }

    private static async Task MeasureAsync(string name, string[] files, string outputs, int pairs, bool encodes)
    {
        MergeTool[] inTurn = [MergeTool.Stitch, MergeTool.Ours, .. encodes ? [MergeTool.Reencode] : Array.Empty<MergeTool>()];
        MergeTool[] once = encodes ? [MergeTool.DuckDb, MergeTool.PyArrow] : [];
        MergeTool[] tools = [.. inTurn, .. once];
        double gigabytes = files.Sum(static f => new FileInfo(f).Length) / 1e9;
        var costs = tools.ToDictionary(static t => t.Name, static _ => new List<MergeCost>());
        double memory = 0;

        await MergeTool.Stitch.Run(files, Path.Combine(outputs, "warm.parquet"));
        double[] warm = await WarmAsync(files, Path.Combine(outputs, "warm.parquet"));
        for (int pair = 0; pair < pairs; pair++)
        {
            foreach (MergeTool tool in pair == 0 ? tools : inTurn)
            {
                PeakMemory.Forget();

                // < Some tools overwrite a file, ours puts another in its place: whoever needs new memory for the page cache pays for it.
                File.Delete(Output(outputs, tool, name));
                if (await tool.Run(files, Output(outputs, tool, name)) is { } cost)
                {
                    costs[tool.Name].Add(cost);
                    memory = tool.Name == MergeTool.OursName ? Math.Max(memory, PeakMemory.Megabytes()) : memory;
                }
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"\n## {name}: {files.Length} files, {gigabytes * 1e3:F0} MB, load average {File.ReadAllText("/proc/loadavg").Split(' ')[0]}\n"));
        Console.WriteLine("| tool | CPU s/GB | MB/s of CPU | MB/s of clock | times decode and encode | out of inputs | row groups |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|");
        List<MergeCost> reencode = costs.GetValueOrDefault(MergeTool.ReencodeName, []);
        foreach (MergeTool tool in tools.Where(t => costs[t.Name].Count > 0))
        {
            double cpu = Measurement.Median(costs[tool.Name].Select(static c => c.CpuSeconds)) / gigabytes;
            double wall = Measurement.Median(costs[tool.Name].Select(static c => c.WallSeconds)) / gigabytes;
            (long bytes, int groups) = await LayoutAsync(Output(outputs, tool, name));
            string ratio = reencode.Count == 0 ? "-" : $"{Measurement.Median(reencode.Select(static c => c.CpuSeconds)) / gigabytes / cpu:F1}";
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {tool.Name} | {cpu:F2} | {1e3 / cpu:F0} | {1e3 / wall:F0} | {ratio} | {bytes / 1e9 / gigabytes:P1} | {groups} |"));
        }

        double sync = Measurement.Median(costs[MergeTool.OursName].Select(static c => c.SyncCpuSeconds)) / gigabytes;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"\nOurs held at most {memory:F0} MB, the whole process. Syncing its file, which the others do not, took another {sync:F2} s/GB. "
            + $"While code was compiled, the first merge of some of the files took {warm[0]:F2} s/GB, the last of {warm.Length} {warm[^1]:F2}."));
        await OurMerge.DescribeAsync(files);
        Delete(outputs);
    }

    /// <summary>Merges some files again and again until our code is compiled; gives the seconds of CPU per GB of each time.</summary>
    private static async Task<double[]> WarmAsync(string[] files, string to)
    {
        long bytes = 0;
        string[] some = [.. files.TakeWhile(f => (bytes += new FileInfo(f).Length) <= WarmBytes)];
        double gigabytes = some.Sum(static f => new FileInfo(f).Length) / 1e9;
        double[] seconds = new double[WarmRounds];
        for (int round = 0; round < seconds.Length; round++)
        {
            seconds[round] = (await OurMerge.RunAsync(some, to)).CpuSeconds / gigabytes;
        }

        return seconds;
    }

    private static async Task ScanAsync(string name, string[] files, string outputs, int pairs)
    {
        string[] some = await SomeAsync(files);
        string merged = Output(outputs, MergeTool.Ours, name);
        string encoded = Output(outputs, MergeTool.Reencode, name);
        await MergeTool.Ours.Run(some, merged);
        if (await MergeTool.Reencode.Run(some, encoded) is null || await ForeignReaders.Npm.MissingAsync() is not null)
        {
            Console.WriteLine("There is no yardstick, or no reader from npm.");
            return;
        }

        (long mergedBytes, int mergedGroups) = await LayoutAsync(merged);
        (long encodedBytes, int encodedGroups) = await LayoutAsync(encoded);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"\n## {name}: {some.Length} files merged into {mergedGroups} row groups, {mergedBytes / 1e6:F1} MB; "
            + $"encoded again {encodedGroups} row groups, {encodedBytes / 1e6:F1} MB\n"));
        Console.WriteLine("| reader | columns | merged, CPU s | encoded again, CPU s | merged takes | pairs from | to |");
        Console.WriteLine("|---|---|---:|---:|---:|---:|---:|");
        foreach ((string engine, string columns) in Scans)
        {
            string found = await ForeignReaders.Npm.RunAsync(
                MergeTool.Script("merge_scan.mjs"),
                [engine, columns, pairs.ToString(CultureInfo.InvariantCulture), merged, encoded],
                CancellationToken.None);
            double[][] seconds = JsonSerializer.Deserialize<double[][]>(found) ?? [];
            double[] ratios = [.. seconds.Select(static s => s[0] / s[1]).Order()];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {engine} | {columns} | {Measurement.Median(seconds.Select(static s => s[0])):F2} | "
                + $"{Measurement.Median(seconds.Select(static s => s[1])):F2} | "
                + $"**{Measurement.Median(ratios):P0}** | {ratios[0]:P0} | {ratios[^1]:P0} |"));
        }

        Delete(outputs);
    }

    private static string Output(string outputs, MergeTool tool, string name) =>
        Path.Combine(outputs, $"{name}-{string.Concat(tool.Name.Where(char.IsAsciiLetter))}.parquet");

    private static async Task<(long Bytes, int RowGroups)> LayoutAsync(string file)
    {
        var store = new LocalObjectStore(Path.GetDirectoryName(file)!); // not null: the path is whole
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, new ObjectPath(Path.GetFileName(file)), CancellationToken.None);
        return (reader.ByteCount, reader.MetaData.RowGroups.Length);
    }

    /// <summary>The first files that hold the rows of a scan.</summary>
    private static async Task<string[]> SomeAsync(string[] files)
    {
        long rows = 0;
        var some = new List<string>();
        foreach (string file in files)
        {
            var store = new LocalObjectStore(Path.GetDirectoryName(file)!); // not null: the path is whole
            some.Add(file);
            rows += (await ParquetFileReader.OpenAsync(store, new ObjectPath(Path.GetFileName(file)), CancellationToken.None)).MetaData.NumRows;
            if (rows >= ScannedRowCount)
            {
                break;
            }
        }

        return [.. some];
    }

    private static void Delete(string outputs)
    {
        foreach (string file in Directory.EnumerateFiles(outputs))
        {
            File.Delete(file);
        }
    }
}
