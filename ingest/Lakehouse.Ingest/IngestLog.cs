using Microsoft.Extensions.Logging;

namespace Lakehouse.Ingest;

/// <summary>Every message of the ingest pipeline.</summary>
internal static partial class IngestLog
{
    [LoggerMessage(101, LogLevel.Warning, "{Pipeline}: going on as on_data_loss says although {Loss}")]
    internal static partial void DataLost(ILogger log, string pipeline, string loss);

    [LoggerMessage(102, LogLevel.Information, "{Pipeline}: the group gave this worker {Partitions} partitions")]
    internal static partial void Assigned(ILogger log, string pipeline, int partitions);

    [LoggerMessage(103, LogLevel.Information, "{Pipeline}: the group takes {Partitions} partitions back; committing first")]
    internal static partial void Revoked(ILogger log, string pipeline, int partitions);

    [LoggerMessage(104, LogLevel.Warning, "{Pipeline}: checkpoint {Checkpoint} conflicts: {Reason}")]
    internal static partial void Conflicted(ILogger log, string pipeline, long checkpoint, string reason);

    [LoggerMessage(105, LogLevel.Warning, "{Pipeline}: files staged by an earlier life of this worker could not be deleted")]
    internal static partial void TidyFailed(ILogger log, Exception failure, string pipeline);
}
