namespace Lakehouse.Hudi;

/// <summary>What a commit wrote into one data file (Hudi <c>HoodieWriteStat</c>).</summary>
/// <param name="FileId">The file group.</param>
/// <param name="Path">The file, relative to the table.</param>
/// <param name="PartitionPath">The table partition; empty when there is none.</param>
/// <param name="RowCount">Rows in the file.</param>
/// <param name="ByteCount">Its exact size: readers open it with this length.</param>
/// <param name="MinEventTimeMillis">Earliest event time, or null.</param>
/// <param name="MaxEventTimeMillis">Latest event time, or null.</param>
public sealed record WriteStat(
    string FileId,
    string Path,
    string PartitionPath,
    long RowCount,
    long ByteCount,
    long? MinEventTimeMillis,
    long? MaxEventTimeMillis);
