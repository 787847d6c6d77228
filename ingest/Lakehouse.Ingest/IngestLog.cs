using Microsoft.Extensions.Logging;

namespace Lakehouse.Ingest;

/// <summary>Every message of the ingest pipeline.</summary>
internal static partial class IngestLog
{
    [LoggerMessage(101, LogLevel.Warning, "{Pipeline}: going on as on_data_loss says although {Loss}")]
    internal static partial void DataLost(ILogger log, string pipeline, string loss);

    [LoggerMessage(102, LogLevel.Information, "{Pipeline}: the group gave this worker {Partitions} partitions; it has {All}")]
    internal static partial void Assigned(ILogger log, string pipeline, int partitions, int all);

    [LoggerMessage(103, LogLevel.Information, "{Pipeline}: the group takes {Partitions} partitions back; committing first, within {Within}")]
    internal static partial void Revoked(ILogger log, string pipeline, int partitions, TimeSpan within);

    [LoggerMessage(106, LogLevel.Information,
        "{Pipeline}: read to the end here once the table has {Partitions} partitions that other workers of the group hold")]
    internal static partial void WaitingForOthers(ILogger log, string pipeline, int partitions);

    [LoggerMessage(107, LogLevel.Warning, "{Pipeline}: {Sentence}")]
    internal static partial void CommitDelayed(ILogger log, string pipeline, string sentence);

    [LoggerMessage(104, LogLevel.Warning, "{Pipeline}: checkpoint {Checkpoint} conflicts: {Reason}")]
    internal static partial void Conflicted(ILogger log, string pipeline, long checkpoint, string reason);

    [LoggerMessage(105, LogLevel.Warning, "{Pipeline}: files staged by an earlier life of this worker could not be deleted")]
    internal static partial void TidyFailed(ILogger log, Exception failure, string pipeline);
}
