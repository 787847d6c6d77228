using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// The values of a data page in one encoding, one after the other and without the nulls between them. One object serves all pages of a
/// chunk in its encoding.
/// </summary>
internal abstract class PageValues : IDisposable
{
    /// <summary>The page whose values are read; unchanged until the next one is opened.</summary>
    protected byte[] Page { get; private set; } = [];

    /// <summary>Where the values end.</summary>
    protected int End { get; private set; }

    /// <summary>Begins with the values from <paramref name="start"/> to <paramref name="end"/>.</summary>
    internal void Open(byte[] page, int start, int end)
    {
        (Page, End) = (page, end);
        Begin(start);
    }

    /// <summary>Appends the next values to a column. Throws <see cref="ParquetFormatException"/> when the page holds fewer.</summary>
    internal abstract void Read(int count, ColumnBuilder target);

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }

    /// <summary>Takes up the page at its first value.</summary>
    protected abstract void Begin(int start);

    /// <summary>Holds that so many bytes follow a position.</summary>
    protected void Require(int at, long bytes)
    {
        if (bytes < 0 || bytes > End - at)
        {
            throw new ParquetFormatException("The page ends before its values do.");
        }
    }
}
