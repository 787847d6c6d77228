using Microsoft.Extensions.Logging;

namespace Lakehouse.Compaction;

/// <summary>Every message of scheduled compaction.</summary>
internal static partial class CompactionLog
{
    [LoggerMessage(501, LogLevel.Information, "compaction of {Table}: begins ({Reason}), {Files} files of {MiB} MiB into {Outputs}")]
    internal static partial void Begins(ILogger log, string table, string reason, int files, long miB, int outputs);

    [LoggerMessage(502, LogLevel.Information, "compaction of {Table}: {Sentence}")]
    internal static partial void Ended(ILogger log, string table, string sentence);

    [LoggerMessage(503, LogLevel.Warning, "compaction of {Table} failed and is tried again when it is due next")]
    internal static partial void Failed(ILogger log, Exception failure, string table);

    [LoggerMessage(504, LogLevel.Information, "compaction of {Table}: waits ({Reason})")]
    internal static partial void Waits(ILogger log, string table, string reason);

    [LoggerMessage(505, LogLevel.Warning, "compaction of {Table}: {Refused}")]
    internal static partial void Refused(ILogger log, string table, string refused);
}
