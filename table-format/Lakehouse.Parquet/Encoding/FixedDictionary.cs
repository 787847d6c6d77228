using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>
/// Distinct values of a fixed-width column by their bits, in order of appearance. Open addressing with linear probing, at most half
/// full; key and index share a slot, so that a hit costs one cache line.
/// </summary>
internal sealed class FixedDictionary<T> : EpochDictionary
    where T : unmanaged, IEquatable<T>
{
    private const int SlotsMin = 1024;
    private Slot[] _slots = ArrayPool<Slot>.Shared.Rent(SlotsMin);
    private T[] _values = ArrayPool<T>.Shared.Rent(SlotsMin / 2);
    private int _slotCount = SlotsMin;

    public FixedDictionary() => _slots.AsSpan(0, SlotsMin).Clear();

    private int _count;

    internal override int Count => _count;

    internal ReadOnlySpan<T> Values => _values.AsSpan(0, Count);

    internal override long ByteCount => (long)Count * Unsafe.SizeOf<T>();

    /// <summary>Writes the index of each value, new ones appended to the dictionary.</summary>
    internal void Encode(ReadOnlySpan<T> values, Span<uint> indexes)
    {
        Invariant.Holds(indexes.Length >= values.Length, "there is room for every index");
        Reserve(values.Length);
        ref Slot slots = ref MemoryMarshal.GetArrayDataReference(_slots);
        uint mask = (uint)_slotCount - 1;
        for (int i = 0; i < values.Length; i++)
        {
            T value = values[i];
            uint at = Hash(value) & mask;
            while (true)
            {
                ref Slot slot = ref Unsafe.Add(ref slots, at);
                if (slot.Index == 0)
                {
                    slot.Key = value;
                    _values[_count] = value;
                    slot.Index = ++_count;
                }

                if (slot.Key.Equals(value))
                {
                    indexes[i] = (uint)slot.Index - 1;
                    break;
                }

                at = (at + 1) & mask;
            }
        }
    }

    private protected override void GiveBack()
    {
        ArrayPool<Slot>.Shared.Return(_slots);
        ArrayPool<T>.Shared.Return(_values);
        (_slots, _values, _slotCount, _count) = ([], [], 0, 0);
    }

    // < Before a run of values, room for all of them being new, so that the loop never grows. Runs are short (a page at most).
    private void Reserve(int more)
    {
        int needed = Count + more;
        if (needed > _values.Length)
        {
            T[] larger = ArrayPool<T>.Shared.Rent(Math.Max(needed, 2 * _values.Length));
            Values.CopyTo(larger);
            ArrayPool<T>.Shared.Return(_values);
            _values = larger;
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

        ArrayPool<Slot>.Shared.Return(_slots);
        _slots = ArrayPool<Slot>.Shared.Rent(slotCount);
        _slotCount = slotCount;
        _slots.AsSpan(0, slotCount).Clear();
        uint mask = (uint)slotCount - 1;
        for (int i = 0; i < Count; i++)
        {
            uint at = Hash(_values[i]) & mask;
            while (_slots[at].Index != 0)
            {
                at = (at + 1) & mask;
            }

            _slots[at] = new Slot { Key = _values[i], Index = i + 1 };
        }
    }

    // < Multiplication spreads into the high bits, which the shift brings down.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Hash(T value)
    {
        if (typeof(T) == typeof(Int128))
        {
            Int128 wide = Unsafe.BitCast<T, Int128>(value);
            ulong folded = (ulong)wide ^ System.Numerics.BitOperations.RotateLeft((ulong)(wide >> 64), 31);
            return (uint)((folded * 0x9E3779B97F4A7C15UL) >> 32);
        }

        ulong bits = Unsafe.SizeOf<T>() == 4 ? Unsafe.BitCast<T, uint>(value) : Unsafe.BitCast<T, ulong>(value);
        // < Doubles of few digits differ in high bits only: without the fold the product would keep them out of the index.
        return (uint)(((bits ^ (bits >> 32)) * 0x9E3779B97F4A7C15UL) >> 32);
    }

    private struct Slot
    {
        internal T Key;
        internal int Index;
    }
}
