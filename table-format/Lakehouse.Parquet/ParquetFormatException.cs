namespace Lakehouse.Parquet;

/// <summary>Bytes that are not what Parquet says they should be; names file, row group, column and offset where known.</summary>
public sealed class ParquetFormatException : IOException
{
    /// <summary>Describes what is wrong.</summary>
    public ParquetFormatException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
