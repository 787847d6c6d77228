using System.Collections.Concurrent;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// Reads a table again and again, each reader at its own pace, while it changes: at any moment each sees every record up to some offset of
/// each partition, once, and as many as were committed at some moment while it read.
/// </summary>
internal sealed class ReaderLoops(string table, Action<string> say)
{
    private static readonly string[] MissingWords = ["no such file", "not found", "FileNotFound", "does not exist", "is missing"];
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(1);
    private readonly List<string> _wrong = [];

    /// <summary>Readings by reader.</summary>
    public ConcurrentDictionary<string, int> Readings { get; } = [];

    /// <summary>Readings that broke off because a file was gone: a clean or a pruning had deleted what a slow reader was still at.</summary>
    public int Lost { get; private set; }

    /// <summary>Reads until told to stop. Throws when a reading was wrong.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await Task.WhenAll(
            LoopAsync(ForeignReaders.HudiRust, async c => (await ForeignReaders.HudiRust.CountRecordsAsync(
                table, [null], new Dictionary<string, string>(), c))[0], stop),
            LoopAsync(ForeignReaders.DuckDb, async c => await ForeignReaders.DuckDb.CountRecordsAsync(await OpenAsync(c), c), stop),
            LoopAsync(ForeignReaders.HudiJava, async c =>
            {
                (long rowCount, long distinctCount) = await ForeignReaders.HudiJava.CountRecordsAsync(table, c);
                return new RecordCount(rowCount, distinctCount, 0, new Dictionary<int, PartitionCount>());
            }, stop));
        Assert.Empty(_wrong);
    }

    private async Task LoopAsync(ForeignReader reader, Func<CancellationToken, Task<RecordCount>> read, CancellationToken stop)
    {
        if (await reader.MissingAsync() is { } missing)
        {
            say($"SKIPPED: {missing}");
            return;
        }

        Readings[reader.Name] = 0;
        while (!stop.IsCancellationRequested && _wrong.Count == 0)
        {
            if (Committed() is not { } before)
            {
                await Task.Delay(200, CancellationToken.None);
                continue;
            }

            try
            {
                // To its end: a reader that is cut off tells nothing.
                RecordCount seen = await read(CancellationToken.None);
                Judge(reader.Name, seen, before, Committed() ?? before);
                Readings[reader.Name]++;
                await Task.Delay(Breath, CancellationToken.None);
            }
            catch (Exception failed) when (MissingFile(failed.Message) is { } missingFile)
            {
                Lost++;
                say($"{reader.Name} lost a file: {missingFile}");
            }
        }
    }

    /// <summary>The line that says which file is not there, or null.</summary>
    private static string? MissingFile(string message) => message.Split('\n').FirstOrDefault(static line =>
        MissingWords.Any(word => line.Contains(word, StringComparison.OrdinalIgnoreCase)));

    private void Judge(string reader, RecordCount seen, long before, long after)
    {
        bool isWhole = seen.RowCount == seen.DistinctCount && seen.RowCount >= before && seen.RowCount <= after
            && seen.Partitions.Values.All(static p => p is { First: 0, HoleCount: 0 });
        if (!isWhole)
        {
            lock (_wrong)
            {
                _wrong.Add($"{reader} saw {seen.RowCount} rows, {seen.DistinctCount} different, when {before} to {after} were committed: "
                    + string.Join("; ", seen.Partitions));
            }
        }
    }

    /// <summary>The rows of the newest completed instant by its ledger; null before the first with rows.</summary>
    private long? Committed()
    {
        string hoodie = Path.Combine(table, ".hoodie");
        string? newest = !Directory.Exists(hoodie) ? null : Directory.GetFiles(hoodie)
            .Where(static f => f.EndsWith(".commit", StringComparison.Ordinal) || f.EndsWith(".replacecommit", StringComparison.Ordinal))
            .Max(StringComparer.Ordinal);
        long rows = newest is null ? 0 : LogContents.WithoutHoles.AsOf(File.ReadAllBytes(newest), null).RowCount;
        return rows == 0 ? null : rows;
    }

    private async Task<HudiTable> OpenAsync(CancellationToken cancellation) =>
        await HudiTable.OpenAsync(new LocalObjectStore(table), TimeProvider.System, new Random(1), cancellation)
        ?? throw new InvalidOperationException($"There is no table in {table}.");
}
