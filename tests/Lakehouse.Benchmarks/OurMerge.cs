using System.Diagnostics;
using System.Globalization;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Benchmarks;

/// <summary>Our merger on files of a folder, as a compaction uses it.</summary>
internal static class OurMerge
{
    private static readonly MergeOptions Options = new() { Writer = new ParquetWriterOptions() };

    /// <summary>
    /// Everything from the first look at the files to the last byte written; what making the file durable takes beyond that, which no other tool
    /// does, is counted for itself.
    /// </summary>
    internal static async Task<MergeCost> RunAsync(string[] files, string to)
    {
        double began = CpuClock.OfThisProcess();
        long started = Stopwatch.GetTimestamp();
        LocalObjectStore store = StoreOf(files[0]);
        MergeSource[] sources = await OpenAsync(store, files, null);
        MergePlan plan = MergePlanning.Plan(sources, Options);
        await using IObjectUpload upload = await StoreOf(to).BeginUploadAsync(new ObjectPath(Path.GetFileName(to)), CancellationToken.None);
        await ParquetMerger.MergeAsync(plan, sources, Options, upload, CancellationToken.None);
        double merged = CpuClock.OfThisProcess();
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await upload.CompleteAsync(CancellationToken.None);
        return new MergeCost(merged - began, seconds) { SyncCpuSeconds = CpuClock.OfThisProcess() - merged };
    }

    /// <summary>Prints what a plan does to each column, by bytes.</summary>
    internal static async Task DescribeAsync(string[] files)
    {
        using var families = new DictionaryFamilies();
        MergePlan plan = MergePlanning.Plan(await OpenAsync(StoreOf(files[0]), files, families), Options);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"\nThe plan, about {plan.EstimatedCpuSeconds:F2} s of CPU:\n\n| column | MB | tiers, share of the column's bytes |\n|---|---:|---|"));
        foreach (IGrouping<string, MergedColumn> column in plan.RowGroups.SelectMany(static g => g.Columns).GroupBy(static c => c.Name))
        {
            MergeStep[] steps = [.. column.SelectMany(static c => c.Steps)];
            long bytes = steps.Sum(static s => s.ByteCount);
            string tiers = string.Join(", ", steps.GroupBy(static s => s.Tier).OrderBy(static t => t.Key)
                .Select(t => string.Create(CultureInfo.InvariantCulture, $"{t.Key} {(bytes == 0 ? 1 : (double)t.Sum(static s => s.ByteCount) / bytes):P0}")));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {column.Key} | {bytes / 1e6:F1} | {tiers} |"));
        }
    }

    private static LocalObjectStore StoreOf(string file) => new(Path.GetDirectoryName(file)!); // not null: the path is whole

    private static async Task<MergeSource[]> OpenAsync(LocalObjectStore store, string[] files, DictionaryFamilies? families)
    {
        var sources = new MergeSource[files.Length];
        for (int i = 0; i < files.Length; i++)
        {
            sources[i] = await MergeSource.OpenAsync(store, new ObjectPath(Path.GetFileName(files[i])), families, CancellationToken.None);
        }

        return sources;
    }
}
