using System.Text.Json;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// Holds every (partition, offset) of a table against the log, at the newest instant and at older ones, with our own verification and query
/// and with three foreign readers.
/// </summary>
internal static class TableProof
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>
    /// Fails unless each reader sees exactly <paramref name="records"/> rows of a table, wherever it lies, no (partition, offset) twice, and at
    /// some older instants exactly the records of the log, of whatever shape, below the ends of that instant's ledger, or of the ledger of the
    /// table that it follows. A reader that cannot be had here is named as skipped.
    /// </summary>
    public static async Task EveryReaderAgreesAsync(
        TableAt table, LogContents log, long records, Action<string> say, string? followed = null, int olderInstants = 5)
    {
        using var scratch = new TemporaryFolder();
        string folder = await table.InFolderAsync(scratch, Stop);
        List<(string Instant, RecordCount Expected)> instants = [.. Chosen(folder, olderInstants).Select(i => (i.Instant, log.AsOf(i.Metadata, followed)))];
        Assert.Equal(records, instants[^1].Expected.RowCount);
        say($"{records} rows at {instants[^1].Instant}, and older: "
            + string.Join(", ", instants[..^1].Select(i => $"{i.Expected.RowCount} at {i.Instant}")));
        foreach ((string instant, RecordCount expected) in instants)
        {
            await VerifyAsync(table, instant, expected);
            await QueryAsync(table, instant, expected);
        }

        say("lakehouse verify and query: each record once at each");
        await ReadAsync(ForeignReaders.HudiRust, instants, say, async () =>
            await ForeignReaders.HudiRust.CountRecordsAsync(table.Location, [.. instants.Select(i => i.Instant)], table.Environment, Stop));
        HudiTable opened = await OpenAsync(folder);
        await ReadAsync(ForeignReaders.DuckDb, instants, say, async () =>
            await EachAsync(instants, instant => ForeignReaders.DuckDb.CountRecordsAsync(opened, Stop, asOf: instant)));
        await ReadAsync(ForeignReaders.HudiJava, instants, say, async () => await EachAsync(instants, async instant =>
        {
            (long rowCount, long distinctCount) = await ForeignReaders.HudiJava.CountRecordsAsync(folder, Stop, asOf: instant);

            // It counts no partitions: what it says of the pairs as a whole must fit.
            RecordCount expected = instants.Single(i => i.Instant == instant).Expected;
            return expected with { RowCount = rowCount, DistinctCount = distinctCount };
        }));
    }

    /// <summary>The newest instant that changed data and some older ones, evenly spread, with the raw metadata of each; oldest first.</summary>
    private static List<(string Instant, byte[] Metadata)> Chosen(string folder, int olderInstants)
    {
        string[] all = [.. Directory.GetFiles(Path.Combine(folder, ".hoodie"))
            .Where(static f => f.EndsWith(".commit", StringComparison.Ordinal) || f.EndsWith(".replacecommit", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
        Assert.NotEmpty(all);
        IEnumerable<int> chosen = Enumerable.Range(0, olderInstants)
            .Select(i => i * (all.Length - 1) / olderInstants).Append(all.Length - 1).Distinct();
        return [.. chosen.Select(i => (Path.GetFileName(all[i]).Split('.')[0], File.ReadAllBytes(all[i])))];
    }

    private static async Task VerifyAsync(TableAt table, string instant, RecordCount expected)
    {
        using JsonDocument proof = await RunAsync(table, "verify", table.Location, "--at", instant, "--offsets", "--json");
        Assert.Equal(
            (instant, expected.RowCount, expected.DistinctCount),
            (instant, proof.RootElement.GetProperty("row_count").GetInt64(), proof.RootElement.GetProperty("offsets_proven").GetInt64()));
        Assert.True(
            proof.RootElement.GetProperty("followers").GetArrayLength() == 0 || proof.RootElement.GetProperty("proven_together").GetBoolean(), instant);
    }

    private static async Task QueryAsync(TableAt table, string instant, RecordCount expected)
    {
        using JsonDocument answer = await RunAsync(table, "query", table.Location, "--at", instant, "--group-by", "kafka_partition",
            "--aggregate", "count(*), min(kafka_offset), max(kafka_offset)", "--json");
        Same(instant, expected.Partitions, answer.RootElement.GetProperty("rows").EnumerateArray().ToDictionary(
            static row => row.GetProperty("kafka_partition").GetInt32(),
            static row => new PartitionCount(
                row.GetProperty("min(kafka_offset)").GetInt64(),
                row.GetProperty("max(kafka_offset)").GetInt64(),
                row.GetProperty("count(*)").GetInt64())));
    }

    private static async Task<JsonDocument> RunAsync(TableAt table, params string[] arguments)
    {
        (int exitCode, string output, string error) = await LakehouseProcess.RunAsync(
            Patience, AppContext.BaseDirectory, table.Environment, arguments);
        Assert.True(exitCode == 0, $"lakehouse {string.Join(' ', arguments)}: {output}{error}");
        return JsonDocument.Parse(output);
    }

    private static async Task ReadAsync(
        ForeignReader reader,
        List<(string Instant, RecordCount Expected)> instants,
        Action<string> say,
        Func<Task<IReadOnlyList<RecordCount>>> count)
    {
        if (await reader.MissingAsync() is { } missing)
        {
            say($"SKIPPED: {missing}");
            return;
        }

        IReadOnlyList<RecordCount> counts = await count();
        for (int i = 0; i < instants.Count; i++)
        {
            (string instant, RecordCount expected) = instants[i];
            string where = $"{reader.Name} at {instant}";
            Assert.Equal((where, expected.RowCount, expected.DistinctCount), (where, counts[i].RowCount, counts[i].DistinctCount));
            Same(where, expected.Partitions, counts[i].Partitions);
        }

        say($"{reader.Name}: each record once at each");
    }

    private static async Task<IReadOnlyList<RecordCount>> EachAsync(
        List<(string Instant, RecordCount Expected)> instants, Func<string, Task<RecordCount>> count)
    {
        List<RecordCount> counts = [];
        foreach ((string instant, _) in instants)
        {
            counts.Add(await count(instant));
        }

        return counts;
    }

    private static void Same(
        string where, IReadOnlyDictionary<int, PartitionCount> expected, IReadOnlyDictionary<int, PartitionCount> seen) =>
        Assert.Equal((where, Text(expected)), (where, Text(seen)));

    private static string Text(IReadOnlyDictionary<int, PartitionCount> partitions) =>
        string.Join("; ", partitions.OrderBy(static p => p.Key).Select(static p => $"{p.Key}: {p.Value}"));

    private static async Task<HudiTable> OpenAsync(string folder) =>
        await HudiTable.OpenAsync(new LocalObjectStore(folder), TimeProvider.System, new Random(1), Stop)
        ?? throw new InvalidOperationException($"There is no table in {folder}.");
}
