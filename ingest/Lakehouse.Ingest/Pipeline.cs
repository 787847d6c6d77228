using System.Collections.Immutable;
using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Kafka;
using Lakehouse.Storage;

namespace Lakehouse.Ingest;

/// <summary>
/// The whole data path, top to bottom:
/// <code>
/// Kafka partitions (KafkaSplits: one consumer, positions from the table's ledger)
///   per subtask: KafkaSource    fair poll, decode, bad records aside
///                FilterOperator, DeriveOperator ...
///                HudiSinkWriter rows to their route's table or the first one, route by table partition, encode, stage files
/// barrier: files closed, checkpoint durable -> HudiCommitter: one sequenced commit with ranges and counts
/// </code>
/// Nothing here knows whether its world is real or simulated.
/// </summary>
public sealed class Pipeline
{
    private static readonly ObjectPath OwnCheckpoints = new(".hoodie/.checkpoints");
    private readonly PipelineDefinition _definition;
    private readonly PipelineWorld _world;
    private readonly HudiCommitter _committer;

    private Pipeline(
        PipelineDefinition definition, PipelineWorld world, HudiTable table, ImmutableArray<HudiTable> routes, HudiTable? deadLetters)
    {
        (_definition, _world, Table, Routes, DeadLetters) = (definition, world, table, routes, deadLetters);
        var options = new JobOptions
        {
            Name = definition.Name,
            Worker = world.Worker,
            Attempt = JobOptions.NewAttempt(world.Time, world.Random),
            CheckpointInterval = definition.Checkpoint.Interval,
            RetainedCheckpoints = definition.Checkpoint.Retain,
            IsTransient = static failure => failure is SplitsLostException or KafkaException { IsTransient: true },
        };
        var committer = new TableCommitter(table, world.Worker, options.Attempt, Committing(), world.Time, world.Random);
        ImmutableArray<IObjectStore> stores =
            [table.Store, .. routes.Select(static r => r.Store), .. deadLetters is null ? [] : new[] { deadLetters.Store }];
        _committer = new HudiCommitter(definition.Name, world.Worker, options.Attempt, stores, committer, world.Log);
        CheckpointStore checkpoints = definition.Checkpoint.Storage is { } storage
            ? new CheckpointStore(world.OpenStore(storage), default)
            : new CheckpointStore(table.Store, OwnCheckpoints);
        Job = new Job(options, _committer, StartAsync, checkpoints, world.Scheduler, world.Time, world.Random, world.Log);
    }

    /// <summary>The job; run it once.</summary>
    public Job Job { get; }

    /// <summary>The table of the rows that no route takes; its commits decide for all.</summary>
    public HudiTable Table { get; }

    /// <summary>The tables of the routes, in their order.</summary>
    public ImmutableArray<HudiTable> Routes { get; }

    /// <summary>The table of bad records, if there is one.</summary>
    public HudiTable? DeadLetters { get; }

    /// <summary>
    /// Opens or creates the tables and prepares the job. Throws <see cref="HudiException"/> when a table is there with other columns.
    /// </summary>
    public static async Task<Pipeline> BuildAsync(PipelineDefinition definition, PipelineWorld world, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(world);
        HudiTable table = await CreateAsync(definition.Table.Path, PipelineTables.Rows(definition), world, cancellation);
        var routes = ImmutableArray.CreateBuilder<HudiTable>(definition.Routes.Length);
        foreach (RouteDefinition route in definition.Routes)
        {
            routes.Add(await CreateAsync(route.Table.Path, PipelineTables.Rows(definition, route.Table), world, cancellation));
        }

        HudiTable? deadLetters = definition.DeadLettersPath is { } path
            ? await CreateAsync(path, PipelineTables.DeadLetters(path), world, cancellation)
            : null;
        return new Pipeline(definition, world, table, routes.MoveToImmutable(), deadLetters);
    }

