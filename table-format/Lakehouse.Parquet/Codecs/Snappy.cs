using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>libsnappy through its C API: raw blocks that begin with their uncompressed length. Thread safe.</summary>
internal static unsafe partial class Snappy
{
    /// <summary>Bytes that one packed byte makes at most: the densest element is a copy of 64 bytes in three.</summary>
    internal const int Densest = 22;

    private const string Library = "libsnappy.so.1";
    private const string Package = "libsnappy1v5";

    /// <summary>Bytes that compressing so many bytes may take at most (snappy.h, MaxCompressedLength).</summary>
    internal static int Bound(int length) => checked(32 + length + (length / 6));

    /// <summary>Compresses into a target of at least <see cref="Bound"/> bytes; gives the bytes written.</summary>
    internal static int Compress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        fixed (byte* from = source)
        fixed (byte* to = target)
        {
            try
            {
                nuint written = (nuint)target.Length;
                return snappy_compress(from, (nuint)source.Length, to, &written) == 0
                    ? (int)written
                    : throw new InvalidOperationException($"snappy could not compress {source.Length} bytes.");
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
        fixed (byte* from = packed)
        fixed (byte* to = target)
        {
            // The library takes the length from the stream: it is held against the target before anything is written there.
            nuint length;
            try
            {
                if (snappy_uncompressed_length(from, (nuint)packed.Length, &length) != 0 || length != (nuint)target.Length)
                {
                    throw new ParquetFormatException($"Snappy data is damaged or not of the {target.Length} bytes that the page header says.");
                }
            }
            catch (DllNotFoundException e)
            {
                throw NativeCodec.Missing(Library, Package, e);
            }

            if (snappy_uncompress(from, (nuint)packed.Length, to, &length) != 0)
            {
                throw new ParquetFormatException("Snappy data is damaged.");
            }
        }
    }

    [LibraryImport(Library)]
    private static partial int snappy_compress(byte* source, nuint length, byte* target, nuint* targetLength);

    [LibraryImport(Library)]
    private static partial int snappy_uncompressed_length(byte* packed, nuint packedLength, nuint* length);

    [LibraryImport(Library)]
    private static partial int snappy_uncompress(byte* packed, nuint packedLength, byte* target, nuint* targetLength);
}
