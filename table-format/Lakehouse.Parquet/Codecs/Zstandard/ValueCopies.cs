using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lakehouse.Parquet.Zstandard;

/// <summary>
/// Finds what a block of values of one width may copy, looking only where values begin. Three things repeat in columns whose values are
/// nearly all different:
/// <list type="bullet">
/// <item>bytes at the same place in each value: lengths of strings, the upper bytes of numbers. They are one sequence a value, always the same
/// one, which costs next to nothing;</item>
/// <item>values, or what follows those bytes in them;</item>
/// <item>the lower bytes of doubles that are decimal fractions: k/1000 and (k+125)/1000 differ by an eighth, so only in their upper bits.</item>
/// </list>
/// </summary>
internal static class ValueCopies
{
    internal const int StrideMax = 256;
    internal const int TableLog = 13;

    // Few of wide values, as each of their bytes is compared.
    private const int Samples = 64;
    private const int SamplesOfNarrow = 192;
    private const int NarrowMax = 16;

    // Of 64 samples so many have to agree.
    private const int AgreeingMin = 61;

    /// <summary>What neighbouring values share, by a sample of them.</summary>
    internal static SharedBytes Share(ReadOnlySpan<byte> values, int stride)
    {
        int count = values.Length / stride;
        Span<byte> agreeing = stackalloc byte[StrideMax];
        agreeing = agreeing[..stride];
        agreeing.Clear();
        int samples = stride <= NarrowMax ? SamplesOfNarrow : Samples;
        int agreeingMin = samples * AgreeingMin / 64;
        for (uint s = 0; s < samples && count > 1; s++)
        {
            // < In no regular steps, as counters would look as if their lower digits never carried.
            int v = 1 + (int)(((ulong)(s * 2654435761u) * (uint)(count - 1)) >> 32);
            ReadOnlySpan<byte> value = values.Slice(v * stride, stride);
            ReadOnlySpan<byte> before = values.Slice((v - 1) * stride, stride);
            for (int i = 0; i < stride; i++)
            {
                agreeing[i] += value[i] == before[i] ? (byte)1 : (byte)0;
            }
        }

        (int start, int length) = (0, 0);
        for (int i = 0; i < stride; i++)
        {
            int end = i;
            while (end < stride && agreeing[end] >= agreeingMin)
            {
                end++;
            }

            if (end - i > length)
            {
                (start, length) = (i, end - i);
            }

            i = end;
        }

        // < Where bytes beside them, or any of a narrow value, agree as often as not, values follow each other: copies of any length pay there.
        if (length < BlockParts.CopyMin)
        {
            return new SharedBytes(
                0, 0, stride < sizeof(ulong) && agreeing.ContainsAnyInRange((byte)(samples / 2), (byte)(agreeingMin - 1)));
        }

        int beside = Math.Max(start > 0 ? agreeing[start - 1] : 0, start + length < stride ? agreeing[start + length] : 0);
        return new SharedBytes(start, length, beside >= samples / 2);
    }

    /// <summary>
    /// Finds copies of the bytes that values end in and share, and of what is before them where values are long. The block is
    /// <paramref name="from"/> to <paramref name="to"/>, its first value begins at <paramref name="first"/>.
    /// </summary>
    internal static void FindShared(
        ReadOnlySpan<byte> frame, int from, int first, int to, int stride, int shared, Span<int> table, BlockParts parts)
    {
        var found = new Found(frame, from, parts);
        int own = stride - shared;
        if (stride == sizeof(ulong) && own > 0 && shared > 0)
        {
            FindSharedOfWords(frame, first, to, shared, ref found);
            return;
        }

        bool seeks = own >= sizeof(ulong);
        for (int value = first; value + stride <= to; value += stride)
        {
            if (seeks)
            {
                ulong key = MemoryMarshal.Read<ulong>(frame[value..]);
                ref int entry = ref table[Hash(key)];
                int candidate = entry;
                entry = value;
                if (MemoryMarshal.Read<ulong>(frame[candidate..]) == key && candidate < value)
                {
                    int length = frame[value..to].CommonPrefixLength(frame[candidate..]);
                    if (length >= stride)
                    {
                        length -= length % stride; // < To the end of a value, so that the next one begins behind it.
                        found.Add(value, length, value - candidate);
                        value += length - stride;
                        continue;
                    }

                    found.Add(value, Math.Min(length, own), value - candidate);
                }
            }

            int start = value + own;
            if (shared > 0 && start >= stride && IsRepeated(frame, start, shared, stride))
            {
                found.Add(start, shared, stride);
            }
        }

        found.Finish(to);
    }

