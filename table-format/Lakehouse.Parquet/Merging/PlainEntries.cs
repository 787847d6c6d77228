using System.Buffers.Binary;

namespace Lakehouse.Parquet;

/// <summary>PLAIN values of any type but boolean (Encodings.md, PLAIN): how many bytes they take. Byte arrays are <c>u32 length | bytes</c>.</summary>
internal static class PlainEntries
{
    /// <summary>Bytes of the value at an offset. Throws <see cref="ParquetFormatException"/> when it goes beyond the end.</summary>
    internal static int EntryByteCount(in LeafType leaf, ReadOnlySpan<byte> plain, int at)
    {
        if (leaf.Stored != ParquetType.ByteArray)
        {
            return leaf.StoredWidth;
        }

        int length = plain.Length - at >= 4 ? BinaryPrimitives.ReadInt32LittleEndian(plain[at..]) : -1;
        return length >= 0 && length <= plain.Length - at - 4
            ? 4 + length
            : throw new ParquetFormatException($"A value of {length} bytes where {plain.Length - at} are left.");
    }

    /// <summary>Bytes of so many values. Throws <see cref="ParquetFormatException"/> when there are fewer.</summary>
    internal static int ByteCount(in LeafType leaf, ReadOnlySpan<byte> plain, int count)
    {
        if (leaf.Stored != ParquetType.ByteArray)
        {
            long bytes = (long)count * leaf.StoredWidth;
            return bytes <= plain.Length
                ? (int)bytes
                : throw new ParquetFormatException($"{count} values of {leaf.StoredWidth} bytes in {plain.Length}.");
        }

        int at = 0;
        for (int i = 0; i < count; i++)
        {
            at += EntryByteCount(leaf, plain, at);
        }

        return at;
    }
}
