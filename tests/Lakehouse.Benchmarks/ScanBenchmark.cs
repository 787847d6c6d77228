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

        Console.WriteLine("| file | raw columns, MB | ours, MB/s | DuckDB, MB/s | faster by | pairs from | to "
            + "| opening, us | opening and plan, us | allowed, us |");
        Console.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
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
        Measurement.Settle(() => Read(store, path));
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
        Measurement.Settle(() => Opening(store, path, null));
        double opening = Measurement.Median(Enumerable.Range(0, Openings).Select(_ => Opening(store, path, null)));
        var condition = new OneCondition((await ParquetFileReader.OpenAsync(store, path, CancellationToken.None)).Schema[^1].Name);
        Measurement.Settle(() => Opening(store, path, condition));
        double plan = Measurement.Median(Enumerable.Range(0, Openings).Select(_ => Opening(store, path, condition)));
        return string.Create(CultureInfo.InvariantCulture,
            $"| {Path.GetFileName(file)} | {raw / 1e6:F1} | {raw / 1e6 / Measurement.Median(ours):F0} | ")
            + (ratios.Length == 0 ? "- | - | - | - | " : string.Create(CultureInfo.InvariantCulture,
                $"{raw / 1e6 / Measurement.Median(theirs):F0} | **{Measurement.Median(ratios):F2}** | {ratios[0]:F2} | {ratios[^1]:F2} | "))
            + string.Create(CultureInfo.InvariantCulture, $"{opening:F0} | {plan:F0} | {50 + (2 * chunks)} |");
    }

    /// <summary>The footer, and, with a condition, which rows of all row groups are read for it.</summary>
    private static double Opening(LocalObjectStore store, ObjectPath path, OneCondition? condition)
    {
        long started = Stopwatch.GetTimestamp();
        OpenAsync(store, path, condition).GetAwaiter().GetResult();
        return Stopwatch.GetElapsedTime(started).TotalMicroseconds;
    }

    private static async Task OpenAsync(LocalObjectStore store, ObjectPath path, OneCondition? condition)
    {
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, path, CancellationToken.None);
        if (condition is not null)
        {
            await foreach (RecordBatch batch in reader.ScanAsync(new ReadRequest { Pruning = condition }, CancellationToken.None))
            {
                batch.Dispose();
                throw new InvalidDataException("The condition leaves no row.");
            }
        }
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

    /// <summary>
    /// A condition of one column that the footer does not decide: it has the page index read, turns it into bounds of pages, and takes none.
    /// </summary>
    private sealed class OneCondition(string column) : IRowPruning
    {
        public IReadOnlyList<string> Columns { get; } = [column];

        public IReadOnlyList<string> EqualityColumns => [];

        public RowRanges Possible(RowGroupFacts facts)
        {
            int pages = facts.Of(column)?.Pages.Length ?? throw new InvalidDataException($"Nothing is known of '{column}'.");
            return pages == 1 ? RowRanges.All(facts.RowCount) : RowRanges.None;
        }
    }
}
