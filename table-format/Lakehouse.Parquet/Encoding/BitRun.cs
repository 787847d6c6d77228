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
        for (int done = 0; done < count; done += 8)
        {
            int take = Math.Min(8, count - done);
            uint bits = Load(source, sourceBit + done, take) << shift;
            kept |= bits;
            target[at] = (byte)kept;
            kept >>= 8;
            if (shift + take > 8)
            {
                target[at + 1] = (byte)kept;
            }

            at++;
        }
    }

    /// <summary>Sets bits to one; the bits behind them in the last byte become zero.</summary>
    internal static void Fill(Span<byte> target, int targetBit, int count)
    {
        ReadOnlySpan<byte> ones = [0xFF];
        for (int done = 0; done < count; done += 8)
        {
            Copy(ones, 0, target, targetBit + done, Math.Min(8, count - done));
        }
    }

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
        ref T to = ref MemoryMarshal.GetReference(target);
        values = values.Slice(from, count);
        Invariant.Holds(target.Length >= count, "squeezed values fit");
        int kept = 0;
        for (int i = 0; i < values.Length; i++)
        {
            System.Runtime.CompilerServices.Unsafe.Add(ref to, kept) = values[i];
            int bit = from + i;
            kept += (validity[bit >> 3] >> (bit & 7)) & 1;
        }

        return kept;
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
