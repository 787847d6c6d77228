using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>LZ4 blocks (codec LZ4_RAW) through liblz4. Thread safe.</summary>
internal static unsafe partial class Lz4
{
    /// <summary>Bytes that one packed byte makes at most: a match grows by 255 bytes with each further length byte.</summary>
    internal const int Densest = 255;

    private const string Library = "liblz4.so.1";
    private const string Package = "liblz4-1";

    /// <summary>Bytes that compressing so many bytes may take at most.</summary>
    internal static int Bound(int length) => checked(length + (length / 255) + 16);

    /// <summary>Compresses into a target of at least <see cref="Bound"/> bytes; gives the bytes written.</summary>
    internal static int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        fixed (byte* from = source)
        fixed (byte* to = target)
        {
            try
            {
                int written = LZ4_compress_default(from, to, source.Length, target.Length);
                return written > 0 ? written : throw new InvalidOperationException($"lz4 could not compress {source.Length} bytes.");
            }
            catch (DllNotFoundException e)
            {
                throw NativeCodec.Missing(Library, Package, e);
            }
        }
    }

    /// <summary>Decompresses what must fill the target exactly.</summary>
    internal static void Decompress(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        if (!TryDecompress(packed, target))
        {
            throw new ParquetFormatException($"LZ4 data is damaged or not of the {target.Length} bytes that the page header says.");
        }
    }

    /// <summary>False when the block is damaged or does not fill the target exactly.</summary>
    internal static bool TryDecompress(ReadOnlySpan<byte> packed, Span<byte> target)
    {
        fixed (byte* from = packed)
        fixed (byte* to = target)
        {
            try
            {
                return LZ4_decompress_safe(from, to, packed.Length, target.Length) == target.Length;
            }
            catch (DllNotFoundException e)
            {
                throw NativeCodec.Missing(Library, Package, e);
            }
        }
    }

    [LibraryImport(Library)]
    private static partial int LZ4_compress_default(byte* source, byte* target, int length, int capacity);

    [LibraryImport(Library)]
    private static partial int LZ4_decompress_safe(byte* packed, byte* target, int packedLength, int capacity);
}
