using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>How far the table is behind the log in one topic partition.</summary>
/// <param name="Name">Such as <c>trips-3</c>.</param>
/// <param name="Low">First offset in the log.</param>
/// <param name="High">The offset after the last.</param>
/// <param name="InTable">The table's end, or null when the table has nothing of it.</param>
public sealed record SplitLag(string Name, long Low, long High, long? InTable)
{
    /// <summary>Offsets that the log holds and the table does not.</summary>
    public long Waiting => Math.Max(0, High - (InTable ?? Low));

    /// <summary>Asks the log and the table about every partition; joins no group. Throws <see cref="KafkaException"/> when no broker answers.</summary>
    /// <param name="definition">The pipeline.</param>
    /// <param name="world">Its clock, random numbers and worker id are used.</param>
    /// <param name="table">The pipeline's table, or null when there is none.</param>
    /// <param name="consumer">Any consumer of the cluster.</param>
    /// <param name="cluster">What it says of the pipeline's topics.</param>
    /// <param name="cancellation">Ends the asking.</param>
    internal static async Task<ImmutableArray<SplitLag>> ReadAsync(
        PipelineDefinition definition,
        PipelineWorld world,
        HudiTable? table,
        IKafkaConsumer consumer,
        ClusterDescription cluster,
        CancellationToken cancellation)
    {
        Ledger ledger = table is null
            ? Ledger.Empty
            : (await new TableCommitter(table, world.Worker, "lag", new CommitterOptions(), world.Time, world.Random)
                .ReadStateAsync(cancellation)).Ledger;
        var splits = ImmutableArray.CreateBuilder<SplitLag>(cluster.Partitions.Count);
        foreach (TopicPartition partition in cluster.Partitions)
        {
            Watermarks held = await consumer.QueryWatermarksAsync(partition, cancellation);
            var key = new LedgerKey(definition.Name, cluster.ClusterId, partition.Topic, partition.Partition);
            long? inTable = ledger.Entries.TryGetValue(key, out LedgerEntry? entry) ? entry.EndOffset : null;
            splits.Add(new SplitLag(partition.ToString(), held.Low, held.High, inTable));
        }

        return splits.MoveToImmutable();
    }
}
