using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Lakehouse.Parquet;

/// <summary>
/// Values of 0 to 32 bits, least significant bit first, without gaps (Encodings.md, bit packing of the RLE hybrid). Eight values of w bits
/// take w bytes.
/// </summary>
internal static class BitPacking
{
    /// <summary>Bytes behind the packed ones that <see cref="Pack"/> may overwrite.</summary>
    internal const int Slack = 16;

    /// <summary>Bits that hold any value up to a maximum; at least 1, as readers disagree about 0.</summary>
    internal static int Width(uint max) => Math.Max(1, 32 - System.Numerics.BitOperations.LeadingZeroCount(max));

    /// <summary>Packs values, a multiple of eight of them; gives the bytes. The target has <see cref="Slack"/> bytes more.</summary>
    internal static int Pack(ReadOnlySpan<uint> values, int width, Span<byte> target)
    {
        int bytes = values.Length / 8 * width;
        Invariant.Holds((values.Length & 7) == 0 && target.Length >= bytes + Slack, "bit packing works on whole groups with room behind");
        if (width <= 8 && Bmi2.X64.IsSupported)
        {
            PackBytes(values, width, target);
        }
        else if (width <= 16 && Bmi2.X64.IsSupported)
        {
            PackShorts(values, width, target);
        }
        else
        {
            PackScalar(values, width, target);
        }

        return bytes;
    }

    private static void PackBytes(ReadOnlySpan<uint> values, int width, Span<byte> target)
    {
        ulong mask = 0x0101010101010101UL * ((1UL << width) - 1);
        ref byte to = ref MemoryMarshal.GetReference(target);
        foreach (Vector256<uint> eight in MemoryMarshal.Cast<uint, Vector256<uint>>(values))
        {
            Vector128<ushort> shorts = Vector128.Narrow(eight.GetLower(), eight.GetUpper());
            ulong bytes = Vector128.Narrow(shorts, shorts).AsUInt64().GetElement(0);
            Unsafe.WriteUnaligned(ref to, Bmi2.X64.ParallelBitExtract(bytes, mask));
            to = ref Unsafe.Add(ref to, width);
        }
    }

    private static void PackShorts(ReadOnlySpan<uint> values, int width, Span<byte> target)
    {
        ulong mask = 0x0001000100010001UL * ((1UL << width) - 1);
        int half = 4 * width;
        ref byte to = ref MemoryMarshal.GetReference(target);
        foreach (Vector256<uint> eight in MemoryMarshal.Cast<uint, Vector256<uint>>(values))
        {
            Vector128<ulong> shorts = Vector128.Narrow(eight.GetLower(), eight.GetUpper()).AsUInt64();
            ulong low = Bmi2.X64.ParallelBitExtract(shorts.GetElement(0), mask);
            ulong high = Bmi2.X64.ParallelBitExtract(shorts.GetElement(1), mask);
            // < Four values of 16 bits fill the first word; a shift by 64 would be none.
            Unsafe.WriteUnaligned(ref to, half == 64 ? low : low | (high << half));
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, 8), half == 64 ? high : high >> (64 - half));
            to = ref Unsafe.Add(ref to, width);
        }
    }

    internal static void PackScalar(ReadOnlySpan<uint> values, int width, Span<byte> target)
    {
        ulong pending = 0;
        int bits = 0;
        int at = 0;
        foreach (uint value in values)
        {
            pending |= (ulong)value << bits;
            bits += width;
            if (bits >= 32)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(target[at..], (uint)pending);
                at += 4;
                pending >>= 32;
                bits -= 32;
            }
        }

        for (; bits > 0; bits -= 8, pending >>= 8)
        {
            target[at++] = (byte)pending;
        }
    }

    /// <summary>Unpacks as many values as the target holds, from a bit on; the source holds at least their bits.</summary>
    internal static void Unpack(ReadOnlySpan<byte> source, long bit, int width, Span<uint> target)
    {
        ulong mask = (1UL << width) - 1;
        for (int i = 0; i < target.Length; i++, bit += width)
        {
            int at = (int)(bit >> 3);
            ulong word = at + 8 <= source.Length
                ? BinaryPrimitives.ReadUInt64LittleEndian(source[at..])
                : LoadTail(source[at..]);
            target[i] = (uint)((word >> (int)(bit & 7)) & mask);
        }
    }

    private static ulong LoadTail(ReadOnlySpan<byte> source)
    {
        ulong word = 0;
        for (int i = source.Length - 1; i >= 0; i--)
        {
            word = (word << 8) | source[i];
        }

        return word;
    }
}
