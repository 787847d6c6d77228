using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Kafka;
using Lakehouse.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lakehouse.Ingest;

/// <summary>Everything outside a pipeline that it touches. In production the real things; in the simulator all of them simulated.</summary>
public sealed record PipelineWorld
{
    /// <summary>Opens a consumer; called at every start and restart of the job.</summary>
    public required Func<KafkaConsumerOptions, IKafkaConsumer> OpenConsumer { get; init; }

    /// <summary>Opens the store at a location: a table, or the checkpoint storage.</summary>
    public required Func<string, IObjectStore> OpenStore { get; init; }

    /// <summary>Where loops run.</summary>
    public required Scheduler Scheduler { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>
    /// Where ids come from. Used by several threads, so thread safe, unless the scheduler runs all loops on one.
    /// </summary>
    public required Random Random { get; init; }

    /// <summary>This worker's configured id, the same after a restart and never shared by two that run at once.</summary>
    public string Worker { get; init; } = "worker-0";

    /// <summary>Subtasks of a pipeline that does not say how many it wants.</summary>
    public int CoreCount { get; init; } = Environment.ProcessorCount;

    /// <summary>Instants that stay on a table's timeline at least. The simulator wants few, to meet their pruning soon.</summary>
    internal int ActiveInstantsKept { get; init; } = new CommitterOptions().ActiveInstantsKept;

    /// <summary>Gets state changes and what needs attention.</summary>
    public ILogger Log { get; init; } = NullLogger.Instance;
}
