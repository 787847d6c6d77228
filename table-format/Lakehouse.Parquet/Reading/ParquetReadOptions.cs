namespace Lakehouse.Parquet;

/// <summary>How a file is read.</summary>
public sealed record ParquetReadOptions
{
    /// <summary>Whether the checksums of pages, where a file has them, are held against the bytes.</summary>
    public bool VerifyChecksums { get; init; } = true;

    /// <summary>
    /// Bytes of the file that one read holds at a time, those included that are fetched ahead. Row groups that fit into a half are fetched
    /// whole, the next while one is decoded, which is how those of our own files come; larger ones come by windows of pages. A page is never
    /// cut, so a file may ask for more.
    /// </summary>
    public int BufferBytesMax { get; init; } = 160 << 20;
}
