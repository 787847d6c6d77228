using System.Diagnostics;
using System.Globalization;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Benchmarks;

/// <summary>Whole Parquet files into columns, beside DuckDB, each on one thread; and what opening a file costs.</summary>
internal static class ScanBenchmark
{
    internal const string Usage = "Usage: Lakehouse.Benchmarks scan FILE... (in turn with DuckDB, five pairs of three rounds each)";

    private const int Pairs = 5;
    private const int Rounds = 3;
    private const int Openings = 200;

    internal static async Task<int> RunAsync(string[] args)
    {
        if (args.Length < 2 || !args.Skip(1).All(File.Exists))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        Console.WriteLine("| file | raw columns, MB | ours, MB/s | DuckDB, MB/s | faster by | pairs from | to | opening, us | a chunk of it |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (string file in args.Skip(1))
        {
            Console.WriteLine(await MeasureAsync(Path.GetFullPath(file)));
        }

        return 0;
    }

    private static async Task<string> MeasureAsync(string file)
    {
        var store = new LocalObjectStore(Path.GetDirectoryName(file)!);
        var path = new ObjectPath(Path.GetFileName(file));
        long raw = Read(store, path);
        var ours = new List<double>();
        var theirs = new List<double>();
        for (int pair = 0; pair < Pairs; pair++)
        {
            if (await ForeignReaders.DuckDb.ScanAsync(file, Rounds + 1, CancellationToken.None) is { } seconds)
            {
                theirs.Add(Measurement.Median(seconds.Skip(1)));
            }

            ours.Add(Measurement.Median(Enumerable.Range(0, Rounds).Select(_ => Measurement.Of(() => Read(store, path)).CpuSeconds)));
        }

        double[] ratios = [.. theirs.Zip(ours, static (t, o) => t / o).Order()];
        int chunks = (await ParquetFileReader.OpenAsync(store, path, CancellationToken.None)).MetaData.RowGroups.Sum(static g => g.Columns.Length);
        double opening = Measurement.Median(Enumerable.Range(0, Openings).Select(_ => Opening(store, path)));
        return string.Create(CultureInfo.InvariantCulture,
            $"| {Path.GetFileName(file)} | {raw / 1e6:F1} | {raw / 1e6 / Measurement.Median(ours):F0} | ")
            + (ratios.Length == 0 ? "- | - | - | - | " : string.Create(CultureInfo.InvariantCulture,
                $"{raw / 1e6 / Measurement.Median(theirs):F0} | **{Measurement.Median(ratios):F2}** | {ratios[0]:F2} | {ratios[^1]:F2} | "))
            + string.Create(CultureInfo.InvariantCulture, $"{opening:F0} | {opening / Math.Max(1, chunks):F1} |");
    }

    private static double Opening(LocalObjectStore store, ObjectPath path)
    {
        long started = Stopwatch.GetTimestamp();
        ParquetFileReader.OpenAsync(store, path, CancellationToken.None).GetAwaiter().GetResult();
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds;
    }

    // < Nothing is gained by awaiting: this process does nothing else.
    private static long Read(LocalObjectStore store, ObjectPath path) => ReadAsync(store, path).GetAwaiter().GetResult();

    private static async Task<long> ReadAsync(LocalObjectStore store, ObjectPath path)
    {
        long bytes = 0;
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(
            store, path, new ParquetReadOptions { VerifyChecksums = false }, CancellationToken.None);
        await foreach (RecordBatch batch in reader.ReadAsync(null, CancellationToken.None))
        {
            using (batch)
            {
                bytes += batch.ByteCount;
            }
        }

        return bytes;
    }
}
