using Lakehouse.Parquet;
using Lakehouse.Parquet.Zstandard;

namespace Lakehouse.Testing;

/// <summary>libzstd reads what is packed for columns: it is the judge of it.</summary>
public static class ColumnFrameReading
{
    /// <summary>
    /// What is wrong with the frame of a page that ends in values of so many bytes, as libzstd reads it; null when the page comes back, or when it
    /// is left to libzstd.
    /// </summary>
    public static string? Fault(ReadOnlySpan<byte> page, int stride)
    {
        byte[] packed = new byte[ColumnFrame.Bound(page.Length)];
        int length = ColumnFrame.TryCompress(page, packed, stride);
        if (length == 0)
        {
            return null;
        }

        byte[] unpacked = new byte[page.Length];
        try
        {
            Zstd.Decompress(packed.AsSpan(0, length), unpacked);
        }
        catch (ParquetFormatException e)
        {
            return $"libzstd refuses values of {stride} bytes: {e.Message}";
        }

        return page.SequenceEqual(unpacked) ? null : $"values of {stride} bytes are others when they are read again";
    }
}
