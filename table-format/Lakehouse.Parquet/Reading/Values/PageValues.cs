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

    /// <summary>What reads an encoding, dictionaries' indexes aside. Throws when the format does not allow it for the type.</summary>
    internal static PageValues Of(ParquetEncoding encoding, in LeafType leaf) => (encoding, leaf.Stored) switch
    {
        (ParquetEncoding.Plain, ParquetType.Boolean) => new PlainBooleans(),
        (ParquetEncoding.Plain, ParquetType.ByteArray) => new PlainByteArrays(leaf),
        (ParquetEncoding.Plain, _) => new PlainFixedValues(leaf),
        (ParquetEncoding.Rle, ParquetType.Boolean) => new RleBooleans(),
        (ParquetEncoding.DeltaBinaryPacked, ParquetType.Int32 or ParquetType.Int64) => new DeltaIntegers(leaf),
        (ParquetEncoding.DeltaLengthByteArray, ParquetType.ByteArray) => new DeltaLengthByteArrays(leaf),
        (ParquetEncoding.DeltaByteArray, ParquetType.ByteArray or ParquetType.FixedLenByteArray) => new DeltaByteArrays(leaf),
        (ParquetEncoding.ByteStreamSplit, ParquetType.Int32 or ParquetType.Int64 or ParquetType.Float or ParquetType.Double
            or ParquetType.FixedLenByteArray) => new ByteStreamSplitValues(leaf),
        _ => throw new ParquetFormatException($"Encoding {encoding} of {leaf.Stored}, which the format does not allow."),
    };

    /// <summary>Begins with the values from <paramref name="start"/> to <paramref name="end"/>.</summary>
    internal void Open(byte[] page, int start, int end)
    {
        (Page, End) = (page, end);
        Begin(start);
    }

    /// <summary>Appends the next values to a column. Throws <see cref="ParquetFormatException"/> when the page holds fewer.</summary>
    internal abstract void Read(int count, ColumnBuilder target);

    /// <summary>Leaves the next values out. The scratch column is as before afterwards.</summary>
    internal virtual void Skip(int count, ColumnBuilder scratch)
    {
        int length = scratch.Length;
        Read(count, scratch);
        scratch.TruncateTo(length);
    }

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