    /// <summary>One start of the job: the committer has read the table, so the ledger says where every partition goes on.</summary>
    private async Task<JobParts> StartAsync(JobStart start, CancellationToken cancellation)
    {
        (IKafkaConsumer consumer, TimeSpan giveBackWithin) = await OpenConsumerAsync(cancellation);
        var splits = new KafkaSplits(
            _definition, consumer, _committer.Ledger, _committer.ReadLedgerAsync, giveBackWithin, _world.Time, _world.Log);
        try
        {
            int subtaskCount = await splits.OpenAsync(_definition.Parallelism ?? _world.CoreCount, cancellation);
            DeadLetterWatch? watch = _definition.DeadLetterLimit is { } limit ? new DeadLetterWatch(limit, _world.Time) : null;
            var cores = new IdleCores(_world.CoreCount - subtaskCount);
            return new JobParts([.. Enumerable.Range(0, subtaskCount).Select(i => Subtask(i, subtaskCount, splits, watch, cores, start))], splits);
        }
        catch
        {
            await splits.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Open files get half of the memory budget; what is fetched and not yet decoded gets the other. Cores that are more than subtasks help to
    /// encode.
    /// </summary>
    private SubtaskParts Subtask(
        int index, int subtaskCount, KafkaSplits splits, DeadLetterWatch? watch, IdleCores cores, JobStart start)
    {
        var budget = new OpenFileBudget(_definition.MemoryBudgetBytes / 2 / subtaskCount);
        TableWriter Writer(HudiTable table, TableDefinition? rows) => this.Writer(table, rows, index, start, budget, cores);
        return new SubtaskParts(
            new KafkaSource(_definition, splits, watch, _world.Time),
            StepBinding.Operators(_definition),
            new HudiSinkWriter(
                Writer(Table, _definition.Table),
                _definition.Schemas.OffsetIndex,
                new RowRouter(StepBinding.Routes(_definition)),
                [.. _definition.Routes.Zip(Routes, (route, table) =>
                    new FollowerWriter(route.Table.Path, Writer(table, route.Table)))],
                DeadLetters is null || _definition.DeadLettersPath is not { } path
                    ? null
                    : new FollowerWriter(path, Writer(DeadLetters, null))));
    }

    /// <summary>The open files of a table of rows, or of dead letters.</summary>
    private TableWriter Writer(
        HudiTable table, TableDefinition? rows, int subtask, JobStart start, OpenFileBudget budget, IdleCores cores) => new(
        table,
        checkpoint => HudiTable.StagingFolder(_definition.Name, _world.Worker, start.Attempt, checkpoint),
        new BaseFileOptions
        {
            // < Dead letters have columns of their own: what is said of single ones is not for them.
            Parquet = rows?.Parquet ?? _definition.Table.Parquet with { BloomFilters = [], SortedBy = [] },
            WriteToken = FormattableString.Invariant($"{subtask}-0-0"),
            EventTimeColumn = rows is null ? null : _definition.EventTimeColumn,
        },
        start.FirstCheckpoint.Value,
        (rows ?? _definition.Table).FileBytesMax,
        budget,
        cores);

    /// <summary>How much of each partition is fetched ahead follows from the budget and how many there are, which is asked first.</summary>
    private async Task<(IKafkaConsumer Consumer, TimeSpan GiveBackWithin)> OpenConsumerAsync(CancellationToken cancellation)
    {
        int partitionCount = _committer.Ledger.Entries.Keys.Count(k => k.Pipeline == _definition.Name);
        if (partitionCount == 0)
        {
            await using IKafkaConsumer asking = _world.OpenConsumer(PipelineTables.Consumer(_definition, _world.Worker, 1));
            partitionCount = (await asking.DescribeAsync(_definition.Source.Topics, cancellation)).Partitions.Count;
        }

        KafkaConsumerOptions options = PipelineTables.Consumer(_definition, _world.Worker, partitionCount);
        return (_world.OpenConsumer(options), options.GiveBackWithin);
    }

    private CommitterOptions Committing() => new()
    {
        OpenFollower = OpenFollowerAsync,
        Followers =
        [
            .. _definition.Routes.Select(static r => r.Table.Path),
            .. _definition.DeadLettersPath is { } path ? [path] : Array.Empty<string>(),
        ],
        ClaimDeadline = _definition.Checkpoint.ClaimDeadline,
        ActiveInstantsKept = _world.ActiveInstantsKept,
        Say = sentence => IngestLog.CommitDelayed(_world.Log, _definition.Name, sentence),
    };

    /// <summary>A commit may also have followers that an earlier definition of the pipeline named.</summary>
    private async Task<HudiTable> OpenFollowerAsync(string location, CancellationToken cancellation) =>
        DeadLetters is not null && location == _definition.DeadLettersPath ? DeadLetters
            : _definition.Routes.Zip(Routes).FirstOrDefault(r => r.First.Table.Path == location).Second is { } route ? route
            : await HudiTable.OpenAsync(_world.OpenStore(location), _world.Time, _world.Random, cancellation)
                ?? throw new HudiException(location, $"a commit of {Table.Store.Root} has files for it, and there is no table.");

    private static Task<HudiTable> CreateAsync(string location, TableConfig config, PipelineWorld world, CancellationToken cancellation) =>
        HudiTable.CreateAsync(world.OpenStore(location), config, world.Time, world.Random, cancellation);
}
