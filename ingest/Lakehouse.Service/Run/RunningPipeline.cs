using Lakehouse.Compaction;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Storage;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Service;

/// <summary>A pipeline of this process and what there is to say about it.</summary>
internal sealed class RunningPipeline : IAsyncDisposable
{
    private static readonly TimeSpan LookPatience = TimeSpan.FromSeconds(3);
    private readonly Pipeline _pipeline;
    private readonly LagReader _lag;
    private readonly CompactionSchedule? _compaction;
    private long _commitsSeen = -1;

    private RunningPipeline(PipelineDefinition definition, Pipeline pipeline, LagReader lag, string worker, ILoggerFactory logs)
    {
        (Name, _pipeline, _lag) = (definition.Name, pipeline, lag);
        _compaction = definition.Compaction is { IsEmbedded: true }
            ? CompactionSettings.Of(definition).Schedule(pipeline.Table, worker, _ => Task.FromResult(Lag), logs)
            : null;
    }

    /// <summary>The pipeline's name.</summary>
    internal string Name { get; }

    /// <summary>What the job has done.</summary>
    internal JobProgress Progress => _pipeline.Job.Progress;

    /// <summary>The table that rows go to.</summary>
    internal HudiTable Table => _pipeline.Table;

    /// <summary>Files of the table at the last look.</summary>
    internal long FileCount { get; private set; }

    /// <summary>Bytes of these files.</summary>
    internal long ByteCount { get; private set; }

    /// <summary>Records that the log holds and the table does not, at the last look; null when not known.</summary>
    internal long? Lag { get; private set; }

    /// <summary>Opens or creates the tables.</summary>
    internal static async Task<RunningPipeline> BuildAsync(
        PipelineDefinition definition, string worker, ILoggerFactory logs, CancellationToken cancellation)
    {
        PipelineWorld world = World(worker, definition.S3, logs);
        Pipeline pipeline = await Pipeline.BuildAsync(definition, world, cancellation);
        return new RunningPipeline(definition, pipeline, new LagReader(definition, world, pipeline.Table), worker, logs);
    }

    /// <summary>The real world around a pipeline.</summary>
    internal static PipelineWorld World(string worker, S3Settings s3, ILoggerFactory logs) => new()
    {
        OpenConsumer = static options => new KafkaConsumer(options, ProcessFacts.Time),
        OpenStore = location => Tables.OpenStore(location, s3),
        Scheduler = new ThreadScheduler(),
        Time = ProcessFacts.Time,
        Random = ProcessFacts.NewRandom(),
        Worker = worker,
        Log = logs.CreateLogger("lakehouse"),
    };

    /// <summary>
    /// Runs to the end or until stopped. While it runs for ever, the table's small files are merged beside it as the pipeline's file says.
    /// </summary>
    internal async Task RunAsync(RunMode mode, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task compacting = mode == RunMode.Continuous && _compaction is not null ? _compaction.RunAsync(ended.Token) : Task.CompletedTask;
        try
        {
            await _pipeline.Job.RunAsync(mode, stop);
        }
        finally
        {
            await ended.CancelAsync();
            await compacting;
        }
    }

    /// <summary>
    /// Looks at the table and the log again. A look that fails or takes more than three seconds changes nothing: the job itself says what
    /// is wrong, and a stop must not wait for brokers that are away.
    /// </summary>
    internal async Task LookAsync()
    {
        using var patience = new CancellationTokenSource(LookPatience, ProcessFacts.Time);
        CancellationToken cancellation = patience.Token;
        try
        {
            if (Progress.Commits != _commitsSeen)
            {
                _commitsSeen = Progress.Commits;
                TableSnapshot snapshot = await Table.SnapshotAsync(atInstant: null, cancellation);
                FileCount = snapshot.FileSlices.Length;
                ByteCount = snapshot.FileSlices.Sum(f => f.ByteCount);
            }

            Lag = (await _lag.ReadAsync(cancellation)).Sum(static s => s.Waiting);
        }
        catch (Exception e) when (e is IOException or KafkaException or OperationCanceledException)
        {
            Lag = null;
        }
    }

    /// <summary>One line about the pipeline.</summary>
    internal string Line(double recordsPerSecond) =>
        $"{Name}: {Sizes.Count((long)recordsPerSecond)} records/s, {Sizes.Count(Progress.RecordsRead)} read, "
        + $"lag {(Lag is { } lag ? Sizes.Count(lag) : "?")}, {Sizes.Count(Progress.Commits)} commits, {Sizes.Count(FileCount)} files, "
        + $"{Sizes.Bytes(ByteCount)}, {Progress.State}";

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _lag.DisposeAsync();
}
