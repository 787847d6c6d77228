namespace Lakehouse.Ingest;

/// <summary>
/// What a pipeline file says of merging its table's small files; null: what the file does not say. Whoever compacts makes its policy of it.
/// </summary>
public sealed record CompactionDefinition
{
    /// <summary>Where the section stands in the file.</summary>
    public required SourceLocation Location { get; init; }

    /// <summary>False: another process does it, <c>lakehouse compact FILE --scheduled</c>.</summary>
    public bool IsEmbedded { get; init; } = true;

    /// <summary>A Quartz cron expression, in UTC.</summary>
    public string? Schedule { get; init; }

    /// <summary>As soon as so many small files can be merged.</summary>
    public int? SmallFiles { get; init; }

    /// <summary>As soon as small files of so many bytes can be merged.</summary>
    public long? SmallBytes { get; init; }

    /// <summary>How often the table is looked at for that.</summary>
    public TimeSpan? LookEvery { get; init; }

    /// <summary>While more records than this wait to be read, ingest goes first.</summary>
    public long? PauseAboveLag { get; init; }

    /// <summary>Replaced files are cleaned after so many hours; 0: never.</summary>
    public int? CleanAfterHours { get; init; }

    /// <summary>The size that files should have.</summary>
    public long? TargetFileBytes { get; init; }

    /// <summary>Encoded bytes of an output row group.</summary>
    public long? RowGroupBytes { get; init; }

    /// <summary>Fewer small files than this are left alone.</summary>
    public int? InputsMin { get; init; }

    /// <summary>Files that are merged into one at most.</summary>
    public int? InputsMax { get; init; }

    /// <summary>Files younger than this are left alone.</summary>
    public TimeSpan? FileAgeMin { get; init; }

    /// <summary>Table partitions that got rows within this time are left alone.</summary>
    public TimeSpan? QuietFor { get; init; }

    /// <summary>Whether files are merged with their neighbours in time.</summary>
    public bool? KeepsOrder { get; init; }

    /// <summary>Bytes that are read and written per second at most.</summary>
    public long? IoBytesPerSecond { get; init; }

    /// <summary>Outputs that are made at the same time.</summary>
    public int? Concurrency { get; init; }

    /// <summary>Bytes of memory that each output may take.</summary>
    public long? MemoryBytes { get; init; }
}
