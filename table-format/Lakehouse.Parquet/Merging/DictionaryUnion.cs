using System.Buffers;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>
/// The one dictionary of a merged chunk, as PLAIN bytes. A dictionary that is the beginning of it, or that it is the beginning of, keeps its
/// indexes (the prefix rule: <c>memcmp</c>, no trust in metadata); of any other one each distinct value is looked up once. Not thread safe.
/// </summary>
internal sealed class DictionaryUnion(LeafType leaf, int bytesMax) : IDisposable
{
    private readonly PooledBuffer _plain = new(64 << 10);
    private readonly PooledBuffer _scratch = new(64 << 10);
    private int[] _starts = [];
    private int[] _slots = [];
    private int _mask;

    // How many entries have been looked up; 0 as long as every dictionary has continued the others.
    private int _indexed;
    private FixedDictionary<int>? _ints;
    private FixedDictionary<long>? _longs;
    private uint[] _maps = [];
    private int _mapped;
    private int _lastAdded;
    private int _addedBefore;
    private ReadOnlyMemory<byte> _lastPage;
    private Range _lastMap;

    /// <summary>Entries.</summary>
    internal int Count { get; private set; }

    /// <summary>The piece whose dictionary is the whole union; null when none's is.</summary>
    internal ChunkPiece? Whole { get; private set; }

    /// <summary>The entries, PLAIN.</summary>
    internal ReadOnlySpan<byte> Plain => _plain.Written;

    /// <summary>The new index of each entry of a dictionary; empty when they keep theirs.</summary>
    internal ReadOnlySpan<uint> this[Range map] => _maps.AsSpan(map);

    /// <summary>
    /// Whether one dictionary is worth it for so many values of all inputs, of which so many are still to be taken in: the dictionary and the
    /// indexes together have to take less than the values do. What is to come is guessed from the entries that the last two brought.
    /// </summary>
    internal bool Pays(long valueCount, int left)
    {
        if (_mapped == 0 || Count == 0)
        {
            return true;
        }

        double shrinks = (double)_lastAdded / Math.Max(1, _addedBefore);
        double toCome = shrinks >= 1 ? (double)_lastAdded * left : Math.Min((double)_lastAdded * left, _lastAdded * shrinks / (1 - shrinks));
        double entryBytes = (double)_plain.Length / Count;
        double entries = Count + toCome;
        double indexBytes = valueCount * BitPacking.Width((uint)Math.Min(entries, int.MaxValue)) / 8.0;
        return (entries * entryBytes) + indexBytes < 0.75 * valueCount * entryBytes;
    }

    /// <summary>
    /// Takes in the dictionary of a piece; <paramref name="map"/> leads to the new indexes of its entries. False, with nothing changed, when
    /// the union would become too large.
    /// </summary>
    internal bool TryAdd(ChunkPiece piece, out Range map)
    {
        if (!_lastPage.IsEmpty && _lastPage.Span.SequenceEqual(piece.DictionaryBytes.Span))
        {
            map = _lastMap;
            return true;
        }

        _scratch.Clear();
        piece.UnpackDictionary(_scratch);
        int count = piece.EntryCount;
        ReadOnlySpan<byte> plain = _scratch.Written[..PlainEntries.ByteCount(leaf, _scratch.Written, count)];
        int shared = Math.Min(plain.Length, _plain.Length);
        map = default;
        int countBefore = Count;
        if (plain[..shared].SequenceEqual(_plain.Written[..shared]) && (plain.Length <= shared || _indexed == 0))
        {
            if (plain.Length > bytesMax)
            {
                return false;
            }

            _plain.Append(plain[shared..]);
            Count = Math.Max(Count, count);
            Whole = _plain.Length == plain.Length && count == Count ? piece : Whole;
        }
        else if (!TryMap(plain, count, out map))
        {
            return false;
        }

        (_addedBefore, _lastAdded) = (_lastAdded, Count - countBefore);
        Whole = map.Equals(default) ? Whole : null;
        (_lastPage, _lastMap) = (piece.DictionaryBytes, map);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plain.Dispose();
        _scratch.Dispose();
        ArrayPool<int>.Shared.Return(_starts);
        ArrayPool<int>.Shared.Return(_slots);
        ArrayPool<uint>.Shared.Return(_maps);
        ForgetNumbers();
        (_starts, _slots, _maps) = ([], [], []);
    }

