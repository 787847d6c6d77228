using System.Diagnostics;
using System.Globalization;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Benchmarks;

/// <summary>
/// Reads a file from a store that answers late: row group by row group as one does without looking ahead, as a scan, within a small budget,
/// some rows of it, and as a check does.
/// </summary>
internal static class FetchBenchmark
{
    internal const string Usage = """
        Usage: Lakehouse.Benchmarks fetch FILE LATENCY_MS MEGABYTES_PER_SECOND (of a simulated store, per request)
               Lakehouse.Benchmarks fetch FILE LOCATION (copied there first, such as s3://bucket/folder)
        """;

    private const int Rounds = 5;
    private const int SmallBudget = 8 << 20;

    internal static async Task<int> RunAsync(string[] args)
    {
        if (args.Length is not (3 or 4) || !File.Exists(args[1]) || await OpenAsync(args) is not { } store)
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var path = new ObjectPath(Path.GetFileName(args[1]));
        var distant = store as DistantStore;
        ParquetFileReader whole = await ParquetFileReader.OpenAsync(store, path, CancellationToken.None);
        string[] three = [.. whole.Schema.Fields.Take(3).Select(static f => f.Name)];
        RowRanges[] some = [.. whole.MetaData.RowGroups.Select(static g => Hundredth(g.NumRows))];
        int budget = new ParquetReadOptions().BufferBytesMax;
        (string Name, Func<Task<long>> ReadAsync)[] ways =
        [
            ("row group by row group", () => ReadAsync(store, path, budget, static r => Groups(r, null))),
            ("ahead", () => ReadAsync(store, path, budget, static _ => [new ReadRequest()])),
            ("ahead, 8 MiB of memory", () => ReadAsync(store, path, SmallBudget, static _ => [new ReadRequest()])),
            ("three columns, row group by row group", () => ReadAsync(store, path, budget, r => Groups(r, three))),
            ("three columns, ahead", () => ReadAsync(store, path, budget, _ => [new ReadRequest { Columns = three }])),
            ("a hundredth of the rows", () => ReadAsync(store, path, budget, _ => [new ReadRequest { Rows = g => some[g] }])),
            ("a check", async () => (await FileCheck.RunAsync(store, path, CancellationToken.None)).Findings.IsEmpty ? whole.MetaData.NumRows : -1),
        ];
        Console.WriteLine("| what | seconds | requests | MB fetched | rows |");
        Console.WriteLine("|---|---:|---:|---:|---:|");
        foreach ((string name, Func<Task<long>> readAsync) in ways)
        {
            var seconds = new List<double>();
            (long rows, long calls, long bytes) = (0, 0, 0);
            for (int round = 0; round < Rounds; round++)
            {
                distant?.Reset();
                long started = Stopwatch.GetTimestamp();
                rows = await readAsync();
                seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
                (calls, bytes) = (distant?.RequestCount ?? 0, distant?.ByteCount ?? 0);
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {Measurement.Median(seconds):F3} | {(calls > 0 ? calls : "-")} | {(calls > 0 ? $"{bytes / 1e6:F1}" : "-")} | {rows} |"));
        }

        return 0;
    }

    private static async Task<IObjectStore?> OpenAsync(string[] args)
    {
        string file = Path.GetFullPath(args[1]);
        if (args.Length == 4)
        {
            return double.TryParse(args[2], CultureInfo.InvariantCulture, out double latency)
                && double.TryParse(args[3], CultureInfo.InvariantCulture, out double speed)
                ? new DistantStore(new LocalObjectStore(Path.GetDirectoryName(file)!), TimeSpan.FromMilliseconds(latency), speed * 1e6)
                : null;
        }

        IObjectStore store = ObjectStores.Open(
            args[2], S3Settings.FromEnvironment(Environment.GetEnvironmentVariable), TimeProvider.System, new Random());
        await store.PutAsync(new ObjectPath(Path.GetFileName(file)), await File.ReadAllBytesAsync(file), CancellationToken.None);
        return store;
    }

    private static IEnumerable<ReadRequest> Groups(ParquetFileReader reader, string[]? columns) => Enumerable.Range(0, reader.MetaData.RowGroups.Length)
        .Select(g => new ReadRequest { Columns = columns, Rows = other => other == g ? null : RowRanges.None });

    /// <summary>A hundredth of the rows, in the middle.</summary>
    private static RowRanges Hundredth(long rows) => RowRanges.Of(new RowRange(rows / 2, (rows / 2) + (rows / 100)));

    private static async Task<long> ReadAsync(
        IObjectStore store, ObjectPath path, int budget, Func<ParquetFileReader, IEnumerable<ReadRequest>> requests)
    {
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(
            store, path, new ParquetReadOptions { BufferBytesMax = budget }, CancellationToken.None);
        long rows = 0;
        foreach (ReadRequest request in requests(reader))
        {
            await foreach (RecordBatch batch in reader.ScanAsync(request, CancellationToken.None))
            {
                rows += batch.RowCount;
                batch.Dispose();
            }
        }

        return rows;
    }
}
