namespace Lakehouse.Parquet;

/// <summary>What is read of a file. Its functions are called for a row group while batches of the one before are still being taken.</summary>
public sealed record ReadRequest
{
    /// <summary>The columns, in the order wanted; null for all.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>
    /// The rows of a row group, by its position in the file; null, and without this, are all of them. Pages without a wanted row are neither
    /// read nor decompressed where the file has an offset index.
    /// </summary>
    public Func<int, RowRanges?>? Rows { get; init; }

    /// <summary>Leaves out rows that cannot be wanted, as far as statistics, page indexes and bloom filters tell.</summary>
    public IRowPruning? Pruning { get; init; }

    /// <summary>Told of every row group whether it is read, when that is decided.</summary>
    public Action<int, RowRanges>? Decided { get; init; }
}
