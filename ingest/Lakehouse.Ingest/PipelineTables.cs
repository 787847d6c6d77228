using Lakehouse.Hudi;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>What a definition means to the tables and to Kafka.</summary>
internal static class PipelineTables
{
    private const int PrefetchBytesMin = 256 << 10;

    // librdkafka counts payload; with its own records small messages take twice that. 8 MiB are 150 ms at full speed.
    private const int PrefetchBytesMax = 8 << 20;

    internal static TableConfig Rows(PipelineDefinition pipeline) => Rows(pipeline, pipeline.Table);

    /// <summary>The first table or a route's: all of them have the same columns.</summary>
    internal static TableConfig Rows(PipelineDefinition pipeline, TableDefinition table) => new()
    {
        Name = NameOf(table.Path),
        Schema = pipeline.Schemas.Table,
        PartitionFields = table.PartitionBy,
        RecordKeyFields = table.RecordKey,
    };

    internal static TableConfig DeadLetters(string path) => new() { Name = NameOf(path), Schema = PipelineSchemas.DeadLetters };

    internal static KafkaConsumerOptions Consumer(PipelineDefinition pipeline, string worker, int partitionCount) => new()
    {
        BootstrapServers = pipeline.Source.BootstrapServers,
        Group = pipeline.Source.Group,
        InstanceId = worker,
        PrefetchByteCountPerPartition = PrefetchBytes(pipeline, partitionCount),
        Properties = pipeline.Source.Properties,
    };

    internal static int PrefetchBytes(PipelineDefinition pipeline, int partitionCount) =>
        (int)Math.Clamp(pipeline.MemoryBudgetBytes / 2 / Math.Max(partitionCount, 1), PrefetchBytesMin, PrefetchBytesMax);

    /// <summary>A table is named like its folder, in the letters that Avro and catalogs take.</summary>
    internal static string NameOf(string path)
    {
        string folder = path.TrimEnd('/');
        folder = folder[(folder.LastIndexOf('/') + 1)..];
        string name = string.Concat(folder.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return name.Length == 0 || char.IsAsciiDigit(name[0]) ? "t_" + name : name;
    }
}
