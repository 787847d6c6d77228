using System.Collections.Immutable;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Service;

/// <summary>
/// The main job on embedded defaults: a broker inside this process, a producer of trips, the pipeline of <c>config/pipelines/trips.yaml</c>
/// into a local table; then the proof that the table holds what was produced, and a look at it.
/// </summary>
internal sealed class Demo
{
    private const int PartitionCount = 4;
    private static readonly TimeSpan CommitInterval = TimeSpan.FromSeconds(2);
    private const double RecordsPerSecond = 25_000;
    private readonly string _folder;
    private readonly Terminal _terminal;
    private readonly PipelineDefinition _file;
    private readonly TripProducer _producer;

    /// <summary>A demo of a number of records into a folder that is empty or not there.</summary>
    internal Demo(long recordCount, string folder, Terminal terminal)
    {
        (_folder, _terminal) = (folder, terminal);
        _file = PipelineFiles.Load(Path.Combine(AppContext.BaseDirectory, "pipelines", "trips.yaml"));
        _producer = new TripProducer(recordCount, PartitionCount, TimeSpan.FromSeconds(recordCount / RecordsPerSecond), ProcessFacts.Time);
    }

    private string TablePath => Path.Combine(_folder, "trips");

    private string DeadLettersPath => Path.Combine(_folder, "trips_dead_letters");

    /// <summary>Runs everything. True when the table holds exactly what was produced.</summary>
    internal async Task<bool> RunAsync()
    {
        _terminal.Heading($"Kafka (embedded, topic {_file.Source.Topics[0]}, {PartitionCount} partitions) -> Hudi table {TablePath}");
        using ILoggerFactory logs = Logs.Create(_terminal);
        RunningPipeline pipeline;
        using (var signals = new StopSignals(_terminal, ProcessFacts.Time))
        {
            pipeline = await IngestAsync(signals, logs);
            if (signals.Token.IsCancellationRequested)
            {
                _terminal.Note($"Stopped before the end; what was read is committed to {TablePath}.");
            }
        }

        TableCheck check = await TableCheck.RunAsync(pipeline.Table, offsets: true, CancellationToken.None);
        QueryResult fares = await TableQuery.RunAsync(pipeline.Table, new QueryRequest
        {
            GroupBy = ["kafka_partition"],
            Aggregates = AggregateCall.ParseList("count(*), sum(fare)"),
            Limit = int.MaxValue,
        }, CancellationToken.None);
        Dictionary<int, (long, double)> byPartition = fares.Rows.ToDictionary(r => (int)(long)r[0]!, r => ((long)r[1]!, (double)r[2]!));
        ImmutableArray<string> differences = DemoVerdict.Compare(_producer.Truth, check.Report.Partitions, byPartition);
        bool isGreen = check.IsProven && differences.IsEmpty;
        _terminal.Json(AsJson(pipeline, check, differences, isGreen));
        await ShowAsync(pipeline, check, differences);
        return isGreen;
    }

    private async Task<RunningPipeline> IngestAsync(StopSignals signals, ILoggerFactory logs)
    {
        using var broker = new EmbeddedBroker(ProcessFacts.Time);
        string topic = _file.Source.Topics[0];
        broker.CreateTopic(topic, PartitionCount);
        PipelineDefinition definition = _file with
        {
            Source = _file.Source with { BootstrapServers = broker.BootstrapServers },
            Table = _file.Table with { Path = TablePath },
            DeadLettersPath = DeadLettersPath,
            Checkpoint = _file.Checkpoint with { Interval = CommitInterval },
        };
        // Its connection closes with the broker; its table and its counts are what the caller goes on to read.
        await using RunningPipeline pipeline = await RunningPipeline.BuildAsync(definition, "worker-0", logs, signals.Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Token);
        Task running = pipeline.RunAsync(RunMode.Continuous, stop.Token);
        Task producing = new ThreadScheduler().RunAsync("trips", async () =>
        {
            using var producer = new KafkaProducer(broker.BootstrapServers, new Dictionary<string, string>(), ProcessFacts.Time);
            await _producer.RunAsync(producer, topic, () => pipeline.Progress.RecordsRead, stop.Token);
        });
        Task both = StopWhenReadAsync(pipeline, running, producing, stop);
        await new StatusDisplay([pipeline], _terminal, ProcessFacts.Time).ShowUntilAsync(both);
        await both;
        await pipeline.LookAsync();
        return pipeline;
    }

