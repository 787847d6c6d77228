namespace Lakehouse.Ingest;

/// <summary>
/// The part <c>compaction</c> of a pipeline file: <c>{ schedule, small_files, small_bytes, look_every, pause_above_lag, clean_after, embedded,
/// target_file_size, row_group_size, min_inputs, max_inputs, min_age, quiet_for, keep_order, io_limit, concurrency, memory }</c>.
/// </summary>
internal static class CompactionSection
{
    private const long MebibytesMin = 1 << 20;

    internal static CompactionDefinition? Read(YamlMapping? compaction)
    {
        if (compaction is null)
        {
            return null;
        }

        long? Size(string key) => compaction.Find(key) is null ? null : compaction.FindSize(key, 0, MebibytesMin);
        int? Count(string key, int min, int max) => compaction.Find(key) is null ? null : compaction.FindInteger(key, 0, min, max);
        TimeSpan? Duration(string key, TimeSpan min) =>
            compaction.Find(key) is null ? null : compaction.FindDuration(key, TimeSpan.Zero, min);
        var definition = new CompactionDefinition
        {
            Location = compaction.Find("schedule") is null ? compaction.Location : compaction.LocationOf("schedule"),
            IsEmbedded = compaction.FindBoolean("embedded", true),
            Schedule = compaction.FindText("schedule"),
            SmallFiles = Count("small_files", 2, 1_000_000),
            SmallBytes = Size("small_bytes"),
            LookEvery = Duration("look_every", TimeSpan.FromSeconds(1)),
            PauseAboveLag = Count("pause_above_lag", 0, int.MaxValue),
            CleanAfterHours = CleanAfter(compaction),
            TargetFileBytes = Size("target_file_size"),
            RowGroupBytes = Size("row_group_size"),
            InputsMin = Count("min_inputs", 2, 100_000),
            InputsMax = Count("max_inputs", 2, 100_000),
            FileAgeMin = Duration("min_age", TimeSpan.Zero),
            QuietFor = Duration("quiet_for", TimeSpan.Zero),
            KeepsOrder = compaction.Find("keep_order") is null ? null : compaction.FindBoolean("keep_order", true),
            IoBytesPerSecond = Size("io_limit"),
            Concurrency = Count("concurrency", 1, 256),
            MemoryBytes = Size("memory"),
        };
        compaction.Done();
        return definition is { Schedule: null, SmallFiles: null, SmallBytes: null }
            ? throw new PipelineDefinitionException(compaction.Location,
                "'compaction' needs 'schedule', 'small_files' or 'small_bytes': else it would never begin.")
            : definition;
    }

    /// <summary>Whole hours, as a clean counts.</summary>
    private static int? CleanAfter(YamlMapping compaction) => compaction.FindText("clean_after") switch
    {
        null => null,
        "never" => 0,
        _ => (int)Math.Ceiling(compaction.FindDuration("clean_after", TimeSpan.Zero, TimeSpan.FromHours(1)).TotalHours),
    };
}
