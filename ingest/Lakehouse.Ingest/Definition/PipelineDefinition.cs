using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Ingest;

/// <summary>
/// What one pipeline file says, checked as far as the file alone allows: names, types, expressions, references between its parts.
/// A value; what runs is made from it.
/// </summary>
public sealed record PipelineDefinition
{
    /// <summary>The budget of a pipeline that names none: resident memory stays below 600 MB at full speed.</summary>
    public const long MemoryBudgetBytesDefault = 256L << 20;

    /// <summary>The file it came from, for messages.</summary>
    public required string File { get; init; }

    /// <summary>The identity of the pipeline in every commit.</summary>
    public required string Name { get; init; }

    /// <summary>Where records come from.</summary>
    public required KafkaSourceDefinition Source { get; init; }

    /// <summary>How messages are decoded.</summary>
    public required JsonFormatDefinition Json { get; init; }

    /// <summary>The columns decoded from each message.</summary>
    public required Schema Schema { get; init; }

    /// <summary>The timestamp column whose minimum and maximum every commit records, or null.</summary>
    public string? EventTimeColumn { get; init; }

    /// <summary>What happens to the rows, in order.</summary>
    public ImmutableArray<StepDefinition> Steps { get; init; } = [];

    /// <summary>Where rows go that no route takes.</summary>
    public required TableDefinition Table { get; init; }

    /// <summary>Other tables for some of the rows; a row goes to the first whose condition is true for it.</summary>
    public ImmutableArray<RouteDefinition> Routes { get; init; } = [];

    /// <summary>The location of the table of bad records; null: a bad record stops the pipeline.</summary>
    public string? DeadLettersPath { get; init; }

    /// <summary>When too many bad records stop the pipeline; null: never.</summary>
    public DeadLetterLimit? DeadLetterLimit { get; init; }

    /// <summary>When and where checkpoints are taken.</summary>
    public required CheckpointDefinition Checkpoint { get; init; }

    /// <summary>How S3 is reached, where the file says it.</summary>
    public S3Settings S3 { get; init; } = S3Settings.Default;

    /// <summary>When and how the table's small files are merged; null: not by this pipeline.</summary>
    public CompactionDefinition? Compaction { get; init; }

    /// <summary>Bytes that fetched messages and open files may take together. The process takes about 300 MB beside them.</summary>
    public long MemoryBudgetBytes { get; init; } = MemoryBudgetBytesDefault;

    /// <summary>Subtasks that read, decode and write side by side; null: as many as there are cores.</summary>
    public int? Parallelism { get; init; }

    /// <summary>What the definition's parts amount to: the columns at each stage.</summary>
    public PipelineSchemas Schemas { get; init; } = PipelineSchemas.None;

    /// <summary>Reads and checks a pipeline file. Throws <see cref="PipelineDefinitionException"/> naming file, line and column.</summary>
    /// <param name="path">The file.</param>
    /// <param name="variable">Environment variables, for <c>${NAME}</c> in values.</param>
    public static PipelineDefinition Load(string path, Func<string, string?> variable)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "";
        return Parse(System.IO.File.ReadAllText(path), path, variable, name => System.IO.File.ReadAllText(Path.Combine(folder, name)));
    }

    /// <summary>Reads and checks the text of a pipeline. Throws <see cref="PipelineDefinitionException"/>.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="file">What messages call it.</param>
    /// <param name="variable">Environment variables, for <c>${NAME}</c> in values.</param>
    /// <param name="readFile">Reads a <c>schema_file</c>, named relative to the pipeline.</param>
    public static PipelineDefinition Parse(
        string yaml, string file, Func<string, string?> variable, Func<string, string> readFile) =>
        new PipelineParser(file, variable, readFile).Parse(yaml);
}

/// <summary>Topics of one Kafka cluster.</summary>
public sealed record KafkaSourceDefinition
{
    /// <summary>Brokers to start from, as <c>host:port,host:port</c>.</summary>
    public required string BootstrapServers { get; init; }

    /// <summary>The topics; every partition of each is read.</summary>
    public required ImmutableArray<string> Topics { get; init; }

    /// <summary>The consumer group that assigns partitions to workers.</summary>
    public required string Group { get; init; }