    /// <summary>Stops the pipeline, which commits, once it has read what was sent; or the producer, once the pipeline has ended.</summary>
    private async Task StopWhenReadAsync(RunningPipeline pipeline, Task running, Task producing, CancellationTokenSource stop)
    {
        if (await Task.WhenAny(running, producing) == producing && producing.IsCompletedSuccessfully)
        {
            while (!running.IsCompleted && pipeline.Progress.RecordsRead < _producer.Sent)
            {
                await Task.WhenAny(running, Task.Delay(TimeSpan.FromMilliseconds(20), ProcessFacts.Time, stop.Token));
            }
        }

        await stop.CancelAsync();
        await Task.WhenAll(running, producing);
    }

    private object AsJson(RunningPipeline pipeline, TableCheck check, ImmutableArray<string> differences, bool isGreen) => new
    {
        Table = TablePath,
        DeadLetters = DeadLettersPath,
        Produced = _producer.Sent,
        pipeline.Progress.Commits,
        pipeline.FileCount,
        pipeline.ByteCount,
        check.Report.RowCount,
        check.Report.OffsetsProven,
        Partitions = _producer.Truth.Select(t => new { t.Partition, t.Sent, t.Rows, t.Filtered, t.DeadLetters }),
        Differences = differences,
        check.Report.Findings,
        Proven = isGreen,
    };

    private async Task ShowAsync(RunningPipeline pipeline, TableCheck check, ImmutableArray<string> differences)
    {
        if (_terminal.IsJson)
        {
            return;
        }

        _terminal.Line($"{Sizes.Count(_producer.Sent)} records produced, {Sizes.Count(pipeline.Progress.Commits)} commits, "
            + $"{Sizes.Count(pipeline.FileCount)} files, {Sizes.Bytes(pipeline.ByteCount)}.");
        _terminal.Line();
        _terminal.Heading("Verification: the table's own proof, then the table against what was produced");
        VerifyCommand.Show(check, _terminal);
        foreach (string difference in differences)
        {
            _terminal.Bad(difference);
        }

        if (differences.IsEmpty)
        {
            _terminal.Good("The table holds what was produced: every partition's records, each exactly once, and the same sum of fares.");
        }

        _terminal.Line();
        _terminal.Heading("Five rows");
        QueryCommand.Show(await TableQuery.RunAsync(pipeline.Table, new QueryRequest
        {
            Select = ["trip_id", "city", "event_time", "fare", "payment", "kafka_partition", "kafka_offset"],
            Limit = 5,
        }, CancellationToken.None), _terminal);
        _terminal.Line();
        _terminal.Heading("Fares by city");
        QueryCommand.Show(await TableQuery.RunAsync(pipeline.Table, new QueryRequest
        {
            GroupBy = ["city"],
            Aggregates = AggregateCall.ParseList("count(*), sum(fare), avg(fare), max(distance_km)"),
            Limit = 20,
        }, CancellationToken.None), _terminal);
        await ShowNextAsync(pipeline.Table);
    }

    private async Task ShowNextAsync(HudiTable table)
    {
        bool launched = Environment.GetEnvironmentVariable("LAKEHOUSE_HOME") is not null;
        string program = launched ? "./lakehouse" : Environment.ProcessPath ?? "lakehouse";
        TableSnapshot snapshot = await table.SnapshotAsync(atInstant: null, CancellationToken.None);
        _terminal.Line();
        _terminal.Heading("Try next");
        _terminal.Line($"  {program} timeline {TablePath}");
        _terminal.Line($"  {program} verify {TablePath}");
        _terminal.Line($"  {program} query {TablePath} --where \"city = 'lima' AND fare > 60\" --select trip_id,fare,status --limit 5");
        _terminal.Line($"  {program} query {TablePath} --group-by dt,payment --aggregate \"count(*), sum(fare)\"");
        _terminal.Line($"  {program} query {DeadLettersPath} --select kafka_partition,kafka_offset,kind,reason");
        if (!snapshot.FileSlices.IsEmpty)
        {
            _terminal.Line($"  {program} parquet meta {Path.Combine(TablePath, snapshot.FileSlices[0].Path.Value)}");
        }

        _terminal.Line($"The table stays in {_folder}; delete the folder when you are done.");
    }
}
