using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>
/// What running a pipeline would do, found out without touching anything: nothing is written, no group is joined, no offset is committed.
/// </summary>
public sealed record PipelinePlan
{
    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>Where the table is or will be.</summary>
    public required string TableLocation { get; init; }

    /// <summary>Whether the table is there already.</summary>
    public required bool TableExists { get; init; }

    /// <summary>The table's columns, without Hudi's own.</summary>
    public required Schema Schema { get; init; }

    /// <summary>The tables of the routes, in their order.</summary>
    public ImmutableArray<PlannedRoute> Routes { get; init; } = [];

    /// <summary>The topic partitions, and how many records wait in them.</summary>
    public required ImmutableArray<SplitLag> Splits { get; init; }

    /// <summary>Records that were read and put through the steps.</summary>
    public required PlannedSample Sample { get; init; }

    /// <summary>Subtasks that would run.</summary>
    public required int SubtaskCount { get; init; }

    /// <summary>The most that fetched messages and open files may take.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>What may surprise later; one sentence each.</summary>
    public required ImmutableArray<string> Risks { get; init; }

    /// <summary>Looks at the log and the table and says what would happen.</summary>
    /// <param name="definition">The pipeline.</param>
    /// <param name="world">Only its stores, consumer, clock and worker id are used.</param>
    /// <param name="sampleCountMax">Records to read over all partitions.</param>
    /// <param name="cancellation">Ends the looking.</param>
    public static async Task<PipelinePlan> MakeAsync(
        PipelineDefinition definition, PipelineWorld world, int sampleCountMax, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(world);
        await using IKafkaConsumer consumer = world.OpenConsumer(PipelineTables.Consumer(definition, world.Worker, 1));
        ClusterDescription cluster = await consumer.DescribeAsync(definition.Source.Topics, cancellation);
        HudiTable? table = await OpenAsync(definition.Table.Path, world, cancellation);
        var existingRoutes = new List<TableConfig?>();
        foreach (RouteDefinition route in definition.Routes)
        {
            existingRoutes.Add((await OpenAsync(route.Table.Path, world, cancellation))?.Config);
        }

        ImmutableArray<SplitLag> splits = await SplitLag.ReadAsync(definition, world, table, consumer, cluster, cancellation);
        PlannedSample sample = await PlanSampling.TakeAsync(definition, consumer, cluster, sampleCountMax, world.Time, cancellation);
        return new PipelinePlan
        {
            Pipeline = definition.Name,
            TableLocation = definition.Table.Path,
            TableExists = table is not null,
            Schema = definition.Schemas.Table,
            Routes =
            [
                .. definition.Routes.Select((route, i) => new PlannedRoute(
                    route.Condition, route.Table.Path, existingRoutes[i] is not null, sample.Routed[i])),
            ],
            Splits = splits,
            Sample = sample,
            SubtaskCount = Math.Clamp(cluster.Partitions.Count, 1, definition.Parallelism ?? world.CoreCount),
            MemoryBytes = definition.MemoryBudgetBytes,
            Risks = RisksOf(definition, cluster, [table?.Config, .. existingRoutes], sample, splits),
        };
    }

