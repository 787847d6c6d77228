using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Moves runs of bits (least significant first) and squeezes out the values of nulls.</summary>
internal static class BitRun
{
    /// <summary>Copies bits; the bits of the target from <paramref name="targetBit"/> to the end of its byte are overwritten.</summary>
    internal static void Copy(ReadOnlySpan<byte> source, int sourceBit, Span<byte> target, int targetBit, int count)
    {
        int shift = targetBit & 7;
        int at = targetBit >> 3;
        uint kept = shift == 0 ? 0u : target[at] & ((1u << shift) - 1);
        int done = 0;
        for (; count - done > 64; done += 64, at += 8) // < Not the last ones: bytes take along what words leave over.
        {
            ulong bits = Load64(source, sourceBit + done);
            BinaryPrimitives.WriteUInt64LittleEndian(target[at..], (bits << shift) | kept);
            kept = shift == 0 ? 0u : (uint)(bits >> (64 - shift));
        }

        for (; done < count; done += 8, at++)
        {
            int take = Math.Min(8, count - done);
            kept |= Load(source, sourceBit + done, take) << shift;
            target[at] = (byte)kept;
            kept >>= 8;
            if (shift + take > 8)
            {
                target[at + 1] = (byte)kept;
            }
        }
    }

    /// <summary>Sets bits to one; the bits behind them in the last byte become zero.</summary>
    internal static void Fill(Span<byte> target, int targetBit, int count) => Fill(target, targetBit, count, 0xFF);

    /// <summary>Sets bits to zero, and those behind them in the last byte.</summary>
    internal static void Clear(Span<byte> target, int targetBit, int count) => Fill(target, targetBit, count, 0);

    internal static int CountOnes(ReadOnlySpan<byte> bits, int from, int count)
    {
        int ones = 0;
        int i = from;
        int end = from + count;
        for (; i < end && (i & 7) != 0; i++)
        {
            ones += Bitmap.Get(bits, i) ? 1 : 0;
        }

        return i == end ? ones : ones + Bitmap.CountOnes(bits[(i >> 3)..], end - i);
    }

    /// <summary>Copies the values whose bit is set, in order; gives their number. The target has room for all.</summary>
    internal static int Squeeze<T>(ReadOnlySpan<T> values, ReadOnlySpan<byte> validity, int from, int count, Span<T> target)
        where T : unmanaged
    {
        values = values.Slice(from, count);
        Invariant.Holds(target.Length >= count, "squeezed values fit");
        int kept = 0;
        int i = 0;
        for (; values.Length - i >= 64; i += 64)
        {
            ulong bits = Load64(validity, from + i);
            if (bits == ulong.MaxValue)
            {
                values.Slice(i, 64).CopyTo(target[kept..]);
                kept += 64;
            }
            else if (bits != 0)
            {
                kept = Squeeze(values.Slice(i, 64), bits, target, kept);
            }
        }

        for (; i < values.Length; i += 8)
        {
            int take = Math.Min(8, values.Length - i);
            kept = Squeeze(values.Slice(i, take), Load(validity, from + i, take), target, kept);
        }

        return kept;
    }

    // < Each value is stored, and overwritten by the next one unless it counts: no branch to guess.
    private static int Squeeze<T>(ReadOnlySpan<T> values, ulong bits, Span<T> target, int kept)
        where T : unmanaged
    {
        ref T to = ref MemoryMarshal.GetReference(target);
        foreach (T value in values)
        {
            Unsafe.Add(ref to, kept) = value;
            kept += (int)(bits & 1);
            bits >>= 1;
        }

        return kept;
    }

    private static void Fill(Span<byte> target, int targetBit, int count, byte bits)
    {
        int first = Math.Min(count, (8 - (targetBit & 7)) & 7);
        Copy([bits], 0, target, targetBit, first);
        (targetBit, count) = (targetBit + first, count - first);
        target.Slice(targetBit >> 3, count >> 3).Fill(bits);
        Copy([bits], 0, target, targetBit + (count & ~7), count & 7);
    }

    private static ulong Load64(ReadOnlySpan<byte> source, int bit)
    {
        int shift = bit & 7;
        ulong bits = BinaryPrimitives.ReadUInt64LittleEndian(source[(bit >> 3)..]) >> shift;
        return shift == 0 ? bits : bits | ((ulong)source[(bit >> 3) + 8] << (64 - shift));
    }

    private static uint Load(ReadOnlySpan<byte> source, int bit, int count)
    {
        int at = bit >> 3;
        int shift = bit & 7;
        uint value = (uint)source[at] >> shift;
        if (shift + count > 8)
        {
            value |= (uint)source[at + 1] << (8 - shift);
        }

        return value & ((1u << count) - 1);
    }
}
