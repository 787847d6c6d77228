using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lakehouse.Columns;

/// <summary>Bit arrays, least significant bit first (Arrow columnar format, validity bitmaps).</summary>
public static class Bitmap
{
    /// <summary>Bytes that hold <paramref name="bits"/> bits.</summary>
    public static int ByteCount(int bits) => (bits + 7) >> 3;

    /// <summary>The bit at a position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Get(ReadOnlySpan<byte> bits, int index) => (bits[index >> 3] & (1 << (index & 7))) != 0;

    /// <summary>Sets the bit at a position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(Span<byte> bits, int index) => bits[index >> 3] |= (byte)(1 << (index & 7));

    /// <summary>Clears the bit at a position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Clear(Span<byte> bits, int index) => bits[index >> 3] &= (byte)~(1 << (index & 7));

    /// <summary>How many of the first <paramref name="count"/> bits are set.</summary>
    public static int CountOnes(ReadOnlySpan<byte> bits, int count)
    {
        int ones = 0;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bits[..(count >> 3)]);
        foreach (ulong word in words)
        {
            ones += BitOperations.PopCount(word);
        }

        for (int i = words.Length << 6; i < count; i++)
        {
            ones += Get(bits, i) ? 1 : 0;
        }

        return ones;
    }
}
