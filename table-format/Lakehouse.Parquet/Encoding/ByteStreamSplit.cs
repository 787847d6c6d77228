namespace Lakehouse.Parquet;

/// <summary>BYTE_STREAM_SPLIT (Encodings.md): the first bytes of all values, then all second bytes, and so on.</summary>
internal static class ByteStreamSplit
{
    /// <summary>
    /// Puts some values together again: value i of <paramref name="source"/>, whose values are of <paramref name="width"/> bytes, for i from
    /// <paramref name="first"/> on, as many as the target holds.
    /// </summary>
    internal static void Decode(ReadOnlySpan<byte> source, int width, int first, Span<byte> target)
    {
        int total = source.Length / width;
        int count = target.Length / width;
        if (source.Length % width != 0 || count > total - first)
        {
            throw new ParquetFormatException($"{source.Length} bytes in {width} streams, and value {first + count} is wanted.");
        }

        for (int stream = 0; stream < width; stream++)
        {
            ReadOnlySpan<byte> bytes = source.Slice((stream * total) + first, count);
            for (int i = 0, at = stream; i < bytes.Length; i++, at += width)
            {
                target[at] = bytes[i];
            }
        }
    }
}
