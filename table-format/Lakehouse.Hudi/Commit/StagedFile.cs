using System.Collections.Immutable;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// A finished data file that no reader sees: durable in the table's store below <c>.hoodie/.temp/</c>, holding placeholders of
/// fixed length where the instant will stand.
/// </summary>
/// <param name="PartitionPath">Its table partition as a path; empty when the table has none.</param>
/// <param name="FileId">The file group it begins.</param>
/// <param name="WriteToken">Three integers that tell retries apart.</param>
/// <param name="StagedPath">Where the file is.</param>
/// <param name="RowCount">Rows in it.</param>
/// <param name="ByteCount">Its exact size.</param>
/// <param name="PatchPoints">Where the instant stands in its bytes.</param>
/// <param name="MinEventTimeMillis">Earliest event time, or null.</param>
/// <param name="MaxEventTimeMillis">Latest event time, or null.</param>
public sealed record StagedFile(
    string PartitionPath,
    string FileId,
    string WriteToken,
    ObjectPath StagedPath,
    long RowCount,
    long ByteCount,
    ImmutableArray<PatchPoint> PatchPoints,
    long? MinEventTimeMillis,
    long? MaxEventTimeMillis);
