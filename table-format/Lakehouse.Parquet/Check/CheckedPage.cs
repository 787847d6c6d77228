namespace Lakehouse.Parquet;

/// <summary>What a data page really holds.</summary>
/// <param name="Offset">Where it lies.</param>
/// <param name="ByteCount">Its bytes with the header.</param>
/// <param name="Header">Its header.</param>
/// <param name="FirstRow">The row of the row group that begins first in it, or in which it begins.</param>
/// <param name="RowCount">Rows that begin in it.</param>
/// <param name="SplitsRow">Whether it begins within a row.</param>
/// <param name="NullCount">Entries without a value.</param>
/// <param name="Repetitions">How many entries have each repetition level.</param>
/// <param name="Definitions">How many entries have each definition level.</param>
/// <param name="VariableByteCount">Bytes of strings or binary values.</param>
/// <param name="Bounds">The least and the greatest value in the form of <see cref="BoundOrder"/>; null when none bounds.</param>
internal sealed record CheckedPage(
    long Offset,
    int ByteCount,
    PageHeader Header,
    long FirstRow,
    long RowCount,
    bool SplitsRow,
    long NullCount,
    long[] Repetitions,
    long[] Definitions,
    long VariableByteCount,
    (byte[] Min, byte[] Max)? Bounds)
{
    /// <summary>Whether all entries are null.</summary>
    internal bool IsNull => NullCount == Header.NumValues;
}
