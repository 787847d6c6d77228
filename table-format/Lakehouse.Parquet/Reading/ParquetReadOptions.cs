namespace Lakehouse.Parquet;

/// <summary>How a file is read.</summary>
public sealed record ParquetReadOptions
{
    /// <summary>Whether the checksums of pages, where a file has them, are held against the bytes.</summary>
    public bool VerifyChecksums { get; init; } = true;
}
