using System.Collections.Immutable;
using Lakehouse.Hudi;

namespace Lakehouse.Compaction;

/// <summary>A file as the planning sees it.</summary>
/// <param name="File">The file.</param>
/// <param name="IsRewritten">A compaction or an erasure wrote it: it is no sign that its table partition gets new rows.</param>
/// <param name="Stat">What its commit says of it, or null when that is not on the timeline any more.</param>
public sealed record CompactionInput(FileSlice File, bool IsRewritten, WriteStat? Stat)
{
    /// <summary>The earliest event time in it, or null when its commit does not say.</summary>
    internal long? MinEventTimeMillis => Stat?.MinEventTimeMillis;
}

/// <summary>Files of one table partition that become one file.</summary>
/// <param name="PartitionPath">The table partition.</param>
/// <param name="Inputs">The files, in the order in which their rows will stand.</param>
public sealed record CompactionGroup(string PartitionPath, ImmutableArray<CompactionInput> Inputs)
{
    /// <summary>Bytes of all.</summary>
    public long ByteCount => Inputs.Sum(static i => i.File.ByteCount);

    /// <summary>The oldest instant of a file.</summary>
    public string OldestInstant => Inputs.Min(static i => i.File.Instant)!; // not null: a group has inputs
}

/// <summary>Why small files are left alone.</summary>
public enum LeftReason
{
    /// <summary>They are younger than the policy's limit.</summary>
    Young,

    /// <summary>Their table partition has got rows not long ago.</summary>
    Hot,

    /// <summary>They are too few, or merging them would write a much larger file again for little.</summary>
    Few,
}

/// <summary>Small files of a table partition that are left alone.</summary>
/// <param name="PartitionPath">The table partition.</param>
/// <param name="Reason">Why.</param>
/// <param name="FileCount">How many.</param>
/// <param name="ByteCount">Their bytes.</param>
public sealed record LeftFiles(string PartitionPath, LeftReason Reason, int FileCount, long ByteCount);

/// <summary>What a compaction does.</summary>
/// <param name="Groups">What becomes one file each, that with the oldest file first.</param>
/// <param name="Left">Small files that stay, by table partition.</param>
public sealed record CompactionPlan(ImmutableArray<CompactionGroup> Groups, ImmutableArray<LeftFiles> Left)
{
    /// <summary>Nothing is to be done.</summary>
    public static CompactionPlan None { get; } = new([], []);

    /// <summary>Files that go.</summary>
    public int InputCount => Groups.Sum(static g => g.Inputs.Length);

    /// <summary>Their bytes.</summary>
    public long InputBytes => Groups.Sum(static g => g.ByteCount);
}
