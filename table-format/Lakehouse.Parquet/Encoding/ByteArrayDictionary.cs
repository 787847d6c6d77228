using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>
/// Distinct strings or binary values in order of appearance. Their bytes lie in a slab that already is the PLAIN dictionary page
/// (<c>u32 length | bytes</c> each). The table holds <c>index + 1</c> and is at most half full; an entry keeps the first eight bytes, which
/// decide most comparisons. Both are as small as can be, because a file has many columns and their tables push each other out of the
/// processor's caches.
/// </summary>
internal sealed class ByteArrayDictionary : EpochDictionary
{
    private const int SlotsMin = 1024;
    private uint[] _slots = ArrayPool<uint>.Shared.Rent(SlotsMin);
    private Entry[] _entries = ArrayPool<Entry>.Shared.Rent(SlotsMin / 2);
    private int _slotCount = SlotsMin;
    private int _count;

    public ByteArrayDictionary() => _slots.AsSpan(0, SlotsMin).Clear();

    internal PooledBuffer Slab { get; } = new(4096);

    internal override int Count => _count;

    internal override long ByteCount => Slab.Length;

    internal int LongestEntry { get; private set; }

    internal ReadOnlySpan<byte> this[int index] => Slab.Written.Slice(_entries[index].Offset, _entries[index].Length);

    /// <summary>
    /// Writes the index of each value, which lie from offset i to offset i + 1 of the bytes; new ones are appended. Widens the page's bounds.
    /// </summary>
    internal void Encode(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, Span<uint> indexes, EntryBounds bounds)
    {
        int count = offsets.Length - 1;
        Invariant.Holds(indexes.Length >= count, "there is room for every index");
        Reserve(count);
        bounds.Reserve(Count + count);
        ref uint slots = ref MemoryMarshal.GetArrayDataReference(_slots);
        ref Entry entries = ref MemoryMarshal.GetArrayDataReference(_entries);
        ref ulong compared = ref bounds.Compared;
        ulong mask = (ulong)_slotCount - 1;
        (ulong minimumKey, ulong maximumKey) = (bounds.MinimumKey, bounds.MaximumKey);
        for (int i = 0; i < count; i++)
        {
            int offset = offsets[i];
            int length = offsets[i + 1] - offset;
            ReadOnlySpan<byte> value = bytes.Slice(offset, length);
            ulong prefix = LoadPrefix(bytes, offset, length);
            ulong hash = Hash(value, prefix);
            ulong at = hash & mask;
            uint index;
            while (true)
            {
                index = Unsafe.Add(ref slots, (nint)at) - 1;
                if (index == uint.MaxValue)
                {
                    index = (uint)Add(value, prefix);
                    Unsafe.Add(ref slots, (nint)at) = index + 1;
                    break;
                }

                ref Entry entry = ref Unsafe.Add(ref entries, (nint)index);
                if (entry.Prefix == prefix && entry.Length == length && (length <= 8 || RestEquals(entry, value)))
                {
                    break;
                }

                at = (at + 1) & mask;
            }

            indexes[i] = index;
            ulong key = BinaryPrimitives.ReverseEndianness(prefix);
            bool isNew = (Unsafe.Add(ref compared, (nint)(index >> 6)) & (1UL << (int)index)) == 0;

            // < One branch that is hardly ever taken, where two would often be guessed wrong.
            if (((key <= minimumKey) | (key >= maximumKey)) & isNew)
            {
                bounds.Widen(this, (int)index, key);
                (minimumKey, maximumKey) = (bounds.MinimumKey, bounds.MaximumKey);
            }
        }
    }

    private protected override void GiveBack()
    {
        ArrayPool<uint>.Shared.Return(_slots);
        ArrayPool<Entry>.Shared.Return(_entries);
        (_slots, _entries, _slotCount, _count) = ([], [], 0, 0);
        Slab.Dispose();
    }

    private bool RestEquals(in Entry entry, ReadOnlySpan<byte> value) =>
        Slab.Written.Slice(entry.Offset + 8, entry.Length - 8).SequenceEqual(value[8..]);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int Add(ReadOnlySpan<byte> value, ulong prefix)
    {
        Span<byte> room = Slab.Reserve(4 + value.Length);
        BinaryPrimitives.WriteInt32LittleEndian(room, value.Length);
        value.CopyTo(room[4..]);
        _entries[Count] = new Entry { Prefix = prefix, Offset = Slab.Length + 4, Length = value.Length };
        Slab.Advance(4 + value.Length);
        LongestEntry = Math.Max(LongestEntry, value.Length);
        return _count++;
    }

    // < Before a run of values, room for all of them being new, so that the loop never grows.
    private void Reserve(int more)
    {
        int needed = Count + more;
        if (needed > _entries.Length)
        {
            Entry[] larger = ArrayPool<Entry>.Shared.Rent(Math.Max(needed, 2 * _entries.Length));
            _entries.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<Entry>.Shared.Return(_entries);
            _entries = larger;
        }

        if (2 * needed <= _slotCount)
        {
            return;
        }

        int slotCount = _slotCount;
        while (slotCount < 2 * needed)
        {
            slotCount *= 2;
        }

        ArrayPool<uint>.Shared.Return(_slots);
        _slots = ArrayPool<uint>.Shared.Rent(slotCount);
        _slotCount = slotCount;
        _slots.AsSpan(0, slotCount).Clear();
        ulong mask = (ulong)slotCount - 1;
        for (int i = 0; i < Count; i++)
        {
            ulong hash = Hash(this[i], _entries[i].Prefix);
            ulong at = hash & mask;
            while (_slots[at] != 0)
            {
                at = (at + 1) & mask;
            }

            _slots[at] = (uint)i + 1;
        }
    }

    /// <summary>The first eight bytes of a value as a little-endian word, zeros behind shorter ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong LoadPrefix(ReadOnlySpan<byte> bytes, int offset, int length)
    {
        if (offset + 8 <= bytes.Length)
        {
            ulong word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), offset));
            return length >= 8 ? word : word & ((1UL << (8 * length)) - 1);
        }

        return LoadTail(bytes.Slice(offset, Math.Min(length, 8)));
    }

    private static ulong LoadTail(ReadOnlySpan<byte> value)
    {
        ulong word = 0;
        for (int i = value.Length - 1; i >= 0; i--)
        {
            word = (word << 8) | value[i];
        }

        return word;
    }

    /// <summary>A hash of a value that begins with these bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Hash(ReadOnlySpan<byte> value, ulong prefix)
    {
        ulong hash = Mix(prefix ^ 0x9E3779B97F4A7C15UL, (ulong)value.Length ^ 0xD6E8FEB86659FD93UL);
        return value.Length <= 8 ? hash : HashRest(hash, value);
    }

    private static ulong HashRest(ulong hash, ReadOnlySpan<byte> value)
    {
        for (int i = 8; i + 8 < value.Length; i += 8)
        {
            hash = Mix(hash ^ MemoryMarshal.Read<ulong>(value[i..]), 0xA0761D6478BD642FUL);
        }

        return Mix(hash ^ MemoryMarshal.Read<ulong>(value[^8..]), 0xE7037ED1A0B428DBUL);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }

    private struct Entry
    {
        internal ulong Prefix;
        internal int Offset;
        internal int Length;
    }
}
