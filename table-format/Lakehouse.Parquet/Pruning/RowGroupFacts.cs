namespace Lakehouse.Parquet;

/// <summary>What is known of a row group before its rows are read. Owns the bounds.</summary>
public sealed class RowGroupFacts : IDisposable
{
    private readonly IReadOnlyDictionary<string, PageBounds> _bounds;

    internal RowGroupFacts(long rowCount, IReadOnlyDictionary<string, PageBounds> bounds) => (RowCount, _bounds) = (rowCount, bounds);

    /// <summary>Rows of the row group.</summary>
    public long RowCount { get; }

    /// <summary>The bounds of a column; null when nothing is known of it.</summary>
    public PageBounds? Of(string column) => _bounds.GetValueOrDefault(column);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PageBounds bounds in _bounds.Values)
        {
            bounds.Dispose();
        }
    }
}
