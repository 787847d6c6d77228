namespace Lakehouse.Parquet;

/// <summary>
/// BIT_PACKED (Encodings.md, deprecated): levels from the most significant bit on, without gaps and without a length before them.
/// </summary>
internal static class BitPackedLevels
{
    /// <summary>Bytes that so many levels take.</summary>
    internal static int ByteCount(int count, int width) => checked((int)((((long)count * width) + 7) / 8));

    /// <summary>Decodes as many levels as the target holds, from a bit on; the source holds at least their bits.</summary>
    internal static void Decode(ReadOnlySpan<byte> source, long bit, int width, Span<uint> target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            uint level = 0;
            for (long end = bit + width; bit < end; bit++)
            {
                level = (level << 1) | (uint)((source[(int)(bit >> 3)] >> (7 - (int)(bit & 7))) & 1);
            }

            target[i] = level;
        }
    }
}
