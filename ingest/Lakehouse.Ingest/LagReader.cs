using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>Reads a running pipeline's lag again and again over one connection of its own, which it opens at the first look.</summary>
/// <param name="definition">The pipeline.</param>
/// <param name="world">Its consumer, clock, random numbers and worker id are used.</param>
/// <param name="table">The pipeline's table.</param>
public sealed class LagReader(PipelineDefinition definition, PipelineWorld world, HudiTable table) : IAsyncDisposable
{
    private IKafkaConsumer? _consumer;

    /// <summary>Every partition as it is now. Throws <see cref="KafkaException"/> when no broker answers.</summary>
    public async Task<ImmutableArray<SplitLag>> ReadAsync(CancellationToken cancellation)
    {
        // Nobody of this name joins: a second client with the worker's own would stand in its place in the group.
        _consumer ??= world.OpenConsumer(PipelineTables.Consumer(definition, world.Worker, 1) with
        {
            Group = definition.Source.Group + "-lag",
            InstanceId = null,
        });
        ClusterDescription cluster = await _consumer.DescribeAsync(definition.Source.Topics, cancellation);
        return await SplitLag.ReadAsync(definition, world, table, _consumer, cluster, cancellation);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _consumer?.DisposeAsync() ?? ValueTask.CompletedTask;
}
