using System.IO.Compression;

namespace Lakehouse.Parquet;

/// <summary>Gzip members, one or several after each other (RFC 1952, 2.2).</summary>
internal static class Gzip
{
    /// <summary>The level that gzip takes when none is named.</summary>
    internal const int LevelDefault = 6;

    /// <summary>Bytes that compressing so many bytes may take at most: stored blocks, a header of 10 bytes and a trailer of 8.</summary>
    internal static int Bound(int length) => checked(length + (length / 1000) + 128);

    /// <summary>Compresses into a target of at least <see cref="Bound"/> bytes; gives the bytes written. Allocates the streams.</summary>
    internal static unsafe int Compress(ReadOnlySpan<byte> source, Span<byte> target, int level)
    {
        fixed (byte* to = target)
        {
            using var packed = new UnmanagedMemoryStream(to, 0, target.Length, FileAccess.Write);
            using (var member = new GZipStream(packed, new ZLibCompressionOptions { CompressionLevel = level }, leaveOpen: true))
            {
                member.Write(source);
            }

            return (int)packed.Position;
        }
    }

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
