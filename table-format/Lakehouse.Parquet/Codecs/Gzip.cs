using System.IO.Compression;

namespace Lakehouse.Parquet;

/// <summary>Gzip members, one or several after each other (RFC 1952, 2.2).</summary>
internal static class Gzip
{
    /// <summary>Decompresses what must fill the target exactly.</summary>
    internal static unsafe void Decompress(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        if (packed.IsEmpty)
        {
            throw new ParquetFormatException("Gzip data is missing.");
        }

        fixed (byte* from = packed)
        {
            using var source = new UnmanagedMemoryStream(from, packed.Length);
            using var members = new GZipStream(source, CompressionMode.Decompress);
            try
            {
                int read = members.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
                if (read == target.Length && members.ReadByte() < 0)
                {
                    return;
                }
            }
            catch (InvalidDataException e)
            {
                throw new ParquetFormatException($"Gzip data is damaged: {e.Message}", e);
            }

            throw new ParquetFormatException($"Gzip data is not of the {target.Length} bytes that the page header says.");
        }
    }
}
