using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// A string or binary column with one value in all rows, written as a dictionary of one entry without compression. If patchable, every
/// place that depends on the value is reported when the file is finished and the value can be replaced by another of the same length.
/// </summary>
public sealed record ConstantColumn(Field Field, ReadOnlyMemory<byte> Value, bool Patchable);