    /// <summary>The risks, from facts alone; <paramref name="existing"/>: the tables that are there, the first one and those of the routes.</summary>
    internal static ImmutableArray<string> RisksOf(
        PipelineDefinition definition,
        ClusterDescription cluster,
        IReadOnlyList<TableConfig?> existing,
        PlannedSample sample,
        ImmutableArray<SplitLag> splits)
    {
        var risks = ImmutableArray.CreateBuilder<string>();
        ImmutableArray<TableDefinition> tables = [definition.Table, .. definition.Routes.Select(static r => r.Table)];
        if (tables.FirstOrDefault(static t => !t.RecordKey.IsEmpty) is { } keyed)
        {
            risks.Add($"record_key ({string.Join(", ", keyed.RecordKey)}) fills _hoodie_record_key and does not make rows "
                + "unique: the operation is INSERT, so a record that a producer sends twice is two rows.");
        }

        if (definition.Source.Topics.Any(t => !cluster.TopicIds.ContainsKey(t)))
        {
            risks.Add("The Kafka client library is older than 2.3 and cannot tell topic ids: a topic that is deleted and created anew is "
                + "noticed only when it holds fewer records than the table took. librdkafka 2.3 or later gives the full guarantee.");
        }

        foreach ((TableDefinition table, TableConfig? there) in tables.Zip(existing))
        {
            TableConfig wanted = PipelineTables.Rows(definition, table);
            if (there is not null && !there.Schema.Equals(wanted.Schema))
            {
                risks.Add($"The table '{table.Path}' is there with other columns ({there.Schema}); run would refuse it. Use another path.");
            }

            if (there is not null && !there.PartitionFields.SequenceEqual(wanted.PartitionFields))
            {
                risks.Add($"The table '{table.Path}' is there and partitioned by ({string.Join(", ", there.PartitionFields)}); "
                    + "run would refuse it.");
            }
        }

        foreach (SplitLag split in splits)
        {
            if (split.InTable is { } end && (end < split.Low || end > split.High))
            {
                risks.Add(FormattableString.Invariant(
                    $"{split.Name}: the table ends at offset {end}, the log holds {split.Low} to before {split.High}; ")
                    + $"on_data_loss ({definition.Source.OnDataLoss.ToString().ToLowerInvariant()}) will decide.");
            }
        }

        if (sample.DeadLettered > 0)
        {
            risks.Add(FormattableString.Invariant($"{sample.DeadLettered} of {sample.Read} sampled records are bad, ")
                + $"first: {sample.FirstError}. "
                + (definition.DeadLettersPath is null ? "Without dead_letters it stops the pipeline." : "They go to the dead letters."));
        }

        if (sample.Partitions.Length > PlannedSample.PartitionCountAlarm)
        {
            risks.Add(FormattableString.Invariant($"The sample alone falls into {sample.Partitions.Length} table partitions; ")
                + "every commit writes a file into each that it touches, so files will be small.");
        }

        if (definition.DeadLettersPath is null && sample.DeadLettered == 0)
        {
            risks.Add("There are no dead_letters: the first bad record stops the pipeline.");
        }

        return risks.ToImmutable();
    }

    private static Task<HudiTable?> OpenAsync(string location, PipelineWorld world, CancellationToken cancellation) =>
        HudiTable.OpenAsync(world.OpenStore(location), world.Time, world.Random, cancellation);
}

/// <summary>A route and its table.</summary>
/// <param name="Condition">Which rows go there, unless a route before it takes them.</param>
/// <param name="TableLocation">Where its table is or will be.</param>
/// <param name="TableExists">Whether it is there already.</param>
/// <param name="SampledRows">Sampled records that would be rows there.</param>
public sealed record PlannedRoute(string Condition, string TableLocation, bool TableExists, long SampledRows);

/// <summary>What became of the records that were looked at.</summary>
/// <param name="Read">Records read.</param>
/// <param name="Written">Records that would be rows of the first table.</param>
/// <param name="Filtered">Records that a filter would drop.</param>
/// <param name="DeadLettered">Bad records.</param>
/// <param name="FirstError">The first bad record's place and reason, or null.</param>
/// <param name="MessageBytes">Bytes of all that were read.</param>
/// <param name="Partitions">The table partitions that the rows of the first table fall into, with their numbers of rows, largest first.</param>
public sealed record PlannedSample(
    long Read,
    long Written,
    long Filtered,
    long DeadLettered,
    string? FirstError,
    long MessageBytes,
    ImmutableArray<KeyValuePair<string, long>> Partitions)
{
    /// <summary>More table partitions than this in one sample mean small files.</summary>
    public const int PartitionCountAlarm = 50;

    /// <summary>Records that would be rows of the routes' tables, route by route.</summary>
    public ImmutableArray<long> Routed { get; init; } = [];

    // Ten million trips of 263 bytes of JSON became 421 MiB of Parquet with zstd and Hudi's meta columns.
    private const double ParquetBytesPerMessageByte = 0.17;

    /// <summary>About how large the Parquet files of this many records would be.</summary>
    public long EstimateFileBytes(long recordCount) =>
        Read == 0 ? 0 : (long)(MessageBytes / (double)Read * recordCount * ((Written + Routed.Sum()) / (double)Read) * ParquetBytesPerMessageByte);
}
