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

    /// <summary>
    /// Decodes as many values as the target holds. The last packed run may hold more values than are wanted, or fewer bytes than whole
    /// groups need as long as the wanted values are there. Throws <see cref="ParquetFormatException"/> when the bytes end early.
    /// </summary>
    internal static void Decode(ReadOnlySpan<byte> source, int width, Span<uint> target)
    {
        if (width is < 0 or > 32)
        {
            throw new ParquetFormatException($"A bit width of {width}.");
        }

        int done = 0;
        while (done < target.Length)
        {
            uint header = ReadVarInt(ref source);
            int left = target.Length - done;
            if ((header & 1) == 0)
            {
                int valueBytes = (width + 7) / 8;
                Require(header >> 1 > 0 && source.Length >= valueBytes);
                uint value = 0;
                for (int i = valueBytes - 1; i >= 0; i--)
                {
                    value = (value << 8) | source[i];
                }

                source = source[valueBytes..];
                int count = (int)Math.Min(header >> 1, (uint)left);
                target.Slice(done, count).Fill(value);
                done += count;
            }
            else
            {
                long values = (long)(header >> 1) * 8;
                int count = (int)Math.Min(values, left);
                Require(values > 0 && (((long)count * width) + 7) / 8 <= source.Length);
                BitPacking.Unpack(source, width, target.Slice(done, count));
                source = source[(int)Math.Min(values / 8 * width, source.Length)..];
                done += count;
            }
        }
    }

    private static uint ReadVarInt(ref ReadOnlySpan<byte> source)
    {
        uint value = 0;
        for (int i = 0; i < 5; i++)
        {
            Require(i < source.Length);
            value |= (uint)(source[i] & 0x7F) << (7 * i);
            if (source[i] < 0x80)
            {
                source = source[(i + 1)..];
                return value;
            }
        }

        Require(false);
        return 0;
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new ParquetFormatException("Run lengths end early or make no sense.");
        }
    }
}
