using Lakehouse.Compaction;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Microsoft.Extensions.Logging;

namespace Lakehouse.Service;

/// <summary>How a table is compacted: what its pipeline's file says, and where that says nothing the defaults.</summary>
/// <param name="Policy">Which files are merged, and how.</param>
/// <param name="Triggers">When.</param>
/// <param name="S3">How its store is reached.</param>
internal sealed record CompactionSettings(CompactionPolicy Policy, CompactionTriggers Triggers, S3Settings S3)
{
    /// <summary>Of a table that no pipeline's file is given for.</summary>
    internal static CompactionSettings Default { get; } = new(new CompactionPolicy(), new CompactionTriggers(), S3Settings.Default);

    /// <summary>How the pipeline's commits open the tables that follow.</summary>
    internal CommitterOptions Committing => new()
    {
        OpenFollower = (location, cancellation) => Tables.OpenAsync(location, S3, cancellation),
    };

    /// <summary>What a pipeline's file says.</summary>
    internal static CompactionSettings Of(PipelineDefinition definition) =>
        Of(definition.Compaction, definition.Table.FileBytesMax, definition.Table.Parquet, definition.S3);

    /// <summary>The table's compaction on a schedule.</summary>
    internal CompactionSchedule Schedule(HudiTable table, string owner, Func<CancellationToken, Task<long?>> readLag, ILoggerFactory logs) =>
        new(table, Policy, Triggers, owner, Committing, ProcessFacts.Time, ProcessFacts.NewRandom(), logs.CreateLogger("lakehouse"))
        {
            ReadLag = readLag,
        };

    private static CompactionSettings Of(CompactionDefinition? said, long fileBytes, ParquetWriterOptions parquet, S3Settings s3)
    {
        var policy = new CompactionPolicy();
        var triggers = new CompactionTriggers();
        return new CompactionSettings(
            policy with
            {
                TargetFileBytes = said?.TargetFileBytes ?? fileBytes,
                RowGroupBytes = said?.RowGroupBytes ?? policy.RowGroupBytes,
                InputsMin = said?.InputsMin ?? policy.InputsMin,
                InputsMax = said?.InputsMax ?? policy.InputsMax,
                FileAgeMin = said?.FileAgeMin ?? policy.FileAgeMin,
                QuietFor = said?.QuietFor ?? policy.QuietFor,
                KeepsOrder = said?.KeepsOrder ?? policy.KeepsOrder,
                IoBytesPerSecond = said?.IoBytesPerSecond,
                Concurrency = said?.Concurrency ?? policy.Concurrency,
                MemoryBytes = said?.MemoryBytes ?? policy.MemoryBytes,
                Parquet = parquet,
            },
            triggers with
            {
                Cron = said?.Schedule,
                SmallFiles = said?.SmallFiles,
                SmallBytes = said?.SmallBytes,
                LookEvery = said?.LookEvery ?? triggers.LookEvery,
                LagMax = said?.PauseAboveLag,
                CleanAfterHours = said?.CleanAfterHours is { } hours ? (hours == 0 ? null : hours) : triggers.CleanAfterHours,
            },
            s3);
    }
}
