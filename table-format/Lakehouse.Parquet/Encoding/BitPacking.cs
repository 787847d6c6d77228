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

    // A value of this width is in four bytes wherever it begins in the first of them.
    private const int GroupWidthMax = 25;
    private static readonly (Vector256<byte>[] Places, Vector256<uint>[] Shifts) Groups = MakeGroups();
    private static readonly Vector256<byte>[] Places = Groups.Places;
    private static readonly Vector256<uint>[] Shifts = Groups.Shifts;

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
        else if (Bmi2.X64.IsSupported)
        {
            PackWords(values, width, target);
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

    // < Two values of more than 16 bits leave less than a word: what is over goes on in the next one.
    private static void PackWords(ReadOnlySpan<uint> values, int width, Span<byte> target)
    {
        ulong mask = 0x0000000100000001UL * ((1UL << width) - 1);
        int both = 2 * width;
        ulong pending = 0;
        int bits = 0;
        ref byte to = ref MemoryMarshal.GetReference(target);
        foreach (ulong two in MemoryMarshal.Cast<uint, ulong>(values))
        {
            ulong packed = Bmi2.X64.ParallelBitExtract(two, mask);
            Unsafe.WriteUnaligned(ref to, pending | (packed << bits)); // < The target has room behind what is packed.
            bits += both;
            if (bits >= 64)
            {
                to = ref Unsafe.Add(ref to, sizeof(ulong));
                bits -= 64;
                pending = bits == 0 ? 0 : packed >> (both - bits);
            }
            else
            {
                pending |= packed << (bits - both);
            }
        }

        Unsafe.WriteUnaligned(ref to, pending);
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
        int done = Avx2.IsSupported && width is > 0 and <= GroupWidthMax && (bit & 7) == 0
            ? UnpackGroups(source[(int)(bit >> 3)..], width, target)
            : 0;
        bit += (long)done * width;
        for (int i = done; i < target.Length; i++, bit += width)
        {
            int at = (int)(bit >> 3);
            ulong word = at + 8 <= source.Length
                ? BinaryPrimitives.ReadUInt64LittleEndian(source[at..])
                : LoadTail(source[at..]);
            target[i] = (uint)((word >> (int)(bit & 7)) & mask);
        }
    }

    /// <summary>
    /// Unpacks groups of eight values as long as 16 bytes can be loaded for each half of them: bytes move to the value that they are in, and each
    /// value down to its lowest bit. Gives the number of values.
    /// </summary>
    private static int UnpackGroups(ReadOnlySpan<byte> source, int width, Span<uint> target)
    {
        // < The second half begins at this byte, or in the middle of it.
        int half = width / 2;
        int groups = Math.Min(target.Length / 8, source.Length < half + 16 ? 0 : ((source.Length - half - 16) / width) + 1);
        Vector256<byte> places = Places[width];
        Vector256<uint> shifts = Shifts[width];
        Vector256<uint> mask = Vector256.Create((1u << width) - 1);
        ref byte from = ref MemoryMarshal.GetReference(source);
        ref uint to = ref MemoryMarshal.GetReference(target);
        for (int g = 0; g < groups; g++)
        {
            Vector256<byte> bytes = Vector256.Create(Vector128.LoadUnsafe(ref from), Vector128.LoadUnsafe(ref from, (nuint)half));
            Vector256<uint> values = Avx2.Shuffle(bytes, places).AsUInt32();
            (Avx2.ShiftRightLogicalVariable(values, shifts) & mask).StoreUnsafe(ref to);
            from = ref Unsafe.Add(ref from, width);
            to = ref Unsafe.Add(ref to, 8);
        }

        return groups * 8;
    }

    /// <summary>By width, the four bytes that each value of a group is in, and the bits below it there.</summary>
    private static (Vector256<byte>[] Places, Vector256<uint>[] Shifts) MakeGroups()
    {
        var places = new Vector256<byte>[GroupWidthMax + 1];
        var shifts = new Vector256<uint>[GroupWidthMax + 1];
        Span<byte> place = stackalloc byte[32];
        Span<uint> shift = stackalloc uint[8];
        for (int width = 1; width <= GroupWidthMax; width++)
        {
            for (int i = 0; i < 8; i++)
            {
                int bit = i < 4 ? i * width : (i * width) - (width / 2 * 8);
                shift[i] = (uint)bit & 7;
                for (int b = 0; b < 4; b++)
                {
                    place[(4 * i) + b] = (byte)((bit >> 3) + b);
                }
            }

            (places[width], shifts[width]) = (Vector256.Create<byte>(place), Vector256.Create<uint>(shift));
        }

        return (places, shifts);
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