    private bool TryMap(ReadOnlySpan<byte> plain, int count, out Range map)
    {
        int countBefore = Count;
        int lengthBefore = _plain.Length;
        PooledArrays.Grow(ref _maps, _mapped, _mapped + count);
        Span<uint> indexes = _maps.AsSpan(_mapped, count);
        map = default;
        bool isLookedUp = leaf.StoredWidth switch
        {
            4 => LookUp(ref _ints, MemoryMarshal.Cast<byte, int>(plain), indexes),
            8 => LookUp(ref _longs, MemoryMarshal.Cast<byte, long>(plain), indexes),
            _ => false,
        };
        if (!isLookedUp)
        {
            IndexAll(Count + count + 8);
            for (int i = 0, at = 0; i < count; i++)
            {
                int next = at + PlainEntries.EntryByteCount(leaf, plain, at);
                indexes[i] = (uint)Find(plain[at..next]);
                at = next;
            }
        }

        if (_plain.Length > bytesMax && Count > countBefore)
        {
            _plain.TruncateTo(lengthBefore);
            (Count, _indexed) = (countBefore, 0);
            ForgetNumbers();
            return false;
        }

        if (!IsIdentity(indexes))
        {
            map = _mapped..(_mapped + count);
            _mapped += count;
        }

        return true;
    }

    /// <summary>Numbers have a table that holds them itself. False when entries occur twice, as in some files, so that indexes differ.</summary>
    private bool LookUp<T>(ref FixedDictionary<T>? known, ReadOnlySpan<T> entries, Span<uint> indexes)
        where T : unmanaged, IEquatable<T>
    {
        if (known is null)
        {
            known = new FixedDictionary<T>();
            uint[] scratch = ArrayPool<uint>.Shared.Rent(Count);
            known.Encode(MemoryMarshal.Cast<byte, T>(_plain.Written), scratch);
            ArrayPool<uint>.Shared.Return(scratch);
        }

        if (known.Count != Count)
        {
            return false;
        }

        known.Encode(entries, indexes);
        _plain.Append(MemoryMarshal.AsBytes(known.Values[Count..]));
        Count = known.Count;
        _indexed = Count;
        return true;
    }

    private static bool IsIdentity(ReadOnlySpan<uint> indexes)
    {
        for (int i = 0; i < indexes.Length; i++)
        {
            if (indexes[i] != i)
            {
                return false;
            }
        }

        return true;
    }

    private void ForgetNumbers()
    {
        _ints?.Dispose();
        _longs?.Dispose();
        (_ints, _longs) = (null, null);
    }

    private int Find(ReadOnlySpan<byte> entry)
    {
        for (int at = (int)XxHash64.Of(entry) & _mask; ; at = (at + 1) & _mask)
        {
            int index = _slots[at] - 1;
            if (index < 0)
            {
                _starts[Count] = _plain.Length;
                _plain.Append(entry);
                _slots[at] = ++Count;
                _starts[Count] = _plain.Length;
                _indexed = Count;
                return Count - 1;
            }

            if (_plain.Written[_starts[index].._starts[index + 1]].SequenceEqual(entry))
            {
                return index;
            }
        }
    }

    /// <summary>Makes the table hold every entry, with room for more up to a number.</summary>
    private void IndexAll(int capacity)
    {
        if (_indexed == Count && Count > 0 && _mask >= 2 * capacity && _starts.Length > capacity)
        {
            return;
        }

        ArrayPool<int>.Shared.Return(_starts);
        ArrayPool<int>.Shared.Return(_slots);
        _starts = ArrayPool<int>.Shared.Rent(2 * capacity);
        _mask = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(4 * capacity)) - 1;
        _slots = ArrayPool<int>.Shared.Rent(_mask + 1);
        Array.Clear(_slots, 0, _mask + 1);
        for (int i = 0, at = 0; i < Count; i++)
        {
            int next = at + PlainEntries.EntryByteCount(leaf, _plain.Written, at);
            _starts[i] = at;
            _starts[i + 1] = next;
            int slot = (int)XxHash64.Of(_plain.Written[at..next]) & _mask;
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & _mask;
            }

            _slots[slot] = i + 1;
            at = next;
        }

        _indexed = Count;
    }
}
