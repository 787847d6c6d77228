using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Service;

/// <summary>What <c>compact</c> works on: a table, named by its location or by the pipeline's file that it belongs to.</summary>
/// <param name="Table">The table.</param>
/// <param name="Settings">How it is compacted.</param>
/// <param name="Pipeline">The pipeline, where its file is given.</param>
internal sealed record CompactTarget(HudiTable Table, CompactionSettings Settings, PipelineDefinition? Pipeline)
{
    private static readonly TimeSpan LookPatience = TimeSpan.FromSeconds(5);

    /// <summary>Opens it.</summary>
    internal static async Task<CompactTarget> OpenAsync(string named, CancellationToken cancellation)
    {
        bool isFile = named.EndsWith(".yaml", StringComparison.Ordinal) || named.EndsWith(".yml", StringComparison.Ordinal);
        PipelineDefinition? pipeline = isFile ? PipelineFiles.Load(named) : null;
        CompactionSettings settings = pipeline is null ? CompactionSettings.Default : CompactionSettings.Of(pipeline);
        HudiTable table = await Tables.OpenAsync(pipeline?.Table.Path ?? named, settings.S3, cancellation);
        return new CompactTarget(table, settings, pipeline);
    }

    /// <summary>Compacts it on its schedule until stopped.</summary>
    internal async Task RunAsync(string owner, ILoggerFactory logs, CancellationToken stop)
    {
        if (Pipeline is null)
        {
            await Settings.Schedule(Table, owner, static _ => Task.FromResult<long?>(null), logs).RunAsync(stop);
            return;
        }

        await using var lag = new LagReader(Pipeline, RunningPipeline.World(owner, Pipeline.S3, logs), Table);
        await Settings.Schedule(Table, owner, cancellation => ReadAsync(lag, cancellation), logs).RunAsync(stop);
    }

    /// <summary>Null when brokers do not say: who does not ingest does not wait either.</summary>
    private static async Task<long?> ReadAsync(LagReader lag, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(LookPatience, ProcessFacts.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            return (await lag.ReadAsync(both.Token)).Sum(static s => s.Waiting);
        }
        catch (Exception failure) when (failure is KafkaException or IOException || patience.IsCancellationRequested)
        {
            cancellation.ThrowIfCancellationRequested();
            return null;
        }
    }
}
