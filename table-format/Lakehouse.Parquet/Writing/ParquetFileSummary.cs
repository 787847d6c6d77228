using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>What a finished file holds: rows, bytes and where its patchable constants stand, by offset.</summary>
public sealed record ParquetFileSummary(long RowCount, long ByteCount, ImmutableArray<PatchPoint> PatchPoints);
