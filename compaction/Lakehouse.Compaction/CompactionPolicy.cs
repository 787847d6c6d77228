using Lakehouse.Hudi;
using Lakehouse.Parquet;

namespace Lakehouse.Compaction;

/// <summary>Which files are merged, into what, and at what pace.</summary>
public sealed record CompactionPolicy
{
    /// <summary>The size that files should have. Those below three quarters of it are small; only small files are merged.</summary>
    public long TargetFileBytes { get; init => field = AtLeast(value, 1); } = 128L << 20;

    /// <summary>Fewer small files than this are left alone, unless two or more of them make a file of the target size.</summary>
    public int InputsMin { get; init => field = (int)AtLeast(value, 2); } = 4;

    /// <summary>Files that are merged into one at most; their footers are in memory together.</summary>
    public int InputsMax { get; init => field = (int)AtLeast(value, 2); } = 1_000;

    /// <summary>Files younger than this are left alone.</summary>
    public TimeSpan FileAgeMin { get; init; }

    /// <summary>A table partition is left alone while its newest file, apart from rewritten ones, is younger than this.</summary>
    public TimeSpan QuietFor { get; init; }

    /// <summary>
    /// True: files that follow each other in time are merged with each other, so that rows keep their order and each file covers a short time.
    /// False: the files that fill the target best, whatever their time.
    /// </summary>
    public bool KeepsOrder { get; init; } = true;

    /// <summary>The table partition that is looked at, or null for all.</summary>
    public string? Partition { get; init; }

    /// <summary>Encoded bytes of an output row group.</summary>
    public long RowGroupBytes { get; init => field = AtLeast(value, 1); } = 128L << 20;

    /// <summary>How what is encoded again is written; null: as the newest input of each output is.</summary>
    public ParquetWriterOptions? Parquet { get; init; }

    /// <summary>Bytes that are read and written per second at most, together; null: no limit.</summary>
    public long? IoBytesPerSecond { get; init; }

    /// <summary>Outputs that are made at the same time.</summary>
    public int Concurrency { get; init => field = (int)AtLeast(value, 1); } = 1;

    /// <summary>Bytes of memory that each output may take.</summary>
    public long MemoryBytes { get; init => field = AtLeast(value, 1); } = 256L << 20;

    /// <summary>Files from here on are not small.</summary>
    internal long SmallBelow => TableShape.SmallBelow(TargetFileBytes);

    private static long AtLeast(long value, long min) =>
        value >= min ? value : throw new ArgumentOutOfRangeException(nameof(value), value, $"At least {min}.");
}
