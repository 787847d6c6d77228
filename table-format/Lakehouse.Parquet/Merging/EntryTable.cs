using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>
/// Where entries stand in a dictionary of PLAIN bytes, by their bits: open addressing, at most two thirds full. A slot is
/// <c>tag &lt;&lt; 24 | index + 1</c>, 0 when it is free: the table is small, and a tag saves most looks at other entries. Entries are looked up
/// a few at a time, first the slots of all, then the entries there, so that the processor waits for several of them at once. Not thread safe.
/// </summary>
internal sealed class EntryTable : IDisposable
{
    /// <summary>Entries that it holds at most.</summary>
    internal const int EntriesMax = (int)IndexMask - 1;

    private const int AtATime = 32;
    private const uint IndexMask = (1u << 24) - 1;
    private const int LogMin = 10;
    private uint[] _slots = [];
    private int _log;

    // How many entries it holds.
    private int _count;

    /// <summary>Forgets all entries.</summary>
    internal void Clear() => _count = 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<uint>.Shared.Return(_slots);
        (_slots, _log, _count) = ([], 0, 0);
    }

    /// <summary>
    /// The index of each number among <paramref name="count"/> known ones; those that are new are appended, and counted.
    /// </summary>
    internal void FindNumbers<T>(ReadOnlySpan<T> entries, Span<uint> indexes, PooledBuffer plain, ref int count)
        where T : unmanaged, IEquatable<T>
    {
        Invariant.Holds(plain.Length == count * Unsafe.SizeOf<T>(), "numbers stand without gaps");
        int bytes = entries.Length * Unsafe.SizeOf<T>();
        plain.Reserve(bytes);
        plain.Advance(bytes); // < As if all were new; what is left is cut off.
        Span<T> known = MemoryMarshal.Cast<byte, T>(plain.Edit(0, plain.Length));
        if (!Holds(count, entries.Length))
        {
            for (int i = 0; i < count; i++)
            {
                Insert(HashOf(known[i]), i);
            }
        }

        int shift = 64 - _log;
        ref uint slots = ref MemoryMarshal.GetArrayDataReference(_slots);
        ref T first = ref MemoryMarshal.GetReference(known);
        Span<ulong> hashes = stackalloc ulong[AtATime];
        Span<uint> firsts = stackalloc uint[AtATime];
        Span<T> candidates = stackalloc T[AtATime];
        for (int from = 0; from < entries.Length; from += AtATime)
        {
            ReadOnlySpan<T> some = entries[from..Math.Min(entries.Length, from + AtATime)];
            for (int i = 0; i < some.Length; i++)
            {
                hashes[i] = HashOf(some[i]);
                firsts[i] = Unsafe.Add(ref slots, (nint)(hashes[i] >> shift)); // < As many slots as these bits can say.
            }

            for (int i = 0; i < some.Length; i++)
            {
                candidates[i] = Unsafe.Add(ref first, (nint)Math.Max(1, firsts[i] & IndexMask) - 1);
            }

            for (int i = 0; i < some.Length; i++)
            {
                indexes[from + i] = firsts[i] != 0 && candidates[i].Equals(some[i])
                    ? (firsts[i] & IndexMask) - 1
                    : Find(hashes[i], some[i], known, ref count);
            }
        }

        plain.TruncateTo(count * Unsafe.SizeOf<T>());
        _count = count;
    }

    /// <summary>
    /// The same for entries of any length; where each begins stands in <paramref name="starts"/>, with room for all. Throws
    /// <see cref="ParquetFormatException"/> when the bytes end before the entries do.
    /// </summary>
    internal void FindBytes(in LeafType leaf, ReadOnlySpan<byte> entries, Span<uint> indexes, PooledBuffer plain, Span<int> starts, ref int count)
    {
        if (!Holds(count, indexes.Length))
        {
            for (int i = 0, at = 0; i < count; i++)
            {
                starts[i] = at;
                at += PlainEntries.EntryByteCount(leaf, plain.Written, at);
                starts[i + 1] = at;
                Insert(HashOf(plain.Written, starts[i], at), i);
            }
        }

        Span<ulong> hashes = stackalloc ulong[AtATime];
        Span<uint> firsts = stackalloc uint[AtATime];
        Span<int> candidates = stackalloc int[AtATime];
        Span<byte> begins = stackalloc byte[AtATime];
        Span<int> offsets = stackalloc int[AtATime + 1];
        offsets.Clear();
        for (int from = 0; from < indexes.Length; from += AtATime)
        {
            int some = Math.Min(indexes.Length - from, AtATime);
            for (int i = 0; i < some; i++)
            {
                offsets[i + 1] = offsets[i] + PlainEntries.EntryByteCount(leaf, entries, offsets[i]);
                hashes[i] = HashOf(entries, offsets[i], offsets[i + 1]);
                firsts[i] = _slots[SlotOf(hashes[i])];
            }

            for (int i = 0; i < some; i++)
            {
                candidates[i] = firsts[i] == 0 ? plain.Length : starts[(int)(firsts[i] & IndexMask) - 1];
                begins[i] = candidates[i] < plain.Length ? plain.Written[candidates[i]] : (byte)0; // < Asked for here, needed below.
            }

            for (int i = 0; i < some; i++)
            {
                // < What says how long it is stands in front of an entry, or all are of one length: it is no other one that begins like it.
                ReadOnlySpan<byte> entry = entries[offsets[i]..offsets[i + 1]];
                indexes[from + i] = firsts[i] != 0 && entry.StartsWith(begins.Slice(i, 1)) && plain.Written[candidates[i]..].StartsWith(entry)
                    ? (firsts[i] & IndexMask) - 1
                    : Find(hashes[i], entry, plain, starts, ref count);
            }

            offsets[0] = offsets[some];
        }

        _count = count;
    }

    private uint Find<T>(ulong hash, T entry, Span<T> known, ref int count)
        where T : unmanaged, IEquatable<T>
    {
        uint tag = TagOf(hash);
        for (int at = SlotOf(hash); ; at = (at + 1) & ((1 << _log) - 1))
        {
            uint slot = _slots[at];
            if (slot == 0)
            {
                known[count] = entry;
                _slots[at] = tag | (uint)++count;
                return (uint)count - 1;
            }

            if ((slot & ~IndexMask) == tag && known[(int)(slot & IndexMask) - 1].Equals(entry))
            {
                return (slot & IndexMask) - 1;
            }
        }
    }

    private uint Find(ulong hash, ReadOnlySpan<byte> entry, PooledBuffer plain, Span<int> starts, ref int count)
    {
        uint tag = TagOf(hash);
        for (int at = SlotOf(hash); ; at = (at + 1) & ((1 << _log) - 1))
        {
            uint slot = _slots[at];
            if (slot == 0)
            {
                starts[count] = plain.Length;
                plain.Append(entry);
                _slots[at] = tag | (uint)++count;
                starts[count] = plain.Length;
                return (uint)count - 1;
            }

            int index = (int)(slot & IndexMask) - 1;
            if ((slot & ~IndexMask) == tag && plain.Written[starts[index]..starts[index + 1]].SequenceEqual(entry))
            {
                return (uint)index;
            }
        }
    }

    /// <summary>Makes room for more. False when all entries, which were counted before, have to be inserted again.</summary>
    private bool Holds(int count, int more)
    {
        Invariant.Holds(count + (long)more <= EntriesMax, "an entry's index fits its slot");
        int log = Math.Max(LogMin, BitOperations.Log2((uint)(count + more + ((count + more) / 2))) + 1);
        if (log > _log)
        {
            ArrayPool<uint>.Shared.Return(_slots);
            _slots = ArrayPool<uint>.Shared.Rent(1 << log);
            (_log, _count) = (log, 0);
        }

        if (count == _count && count > 0)
        {
            return true;
        }

        Array.Clear(_slots, 0, 1 << _log);
        return false;
    }

    private void Insert(ulong hash, int index)
    {
        int at = SlotOf(hash);
        while (_slots[at] != 0)
        {
            at = (at + 1) & ((1 << _log) - 1);
        }

        _slots[at] = TagOf(hash) | (uint)(index + 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int SlotOf(ulong hash) => (int)(hash >> (64 - _log));

    private static uint TagOf(ulong hash) => (uint)hash & ~IndexMask;

    // < Multiplication spreads into the high bits. Doubles of few digits differ in high bits only: without the fold those would be lost.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong HashOf<T>(T value)
        where T : unmanaged
    {
        ulong bits = Unsafe.SizeOf<T>() == sizeof(uint) ? Unsafe.BitCast<T, uint>(value) : Unsafe.BitCast<T, ulong>(value);
        return (bits ^ (bits >> 32)) * 0x9E3779B97F4A7C15UL;
    }

    private static ulong HashOf(ReadOnlySpan<byte> bytes, int from, int to) =>
        ByteArrayDictionary.Hash(bytes[from..to], ByteArrayDictionary.LoadPrefix(bytes, from, to - from));
}