    /// <summary>The same for values of eight bytes: runs of those that share what they end in with the value before.</summary>
    private static void FindSharedOfWords(ReadOnlySpan<byte> frame, int first, int to, int shared, ref Found found)
    {
        int own = sizeof(ulong) - shared;
        ref byte start = ref MemoryMarshal.GetReference(frame);
        int value = first >= sizeof(ulong) ? first : first + sizeof(ulong); // < There has to be one before, all of it.
        int last = to - sizeof(ulong);
        while (value <= last)
        {
            int end = value;
            while (end <= last && IsRepeatedWord(ref Unsafe.Add(ref start, end), own))
            {
                end += sizeof(ulong);
            }

            if (end > value)
            {
                found.AddWords(value, (end - value) / sizeof(ulong), own);
            }

            value = end + sizeof(ulong);
        }

        found.Finish(to);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsRepeatedWord(ref byte at, int own)
    {
        ulong difference = Unsafe.ReadUnaligned<ulong>(ref at) ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.Subtract(ref at, sizeof(ulong)));
        return difference >> (8 * own) == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsRepeated(ReadOnlySpan<byte> frame, int start, int count, int stride)
    {
        if (count <= sizeof(ulong) && start + sizeof(ulong) <= frame.Length)
        {
            ref byte at = ref Unsafe.Add(ref MemoryMarshal.GetReference(frame), start);
            ulong difference = Unsafe.ReadUnaligned<ulong>(ref at) ^ Unsafe.ReadUnaligned<ulong>(ref Unsafe.Subtract(ref at, stride));
            return difference << (64 - (8 * count)) == 0;
        }

        return frame.Slice(start, count).SequenceEqual(frame.Slice(start - stride, count));
    }

    /// <summary>Finds copies of the lower bytes of values of eight, four at least.</summary>
    internal static void FindLowBytes(ReadOnlySpan<byte> frame, int from, int first, int to, Span<int> table, BlockParts parts)
    {
        var found = new Found(frame, from, parts);
        ref byte start = ref MemoryMarshal.GetReference(frame);
        ref int entries = ref MemoryMarshal.GetReference(table[..(1 << TableLog)]);
        for (int value = first; value + sizeof(ulong) <= to; value += sizeof(ulong))
        {
            ulong bits = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, value));
            ref int entry = ref Unsafe.Add(ref entries, Hash(bits << 24));
            int candidate = entry;
            entry = value;
            ulong difference = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, candidate)) ^ bits;
            if ((uint)difference == 0 && candidate < value)
            {
                found.Add(value, difference == 0 ? sizeof(ulong) : BitOperations.TrailingZeroCount(difference) >> 3, value - candidate);
            }
        }

        found.Finish(to);
    }

    private static int Hash(ulong key) => (int)((key * 0x9E3779B97F4A7C15) >> (64 - TableLog));

    /// <summary>Takes copies in their order.</summary>
    private ref struct Found
    {
        private readonly BlockParts _parts;
        private readonly ref byte _frame;
        private readonly ref byte _literal;
        private readonly ref BlockParts.Sequence _sequence;
        private readonly int _wideEnd;
        private int _count;
        private int _literals;
        private int _last;
        private int _end;

        internal Found(ReadOnlySpan<byte> frame, int from, BlockParts parts)
        {
            _parts = parts;
            _frame = ref MemoryMarshal.GetReference(frame);
            _literal = ref MemoryMarshal.GetArrayDataReference(parts.Literals);
            _sequence = ref MemoryMarshal.GetArrayDataReference(parts.Sequences);
            _wideEnd = frame.Length - BlockParts.Slack;
            _last = parts.LastDistance;
            _end = from;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(int at, int length, int distance)
        {
            int literals = at - _end;
            CopyLiterals(literals);
            Unsafe.Add(ref _sequence, _count++) =
                new BlockParts.Sequence(literals, length, literals > 0 && distance == _last ? 1 : distance + 3);
            _last = distance;
            _end = at + length;
        }

        /// <summary>Adds neighbouring values of eight bytes, of which all but the first <paramref name="own"/> bytes are copies.</summary>
        internal void AddWords(int value, int count, int own)
        {
            Add(value + own, sizeof(ulong) - own, sizeof(ulong));
            ref byte from = ref Unsafe.Add(ref _frame, value);
            ref byte to = ref Unsafe.Add(ref _literal, _literals);
            ref BlockParts.Sequence sequence = ref Unsafe.Add(ref _sequence, _count);
            var same = new BlockParts.Sequence(own, sizeof(ulong) - own, 1);
            for (int i = 1; i < count; i++)
            {
                from = ref Unsafe.Add(ref from, sizeof(ulong));
                Unsafe.WriteUnaligned(ref to, Unsafe.ReadUnaligned<ulong>(ref from)); // < There is room behind literals.
                to = ref Unsafe.Add(ref to, own);
                sequence = same;
                sequence = ref Unsafe.Add(ref sequence, 1);
            }

            _literals += (count - 1) * own;
            _count += count - 1;
            _end = value + (count * sizeof(ulong));
        }

        internal void Finish(int to)
        {
            CopyLiterals(to - _end);
            (_parts.Count, _parts.LiteralCount, _parts.LastDistance) = (_count, _literals, _last);
            Invariant.Holds(
                _count <= BlockParts.SequencesMax && _literals <= BlockParts.BytesMax, "a block has no more parts than there is room for");
        }

        // < Short ones by the width of a register, as there is room behind both.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void CopyLiterals(int count)
        {
            ref byte from = ref Unsafe.Add(ref _frame, _end);
            ref byte to = ref Unsafe.Add(ref _literal, _literals);
            if (count <= BlockParts.Slack && _end <= _wideEnd)
            {
                Vector128.LoadUnsafe(ref from).StoreUnsafe(ref to);
            }
            else
            {
                Unsafe.CopyBlockUnaligned(ref to, ref from, (uint)count);
            }

            _literals += count;
        }
    }

    /// <summary>
    /// Bytes that nearly all neighbouring values share: where in a value, and how many, none when they are fewer than a copy needs; and whether
    /// values <paramref name="Follow"/> each other, as counters do.
    /// </summary>
    internal readonly record struct SharedBytes(int Start, int Length, bool Follow);
}
