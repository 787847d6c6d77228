using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Lakehouse.Parquet.Zstandard;

/// <summary>
/// A stream of Huffman codes, the last byte's first (RFC 8878 section 4.2.2). With AVX-512 the codes of 64 bytes are looked up in registers and
/// joined two by two within a lane, so that one step of the accumulator takes four codes, or eight where they are short.
/// </summary>
internal static class HuffmanStream
{
    // So many bits of eight codes and what the accumulator still holds fit 64.
    private const int ShortBits = 7;

    /// <summary>Bytes that a stream of so many symbols takes at most.</summary>
    internal static int BytesMax(int symbols) => (symbols * HuffmanCode.BitsMax / 8) + 1 + BitSink.Slack;

    /// <summary>Writes the codes of some bytes; gives the bytes of the stream, -1 when the code lacks one of them.</summary>
    internal static int Write(ReadOnlySpan<byte> symbols, HuffmanCode code, Span<byte> target) =>
        Write(symbols, code, target, Avx512Vbmi.IsSupported);

    internal static int Write(ReadOnlySpan<byte> symbols, HuffmanCode code, Span<byte> target, bool vectors)
    {
        ref byte from = ref MemoryMarshal.GetReference(symbols);
        var sink = new BitSink(target, BytesMax(symbols.Length) - BitSink.Slack);
        int left = symbols.Length;
        bool complete = true;
        if (vectors && left >= Vector512<byte>.Count)
        {
            left = WriteVectors(ref from, left, code, ref sink, ref complete);
        }

        ref byte low = ref MemoryMarshal.GetArrayDataReference(code.Low);
        ref byte high = ref MemoryMarshal.GetArrayDataReference(code.High);
        while (left > 0)
        {
            for (int i = Math.Min(left, 4); i > 0; i--)
            {
                nuint symbol = Unsafe.Add(ref from, --left);
                uint upper = Unsafe.Add(ref high, symbol);
                complete &= upper != 0;
                sink.Add(Unsafe.Add(ref low, symbol) | ((upper & 15) << 8), (int)(upper >> 4));
            }

            sink.Flush();
        }

        return complete ? sink.Close() : -1;
    }

    // < Gives how many symbols at the start are left.
    private static int WriteVectors(ref byte from, int left, HuffmanCode code, ref BitSink target, ref bool complete)
    {
        BitSink sink = target;
        bool ascii = code.High.AsSpan(128).IndexOfAnyExcept((byte)0) < 0;
        bool isShort = code.LongestBits <= ShortBits;
        var low = new Table(code.Low);
        var high = new Table(code.High);
        Vector512<byte> missing = Vector512<byte>.Zero;
        Span<ulong> lanes = stackalloc ulong[32];
        ref ulong lane = ref MemoryMarshal.GetReference(lanes);
        for (; left >= Vector512<byte>.Count; left -= Vector512<byte>.Count)
        {
            Vector512<byte> symbols = Vector512.LoadUnsafe(ref from, (nuint)(left - Vector512<byte>.Count));
            Vector512<byte> upper = ascii ? high.LookUpAscii(symbols) : high.LookUp(symbols);
            Vector512<byte> lower = ascii ? low.LookUpAscii(symbols) : low.LookUp(symbols);
            missing |= Vector512.Equals(upper, Vector512<byte>.Zero) | (ascii ? symbols : Vector512<byte>.Zero) & Vector512.Create((byte)128);
            JoinFour(Avx512BW.UnpackLow(lower, upper).AsUInt16(), ref lane, ref Unsafe.Add(ref lane, 8));
            JoinFour(Avx512BW.UnpackHigh(lower, upper).AsUInt16(), ref Unsafe.Add(ref lane, 16), ref Unsafe.Add(ref lane, 24));
            if (isShort)
            {
                for (int i = 6; i >= 0; i -= 2)
                {
                    AddEight(ref sink, ref Unsafe.Add(ref lane, 16 + i));
                    AddEight(ref sink, ref Unsafe.Add(ref lane, i));
                }
            }
            else
            {
                for (int i = 6; i >= 0; i -= 2)
                {
                    AddFour(ref sink, ref Unsafe.Add(ref lane, 17 + i));
                    AddFour(ref sink, ref Unsafe.Add(ref lane, 16 + i));
                    AddFour(ref sink, ref Unsafe.Add(ref lane, 1 + i));
                    AddFour(ref sink, ref Unsafe.Add(ref lane, i));
                }
            }
        }

        target = sink;
        complete &= missing == Vector512<byte>.Zero;
        return left;
    }

    // < Entries to the codes of four symbols in each lane of 64 bits, the last symbol's lowest, and their lengths.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void JoinFour(Vector512<ushort> entries, ref ulong codes, ref ulong lengths)
    {
        Vector512<uint> code = (entries & Vector512.Create((ushort)0xFFF)).AsUInt32();
        Vector512<uint> length = Vector512.ShiftRightLogical(entries, 12).AsUInt32();
        Vector512<uint> last = Vector512.ShiftRightLogical(length, 16);
        Vector512<uint> first = code & Vector512.Create(0xFFFFu);
        Vector512<ulong> two = (Vector512.ShiftRightLogical(code, 16) | Avx512F.ShiftLeftLogicalVariable(first, last)).AsUInt64();
        Vector512<ulong> twoLength = ((length & Vector512.Create(0xFFFFu)) + last).AsUInt64();
        Vector512<ulong> lastLength = Vector512.ShiftRightLogical(twoLength, 32);
        Vector512<ulong> firstTwo = two & Vector512.Create(0xFFFFFFFFul);
        Vector512<ulong> four = Vector512.ShiftRightLogical(two, 32) | Avx512F.ShiftLeftLogicalVariable(firstTwo, lastLength);
        four.StoreUnsafe(ref codes);
        ((twoLength & Vector512.Create(0xFFFFFFFFul)) + lastLength).StoreUnsafe(ref lengths);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour(ref BitSink sink, ref ulong lane)
    {
        sink.Add(lane, (int)Unsafe.Add(ref lane, 8));
        sink.Flush();
    }

    // < Two neighbouring lanes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddEight(ref BitSink sink, ref ulong lane)
    {
        int last = (int)Unsafe.Add(ref lane, 9);
        sink.Add(Unsafe.Add(ref lane, 1) | (lane << last), last + (int)Unsafe.Add(ref lane, 8));
        sink.Flush();
    }

    /// <summary>256 bytes in four registers.</summary>
    private readonly struct Table(ReadOnlySpan<byte> bytes)
    {
        private readonly Vector512<byte> _a = Vector512.Create(bytes);
        private readonly Vector512<byte> _b = Vector512.Create(bytes[64..]);
        private readonly Vector512<byte> _c = Vector512.Create(bytes[128..]);
        private readonly Vector512<byte> _d = Vector512.Create(bytes[192..]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector512<byte> LookUpAscii(Vector512<byte> symbols) => Avx512Vbmi.PermuteVar64x8x2(_a, symbols, _b);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector512<byte> LookUp(Vector512<byte> symbols) => Vector512.ConditionalSelect(
            Vector512.LessThan(symbols.AsSByte(), Vector512<sbyte>.Zero).AsByte(),
            Avx512Vbmi.PermuteVar64x8x2(_c, symbols, _d),
            Avx512Vbmi.PermuteVar64x8x2(_a, symbols, _b));
    }
}
