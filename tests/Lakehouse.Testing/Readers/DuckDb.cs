using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Lakehouse.Hudi;
using Xunit;

namespace Lakehouse.Testing;

/// <summary>DuckDB on the files of a table's snapshot. It comes from npm.</summary>
public sealed class DuckDb : ForeignReader
{
    private const string Package = "@duckdb/node-api";
    private const string PackageVersion = "1.5.6-r.1";

    /// <summary>Runs each request, an SQL statement, in a database of its own.</summary>
    private const string Program = """
        import { createInterface } from 'node:readline';
        import { DuckDBInstance } from '@duckdb/node-api';
        for await (const line of createInterface({ input: process.stdin })) {
          const answer = { exitCode: 0, output: '', errors: '' };
          try {
            const connection = await (await DuckDBInstance.create(':memory:')).connect();
            answer.output = JSON.stringify((await connection.runAndReadAll(JSON.parse(line))).getRowObjectsJson());
          } catch (e) {
            answer.exitCode = 2;
            answer.errors = String(e.stack ?? e);
          }
          process.stdout.write(JSON.stringify(answer) + '\n');
        }
        """;

    /// <summary>Reads all columns of a file into vectors, again and again, and prints the CPU seconds of each time.</summary>
    private const string ScanProgram = """
        import { DuckDBInstance } from '@duckdb/node-api';
        const [file, rounds] = process.argv.slice(1);
        const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
        const seconds = [];
        for (let round = 0; round < Number(rounds); round++) {
          const before = process.cpuUsage();
          const result = await connection.stream(`select * from read_parquet('${file}', hive_partitioning = false)`);
          let rows = 0;
          for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) rows += chunk.rowCount;
          const used = process.cpuUsage(before);
          seconds.push((used.user + used.system) / 1e6);
        }
        console.log(JSON.stringify(seconds));
        """;

    /// <summary>Writes the rows of a file, which it takes into memory first, again and again, and prints the CPU seconds of each time.</summary>
    private const string CopyProgram = """
        import { DuckDBInstance } from '@duckdb/node-api';
        const [from, to, format, rounds] = process.argv.slice(1);
        const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
        await connection.run(`create table t as select * from read_parquet('${from}', hive_partitioning = false)`);
        const seconds = [];
        for (let round = 0; round < Number(rounds); round++) {
          const before = process.cpuUsage();
          await connection.run(`copy t to '${to}' (FORMAT parquet, ${format})`);
          const used = process.cpuUsage(before);
          seconds.push((used.user + used.system) / 1e6);
        }
        console.log(JSON.stringify(seconds));
        """;

    private readonly ForeignServer _server = new(static () => new ProcessStartInfo("node", ["--input-type=module", "-e", Program])
    {
        WorkingDirectory = ReaderCache.Folder(CacheName), // Where node looks for the package.
    });

    internal DuckDb()
        : base("DuckDB")
    {
    }

