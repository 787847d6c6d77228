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
    private readonly EntryTable _table = new();
    private readonly NumberPlaces _places = new();
    private int[] _starts = [];

    // Whether entries have been looked up; not as long as every dictionary has continued the others.
    private bool _isIndexed;
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
        if (plain[..shared].SequenceEqual(_plain.Written[..shared]) && (plain.Length <= shared || !_isIndexed))
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
        _table.Dispose();
        _places.Dispose();
        ArrayPool<int>.Shared.Return(_starts);
        ArrayPool<uint>.Shared.Return(_maps);
        (_starts, _maps) = ([], []);
    }

    private bool TryMap(ReadOnlySpan<byte> plain, int count, out Range map)
    {
        map = default;
        if (Count + (long)count > EntryTable.EntriesMax)
        {
            return false;
        }

        int countBefore = Count;
        int lengthBefore = _plain.Length;
        PooledArrays.Grow(ref _maps, _mapped, _mapped + count);
        Span<uint> indexes = _maps.AsSpan(_mapped, count);
        Count = LookUp(plain, indexes);
        if (_plain.Length > bytesMax && Count > countBefore)
        {
            _plain.TruncateTo(lengthBefore);
            Count = countBefore;
            _table.Clear();
            _places.Clear();
            return false;
        }

        _isIndexed = true;
        if (!IsIdentity(indexes))
        {
            map = _mapped..(_mapped + count);
            _mapped += count;
        }

        return true;
    }

    /// <summary>Fills in the index of each entry, new ones appended; gives the number of all.</summary>
    private int LookUp(ReadOnlySpan<byte> plain, Span<uint> indexes)
    {
        int all = Count;
        if (_places.TryFind(leaf, plain, indexes, _plain, ref all))
        {
            return all;
        }

        switch (leaf.StoredWidth)
        {
            case sizeof(uint):
                _table.FindNumbers(MemoryMarshal.Cast<byte, uint>(plain), indexes, _plain, ref all);
                break;
            case sizeof(ulong):
                _table.FindNumbers(MemoryMarshal.Cast<byte, ulong>(plain), indexes, _plain, ref all);
                break;
            default:
                PooledArrays.Grow(ref _starts, Math.Min(Count + 1, _starts.Length), Count + indexes.Length + 1);
                _table.FindBytes(leaf, plain, indexes, _plain, _starts, ref all);
                break;
        }

        return all;
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
}
