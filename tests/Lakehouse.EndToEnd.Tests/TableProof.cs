using System.Text.Json;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>Counts every (partition, offset) of a table with our own verification and with three foreign readers.</summary>
internal static class TableProof
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>
    /// Fails unless each reader sees exactly <paramref name="records"/> rows, no (partition, offset) twice. A reader that cannot be had
    /// here is named as skipped.
    /// </summary>
    public static async Task EveryReaderSeesEachRecordOnceAsync(string table, long records, Action<string> say)
    {
        await VerifyAsync(table, records);
        say($"lakehouse verify: {records} rows, each once");
        await ReadAsync(ForeignReaders.HudiRust, () => CountHudiRustAsync(table), records, say);
        await ReadAsync(ForeignReaders.HudiJava, () => ForeignReaders.HudiJava.CountRecordsAsync(table, Stop), records, say);
        await ReadAsync(ForeignReaders.DuckDb, () => CountDuckDbAsync(table), records, say);
    }

    private static async Task VerifyAsync(string table, long records)
    {
        string folder = Path.GetDirectoryName(table)!;
        (int exitCode, string verify, string error) = await LakehouseProcess.RunAsync(Patience, folder, "verify", table, "--offsets", "--json");
        Assert.True(exitCode == 0, verify + error);
        using JsonDocument proof = JsonDocument.Parse(verify);
        Assert.Equal(records, proof.RootElement.GetProperty("row_count").GetInt64());
        Assert.Equal(records, proof.RootElement.GetProperty("offsets_proven").GetInt64());
    }

    private static async Task ReadAsync(
        ForeignReader reader, Func<Task<(long RowCount, long DistinctCount)>> count, long records, Action<string> say)
    {
        if (await reader.MissingAsync() is { } missing)
        {
            say($"SKIPPED: {missing}");
            return;
        }

        (long rowCount, long distinctCount) = await count();
        Assert.Equal((reader.Name, records, records), (reader.Name, rowCount, distinctCount));
        say($"{reader.Name}: {rowCount} rows, each once");
    }

    private static async Task<(long RowCount, long DistinctCount)> CountHudiRustAsync(string table)
    {
        RecordCount count = await ForeignReaders.HudiRust.CountRecordsAsync(table, Stop);
        return (count.RowCount, count.DistinctCount);
    }

    private static async Task<(long RowCount, long DistinctCount)> CountDuckDbAsync(string table)
    {
        HudiTable opened = await HudiTable.OpenAsync(new LocalObjectStore(table), TimeProvider.System, new Random(1), Stop)
            ?? throw new InvalidOperationException($"There is no table in {table}.");
        RecordCount count = await ForeignReaders.DuckDb.CountRecordsAsync(opened, Stop);
        return (count.RowCount, count.DistinctCount);
    }
}