    /// <summary>
    /// Runs a statement in which <c>{table}</c> stands for the rows of the files that make up the table (as of an instant), of which there
    /// must be some. Each row is an object; numbers beyond 32 bits are texts.
    /// </summary>
    public async Task<JsonElement> QueryAsync(HudiTable table, string? asOf, string sql, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(sql);
        await RequireAsync();
        TableSnapshot snapshot = await table.SnapshotAsync(asOf, cancellation);
        Assert.False(snapshot.FileSlices.IsEmpty, "DuckDB cannot read a table without a file.");
        var files = snapshot.FileSlices
            .Select(s => $"'{Path.Combine(table.Store.Root, s.Path.Value).Replace("'", "''", StringComparison.Ordinal)}'");
        string source = $"read_parquet([{string.Join(", ", files)}], hive_partitioning = false)";
        ForeignResult result = await _server.AskAsync(sql.Replace("{table}", source, StringComparison.Ordinal), cancellation);
        using JsonDocument document = JsonDocument.Parse(result.OutputOf());
        return document.RootElement.Clone();
    }

    /// <summary>The CPU seconds, of one thread, that reading all columns of a file into DuckDB's vectors takes; null when it is not here.</summary>
    public Task<double[]?> ScanAsync(string file, int rounds, CancellationToken cancellation) =>
        TimeAsync(ScanProgram, [file, rounds.ToString(CultureInfo.InvariantCulture)], cancellation);

    /// <summary>The CPU seconds, of one thread, that writing the rows of a file as another takes; null when it is not here.</summary>
    /// <param name="from">The file with the rows.</param>
    /// <param name="to">The file that is written.</param>
    /// <param name="format">Options of <c>copy</c>.</param>
    /// <param name="rounds">How often.</param>
    /// <param name="cancellation">Ends it.</param>
    public Task<double[]?> CopyAsync(string from, string to, string format, int rounds, CancellationToken cancellation) =>
        TimeAsync(CopyProgram, [from, to, format, rounds.ToString(CultureInfo.InvariantCulture)], cancellation);

    /// <summary>Counts the Kafka records of a table, whole or as of an instant, by its columns of partition and offset.</summary>
    public async Task<RecordCount> CountRecordsAsync(
        HudiTable table,
        CancellationToken cancellation,
        string partition = "kafka_partition",
        string offset = "kafka_offset",
        string? asOf = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        TableSnapshot snapshot = await table.SnapshotAsync(asOf, cancellation);
        if (snapshot.FileSlices.IsEmpty)
        {
            return new RecordCount(0, 0, 0, new Dictionary<int, PartitionCount>());
        }

        JsonElement rows = await QueryAsync(
            table,
            snapshot.Instant,
            $"""
            with pairs as (select "{partition}" as p, "{offset}" as o, count(*) as n from {"{table}"} group by all)
            select p::varchar as p, min(o)::varchar as first, max(o)::varchar as last, count(*)::varchar as distinct_count,
                sum(n)::varchar as row_count, count(*) filter (n > 1)::varchar as doubled_count
            from pairs group by p
            """,
            cancellation);
        JsonElement[] partitions = [.. rows.EnumerateArray()];
        return new RecordCount(
            partitions.Sum(p => Number(p, "row_count")),
            partitions.Sum(p => Number(p, "distinct_count")),
            partitions.Sum(p => Number(p, "doubled_count")),
            partitions.ToDictionary(
                p => (int)Number(p, "p"), p => new PartitionCount(Number(p, "first"), Number(p, "last"), Number(p, "distinct_count"))));
    }

    private protected override async Task<string?> SetUpAsync()
    {
        if (!ForeignProcess.Exists("npm") || !ForeignProcess.Exists("node"))
        {
            return "there is no npm and node";
        }

        return await ReaderCache.SetUpAsync(CacheName, async folder =>
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{ "private": true }""");
            var install = new ProcessStartInfo("npm", ["install", "--no-audit", "--no-fund", "--silent", $"{Package}@{PackageVersion}"])
            {
                WorkingDirectory = folder,
            };
            ForeignResult result = await ForeignProcess.RunAsync(install, CancellationToken.None);
            return result.ExitCode == 0 ? null : $"npm install {Package}@{PackageVersion} failed: {result.Errors}{result.Output}";
        });
    }

    private async Task<double[]?> TimeAsync(string program, string[] arguments, CancellationToken cancellation)
    {
        if (await MissingAsync() is not null)
        {
            return null;
        }

        // Where node looks for the package.
        var start = new ProcessStartInfo("node", ["--input-type=module", "-e", program, .. arguments]) { WorkingDirectory = ReaderCache.Folder(CacheName) };
        return JsonSerializer.Deserialize<double[]>((await ForeignProcess.RunAsync(start, cancellation)).OutputOf());
    }

    private static string CacheName => $"duckdb-{PackageVersion}";

    private static long Number(JsonElement row, string name) =>
        long.Parse(row.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);
}
