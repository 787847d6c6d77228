using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Parquet;

namespace Lakehouse.Tests.Ingest;

/// <summary>A log and stores in memory, and pipelines that run between them on real threads.</summary>
internal sealed class PipelineBench
{
    private readonly ConcurrentDictionary<string, MemoryObjectStore> _stores = new();
    private int _consumers;

    internal const string Trips = """
        pipeline: trips
        source: { kafka: { bootstrap_servers: "log:1", topics: [trips], group: lake } }
        schema:
          - { name: id, type: string, required: true }
          - { name: at, type: timestamp_millis }
          - { name: fare, type: double }
        event_time: { column: at }
        steps:
          - filter: "fare >= 0"
          - derive: { dt: "date_format(at, 'yyyy-MM-dd')" }
        table: { path: lake/trips, partition_by: [dt], kafka_columns: [partition, offset] }
        dead_letters: { path: lake/dead }
        checkpoint: { interval: 100ms }
        parallelism: 2
        """;

    internal SimulatedLog Log { get; init; } = new();

    internal static PipelineDefinition Parse(string yaml) =>
        PipelineDefinition.Parse(yaml, "trips.yaml", _ => null, name => throw new FileNotFoundException(name));

    internal PipelineWorld World(string worker = "worker-0") => new()
    {
        OpenConsumer = options => new SimulatedConsumer(
            Log, options.Group, worker, TimeProvider.System, new Random(Interlocked.Increment(ref _consumers))),
        OpenStore = Store,
        Scheduler = new ThreadScheduler(),
        Time = TimeProvider.System,
        Random = Random.Shared,
        Worker = worker,
        CoreCount = 2,
    };

    internal MemoryObjectStore Store(string location) => _stores.GetOrAdd(location, l => new MemoryObjectStore(l, TimeProvider.System));

    /// <summary>Runs a pipeline to the end offsets that it sees at start.</summary>
    internal async Task<JobProgress> RunAsync(string yaml, CancellationToken cancellation)
    {
        Pipeline pipeline = await Pipeline.BuildAsync(Parse(yaml), World(), cancellation);
        await pipeline.Job.RunAsync(RunMode.UntilEndOfInput, cancellation);
        return pipeline.Job.Progress;
    }

    /// <summary>Appends trips of alternating days, some of them free (fare 0) and some with a negative fare.</summary>
    internal void Produce(TopicPartition partition, int count)
    {
        for (int i = 0; i < count; i++)
        {
            long at = 1_763_510_400_000 + (i % 3 * 86_400_000L) + i;
            string json = string.Create(CultureInfo.InvariantCulture,
                $"{{\"id\":\"{partition}-{i}\",\"at\":{at},\"fare\":{(i % 10 == 9 ? -1 : i)}.5,\"more\":[{i}]}}");
            Log.Append(partition, Encoding.UTF8.GetBytes("k"), Encoding.UTF8.GetBytes(json), at);
        }
    }

    internal void Produce(TopicPartition partition, string? value) =>
        Log.Append(partition, null, value is null ? null : Encoding.UTF8.GetBytes(value), 1_763_510_400_000);

    internal Task<HudiTable?> OpenAsync(string location) =>
        HudiTable.OpenAsync(Store(location), TimeProvider.System, Random.Shared, CancellationToken.None);

    internal async Task<Ledger> LedgerAsync(string location)
    {
        HudiTable table = await OpenAsync(location) ?? throw new InvalidOperationException($"No table at {location}.");
        var committer = new TableCommitter(table, "reader", "reader", new CommitterOptions(), TimeProvider.System, Random.Shared);
        return (await committer.ReadStateAsync(CancellationToken.None)).Ledger;
    }

    /// <summary>Where each row of a table came from, sorted; doubled rows stand twice.</summary>
    internal async Task<List<(int Partition, long Offset)>> OriginsAsync(string location)
    {
        List<(int Partition, long Offset)> origins = [];
        await foreach (RecordBatch batch in ReadAsync(location, "kafka_partition", "kafka_offset"))
        {
            for (int i = 0; i < batch.RowCount; i++)
            {
                origins.Add((batch.Columns[0].Values<int>()[i], batch.Columns[1].Values<long>()[i]));
            }
        }

        origins.Sort();
        return origins;
    }

    internal async Task<List<string>> TextsAsync(string location, string column)
    {
        List<string> texts = [];
        await foreach (RecordBatch batch in ReadAsync(location, column))
        {
            for (int i = 0; i < batch.RowCount; i++)
            {
                texts.Add(batch.Columns[0].IsValid(i) ? Encoding.UTF8.GetString(batch.Columns[0].BytesAt(i)) : "(null)");
            }
        }

        return texts;
    }

    /// <summary>The rows of a table, the values of some columns as <see cref="CanonicalText"/> with a blank between them.</summary>
    internal async Task<List<string>> ValuesAsync(string location, params string[] columns)
    {
        List<string> rows = [];
        await foreach (RecordBatch batch in ReadAsync(location, columns))
        {
            rows.AddRange(Enumerable.Range(0, batch.RowCount)
                .Select(r => string.Join(' ', batch.Columns.Select(c => CanonicalText.Of(c, r)))));
        }

        return rows;
    }

    internal async Task<TableSnapshot> SnapshotAsync(string location) =>
        await (await OpenAsync(location) ?? throw new InvalidOperationException($"No table at {location}."))
            .SnapshotAsync(null, CancellationToken.None);

    /// <summary>What the table must hold: every stable record but those with a negative fare or that are no trips.</summary>
    internal List<(int Partition, long Offset)> Expected(int partitionCount, Func<string, bool>? keep = null)
    {
        List<(int Partition, long Offset)> expected = [];
        for (int p = 0; p < partitionCount; p++)
        {
            expected.AddRange(Log.Records(new TopicPartition("trips", p))
                .Where(r => r.Value is { } value && (keep ?? IsKept)(Encoding.UTF8.GetString(value)))
                .Select(r => (p, r.Offset)));
        }

        return expected;
    }

    private static bool IsKept(string json) =>
        json.StartsWith("{\"id\"", StringComparison.Ordinal)
        && json.EndsWith('}') && !json.Contains("\"fare\":-", StringComparison.Ordinal);

    private async IAsyncEnumerable<RecordBatch> ReadAsync(string location, params string[] columns)
    {
        foreach (FileSlice slice in (await SnapshotAsync(location)).FileSlices)
        {
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(Store(location), slice.Path, CancellationToken.None);
            await foreach (RecordBatch batch in reader.ReadAsync(columns, CancellationToken.None))
            {
                using (batch)
                {
                    yield return batch;
                }
            }
        }
    }
}
