using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lakehouse.Parquet;

/// <summary>
/// Runs and packed groups (Encodings.md, "Run Length Encoding / Bit-Packing Hybrid"), without length or width in front:
/// <code>
/// run    := varint(count &lt;&lt; 1) value            value takes ceil(width / 8) bytes
/// packed := varint(groups &lt;&lt; 1 | 1) bits          groups of eight values, the last one padded with zeros
/// </code>
/// </summary>
internal static class RleHybrid
{
    // < A run interrupts the packed groups with two headers: it pays from here on.
    private const int GroupsPerRunMin = 3;

    /// <summary>Bytes that so many values of a width may take at most, packing slack included.</summary>
    internal static int BytesMax(int count, int width) => ((count + 7) / 8 * (width + 1)) + 64 + BitPacking.Slack;

    /// <summary>
    /// Encodes values; the buffer behind them must have room for seven more, which are overwritten with zeros. Gives the bytes written.
    /// </summary>
    internal static int Encode(Span<uint> values, int count, int width, Span<byte> target)
    {
        int padded = (count + 7) & ~7;
        values[count..padded].Clear();
        ReadOnlySpan<Vector256<uint>> groups = MemoryMarshal.Cast<uint, Vector256<uint>>(values[..padded]);
        int whole = count / 8;
        int at = 0;
        int packedFrom = 0;
        int i = 0;
        while (i < whole)
        {
            Vector256<uint> first = Vector256.Create(groups[i].GetElement(0));
            int end = i;
            while (end < whole && groups[end] == first)
            {
                end++;
            }

            if (end - i < GroupsPerRunMin)
            {
                i = Math.Max(end, i + 1);
                continue;
            }

            uint value = groups[i].GetElement(0);
            bool reachesEnd = end == whole && AllEqual(values[(whole * 8)..count], value);
            at += EncodePacked(values[(packedFrom * 8)..(i * 8)], width, target[at..]);
            at += EncodeRun(reachesEnd ? count - (i * 8) : (end - i) * 8, value, width, target[at..]);
            if (reachesEnd)
            {
                return at;
            }

            packedFrom = i = end;
        }

        if (count is > 0 and < 8 * GroupsPerRunMin && AllEqual(values[..count], values[0]))
        {
            return EncodeRun(count, values[0], width, target);
        }

        return at + EncodePacked(values[(packedFrom * 8)..padded], width, target[at..]);
    }

    /// <summary>One run.</summary>
    internal static int EncodeRun(int count, uint value, int width, Span<byte> target)
    {
        int at = WriteVarInt((uint)count << 1, target);
        for (int bits = 0; bits < width; bits += 8, value >>= 8)
        {
            target[at++] = (byte)value;
        }

        return at;
    }

    /// <summary>Bits as definition levels of width 1: they are packed groups already.</summary>
    internal static int EncodeBits(ReadOnlySpan<byte> bits, int count, Span<byte> target)
    {
        int bytes = (count + 7) / 8;
        int at = WriteVarInt(((uint)bytes << 1) | 1, target);
        bits[..bytes].CopyTo(target[at..]);
        if ((count & 7) != 0)
        {
            target[at + bytes - 1] &= (byte)((1 << (count & 7)) - 1);
        }

        return at + bytes;
    }

    private static int EncodePacked(ReadOnlySpan<uint> values, int width, Span<byte> target)
    {
        if (values.Length == 0)
        {
            return 0;
        }

        int at = WriteVarInt(((uint)values.Length / 8 << 1) | 1, target);
        return at + BitPacking.Pack(values, width, target[at..]);
    }

    private static bool AllEqual(ReadOnlySpan<uint> values, uint value) => values.IndexOfAnyExcept(value) < 0;

    private static int WriteVarInt(uint value, Span<byte> target)
    {
        int at = 0;
        for (; value >= 0x80; value >>= 7)
        {
            target[at++] = (byte)(value | 0x80);
        }

        target[at++] = (byte)value;
        return at;
    }

    /// <summary>Decodes as many values as the target holds, as <see cref="RleStream"/> does.</summary>
    internal static void Decode(ReadOnlySpan<byte> source, int width, Span<uint> target) =>
        new RleStream(0, source.Length, width).Read(source, target);
}
