using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>Where a page lies, what its header says and how many bytes that takes.</summary>
public readonly record struct PageFacts(long Offset, PageHeader Header, int HeaderByteCount);

/// <summary>Lists the pages of a column chunk by their headers, without decoding them.</summary>
public static class PageListing
{
    private const int HeaderBytesAtFirst = 256;
    private const int HeaderBytesMax = 1 << 20;

    /// <summary>
    /// Reads the headers of a chunk's pages in file order. Throws <see cref="ParquetFormatException"/> when they do not fill the chunk.
    /// </summary>
    public static async Task<IReadOnlyList<PageFacts>> ReadAsync(
        IObjectStore store, ObjectPath path, ColumnMetaData chunk, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(chunk);
        long offset = chunk.DictionaryPageOffset is { } dictionary and > 0
            ? Math.Min(dictionary, chunk.DataPageOffset)
            : chunk.DataPageOffset;
        long end = offset + chunk.TotalCompressedSize;
        var pages = new List<PageFacts>();
        while (offset < end)
        {
            (PageHeader header, int headerBytes) = await ReadHeaderAsync(store, path, offset, end, cancellation);
            pages.Add(new PageFacts(offset, header, headerBytes));
            offset += headerBytes + Math.Max(0, header.CompressedPageSize);
        }

        return offset == end
            ? pages
            : throw new ParquetFormatException(
                $"'{path}': the pages of column {string.Join('.', chunk.PathInSchema)} end at byte {offset}, the chunk at {end}.");
    }

    private static async Task<(PageHeader Header, int ByteCount)> ReadHeaderAsync(
        IObjectStore store, ObjectPath path, long offset, long end, CancellationToken cancellation)
    {
        for (int size = HeaderBytesAtFirst; ; size *= 16)
        {
            byte[] bytes = new byte[Math.Min(size, end - offset)];
            await store.ReadAsync(path, offset, bytes, cancellation);
            try
            {
                PageHeader header = PageHeaderFormat.Read(bytes, out int headerBytes);
                return (header, headerBytes);
            }
            catch (ParquetFormatException) when (bytes.Length == size && size < HeaderBytesMax)
            {
                // The header may go on after what was read.
            }
        }
    }
}
