namespace Lakehouse.Parquet;

/// <summary>Shortens the bounds of strings and binary to 64 bytes, so that long values do not swell the footer.</summary>
internal static class BoundTruncation
{
    internal const int BytesMax = 64;

    /// <summary>Bytes of a value that bound it from below; cut between characters if it is text.</summary>
    internal static int LowerLength(ReadOnlySpan<byte> value, bool isText) =>
        value.Length <= BytesMax ? value.Length : Cut(value, isText);

    /// <summary>
    /// A shorter value that bounds a long one from above: its beginning, the last byte (in text the last ASCII character) raised by one.
    /// False when the value is short already or no byte can be raised; then it stays as it is.
    /// </summary>
    internal static bool TryShortenUpper(ReadOnlySpan<byte> value, bool isText, Span<byte> destination, out int length)
    {
        length = 0;
        if (value.Length <= BytesMax)
        {
            return false;
        }

        byte largest = isText ? (byte)0x7F : (byte)0xFF;
        for (int last = Cut(value, isText) - 1; last >= 0; last--)
        {
            if (value[last] < largest)
            {
                length = last + 1;
                value[..length].CopyTo(destination);
                destination[last]++;
                return true;
            }
        }

        return false;
    }

    private static int Cut(ReadOnlySpan<byte> value, bool isText)
    {
        int length = BytesMax;
        // < 10xxxxxx continues a character: the cut must not fall in front of it. What is not UTF-8 is cut anywhere.
        while (isText && length > BytesMax - 4 && (value[length] & 0xC0) == 0x80)
        {
            length--;
        }

        return length;
    }
}
