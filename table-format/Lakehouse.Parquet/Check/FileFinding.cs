namespace Lakehouse.Parquet;

/// <summary>One thing that is wrong with a file.</summary>
/// <param name="Kind">What sort of thing.</param>
/// <param name="RowGroup">The row group; null when it concerns the file.</param>
/// <param name="Column">The column, its names joined by points; null when it concerns all.</param>
/// <param name="Offset">Where in the file the wrong thing lies, or begins.</param>
/// <param name="What">What is wrong, in a sentence.</param>
public sealed record FileFinding(FileFindingKind Kind, int? RowGroup, string? Column, long Offset, string What)
{
    /// <inheritdoc/>
    public override string ToString()
    {
        string place = FormattableString.Invariant(
            $"{(RowGroup is { } g ? $"row group {g}, " : "")}{(Column is { } c ? $"column '{c}', " : "")}byte {Offset}: ");
        return place + What;
    }
}

/// <summary>What a file can have wrong.</summary>
public enum FileFindingKind
{
    /// <summary>It cannot be opened: no Parquet file, cut off, or its footer is damaged.</summary>
    Unreadable,

    /// <summary>It does not begin as a Parquet file.</summary>
    StartMagic,

    /// <summary>Numbers of rows disagree.</summary>
    RowCount,

    /// <summary>Column orders are not one for each column.</summary>
    ColumnOrders,

    /// <summary>A row group's ordinal, offset or sizes.</summary>
    RowGroup,

    /// <summary>A chunk lies outside the data, over another one, or does not fit the schema.</summary>
    ChunkPlace,

    /// <summary>A page cannot be decoded.</summary>
    Damage,

    /// <summary>A page does not match its checksum.</summary>
    Checksum,

    /// <summary>A chunk's sizes are not the sums of its pages'.</summary>
    ChunkSize,

    /// <summary>A chunk's number of values is not the sum of its pages'.</summary>
    ValueCount,

    /// <summary>The offset of the first data page or of the dictionary.</summary>
    PageOffset,

    /// <summary>A page's encoding that the chunk's list does not name.</summary>
    Encodings,

    /// <summary>The numbers of pages by encoding.</summary>
    EncodingStats,

    /// <summary>
    /// A page of dictionary indexes after a page of another encoding: Spark's vectorised reader gives wrong values there, without an error.
    /// </summary>
    DictionaryAfterOther,

    /// <summary>Rows or nulls in the header of a V2 page.</summary>
    PageHeader,

    /// <summary>A page that begins within a row where pages must begin with one.</summary>
    SplitRow,

    /// <summary>The offset index against the pages.</summary>
    OffsetIndex,

    /// <summary>The column index against the pages' values.</summary>
    ColumnIndex,

    /// <summary>The statistics against the chunk's values.</summary>
    Statistics,

    /// <summary>Histograms of levels, or the bytes of byte arrays.</summary>
    SizeStatistics,

    /// <summary>The bloom filter is damaged, or a value is not in it.</summary>
    BloomFilter,
}