    /// <summary>Where reading starts in a table that has no commit of this pipeline.</summary>
    public StartPosition Start { get; init; } = new StartPosition.Earliest();

    /// <summary>What happens when the log no longer holds what the table needs next.</summary>
    public OnDataLoss OnDataLoss { get; init; } = OnDataLoss.Fail;

    /// <summary>librdkafka properties as given.</summary>
    public ImmutableSortedDictionary<string, string> Properties { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>Where reading starts. A closed hierarchy.</summary>
public abstract record StartPosition
{
    private StartPosition()
    {
    }

    /// <summary>At the first record still in the log.</summary>
    public sealed record Earliest : StartPosition;

    /// <summary>After the last record.</summary>
    public sealed record Latest : StartPosition;

    /// <summary>At the first record with this timestamp or a later one.</summary>
    public sealed record At(DateTimeOffset Time) : StartPosition;
}

/// <summary>What happens when records that the table needs next are gone, or the topic is another one.</summary>
public enum OnDataLoss
{
    /// <summary>The pipeline stops and says what is lost.</summary>
    Fail,

    /// <summary>The pipeline says what is lost and goes on at the beginning of what is there.</summary>
    Earliest,
}

/// <summary>Messages are JSON objects.</summary>
/// <param name="RecordBytesMax">Longest message; a longer one is a bad record.</param>
public sealed record JsonFormatDefinition(int RecordBytesMax);

/// <summary>One step. A closed hierarchy.</summary>
/// <param name="Location">Where its expression stands in the file.</param>
public abstract record StepDefinition(SourceLocation Location)
{
    /// <summary>Keeps the rows for which a condition is true.</summary>
    public sealed record Filter(SourceLocation Location, string Condition) : StepDefinition(Location);

    /// <summary>Adds a column computed from the others.</summary>
    public sealed record Derive(SourceLocation Location, string Column, string Expression) : StepDefinition(Location);
}

/// <summary>A table for the rows for which a condition is true. It has the columns of the pipeline's first table.</summary>
/// <param name="Location">Where the condition stands in the file.</param>
/// <param name="Condition">An expression over the rows after the steps; null is not true.</param>
/// <param name="Table">Where those rows go. Its Kafka columns are the first table's.</param>
public sealed record RouteDefinition(SourceLocation Location, string Condition, TableDefinition Table);

/// <summary>A Hudi table that rows go to.</summary>
public sealed record TableDefinition
{
    /// <summary>Its location: a path, a <c>file://</c> URL or <c>s3://bucket/folder</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Columns whose values name the table partition of a row.</summary>
    public ImmutableArray<string> PartitionBy { get; init; } = [];

    /// <summary>Columns that fill <c>_hoodie_record_key</c>. They do not make rows unique.</summary>
    public ImmutableArray<string> RecordKey { get; init; } = [];

    /// <summary>Kafka facts kept as columns.</summary>
    public ImmutableArray<KafkaColumn> KafkaColumns { get; init; } = [];

    /// <summary>Size at which a file is closed and another begun.</summary>
    public long FileBytesMax { get; init; } = 128L << 20;

    /// <summary>How its files are encoded and compressed.</summary>
    public ParquetWriterOptions Parquet { get; init; } = new();
}

/// <summary>A fact about a message that the table can keep as a column.</summary>
public enum KafkaColumn
{
    /// <summary><c>kafka_topic</c>, string.</summary>
    Topic,

    /// <summary><c>kafka_partition</c>, int.</summary>
    Partition,

    /// <summary><c>kafka_offset</c>, long.</summary>
    Offset,

    /// <summary><c>kafka_timestamp</c>, timestamp_millis; null where the message has none.</summary>
    Timestamp,

    /// <summary><c>kafka_key</c>, binary; null where the message has none.</summary>
    Key,
}

/// <summary>When and where checkpoints are taken.</summary>
public sealed record CheckpointDefinition
{
    /// <summary>Time between the starts of two checkpoints; each is one commit.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Where they are kept; null: in the table's own <c>.hoodie/.checkpoints</c>.</summary>
    public string? Storage { get; init; }

    /// <summary>How long an undecided claim of another committer is watched before it is aborted.</summary>
    public TimeSpan ClaimDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How many committed checkpoints are kept.</summary>
    public int Retain { get; init; } = 5;
}
