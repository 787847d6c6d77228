namespace Lakehouse.Parquet;

/// <summary>
/// Encodings that a writer may choose where the data shows that they pay. Some readers know none of them: Flink's vectorised reader of Hudi
/// tables takes PLAIN and dictionaries only.
/// </summary>
[Flags]
public enum FurtherEncodings
{
    /// <summary>None: PLAIN and dictionaries.</summary>
    None = 0,

    /// <summary>
    /// DELTA_BINARY_PACKED for integers, times and dates, DELTA_LENGTH_BYTE_ARRAY and DELTA_BYTE_ARRAY for strings and binary that are not in
    /// structs, lists or maps.
    /// </summary>
    Delta = 1,

    /// <summary>BYTE_STREAM_SPLIT for float and double, which Spark 3.5's vectorised reader does not know.</summary>
    ByteStreamSplit = 2,
}
