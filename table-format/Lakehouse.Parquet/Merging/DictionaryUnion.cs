using System.Buffers;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>
/// The one dictionary of a merged chunk, as PLAIN bytes. A dictionary that is the beginning of it, or that it is the beginning of, keeps its
/// indexes (the prefix rule: <c>memcmp</c>, no trust in metadata); of any other one each distinct value is looked up once. Not thread safe.
/// </summary>
internal sealed class DictionaryUnion(LeafType leaf, int bytesMax) : IDisposable
{
    // A dictionary of so many entries is first judged by one in so many of them.
    private const int SampledFrom = 16 << 10;
    private const int SampledEvery = 16;
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

    // Entries that the look at some brought, which those of that dictionary are part of.
    private int _sampled;
    private ChunkPiece? _unpacked;
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

        return Pays(valueCount, left, _lastAdded, _addedBefore);
    }

    /// <summary>
    /// Whether one dictionary may be worth it after all when this one is the second: where hardly an entry of many is known, looking up all of
    /// them would only say so again.
    /// </summary>
    internal bool MayPay(ChunkPiece piece, long valueCount, int left)
    {
        int width = leaf.StoredWidth;
        if (_isIndexed || Count == 0 || width is not (sizeof(uint) or sizeof(ulong)) || piece.EntryCount < SampledFrom || IsLast(piece)
            || Count + (long)piece.EntryCount > EntryTable.EntriesMax)
        {
            return true;
        }

        ReadOnlySpan<byte> plain = Unpack(piece);
        if (Shares(plain) || _plain.Length + (long)plain.Length > bytesMax)
        {
            return true;
        }

        int count = piece.EntryCount / SampledEvery;
        using var sample = new PooledBuffer(count * width);
        for (int i = 0; i < count; i++)
        {
            sample.Append(plain.Slice(i * SampledEvery * width, width));
        }

        uint[] indexes = ArrayPool<uint>.Shared.Rent(count);
        int known = Count;
        Count = LookUp(sample.Written, indexes.AsSpan(0, count)); // < What is new stays, as it is to come anyway.
        ArrayPool<uint>.Shared.Return(indexes);
        _isIndexed = true;
        _sampled = Count - known;
        Whole = _sampled > 0 ? null : Whole;
        return Pays(valueCount, left, _sampled * SampledEvery, known);
    }

    private bool Pays(long valueCount, int left, int lastAdded, int addedBefore)
    {
        double shrinks = (double)lastAdded / Math.Max(1, addedBefore);
        double toCome = shrinks >= 1 ? (double)lastAdded * left : Math.Min((double)lastAdded * left, lastAdded * shrinks / (1 - shrinks));
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
        if (IsLast(piece))
        {
            map = _lastMap;
            return true;
        }

        int count = piece.EntryCount;
        ReadOnlySpan<byte> plain = Unpack(piece);
        map = default;
        int countBefore = Count - _sampled;
        if (Shares(plain) && (plain.Length <= _plain.Length || !_isIndexed))
        {
            if (plain.Length > bytesMax)
            {
                return false;
            }

            _plain.Append(plain[Math.Min(plain.Length, _plain.Length)..]);
            Count = Math.Max(Count, count);
            Whole = _plain.Length == plain.Length && count == Count ? piece : Whole;
        }
        else if (!TryMap(plain, count, out map))
        {
            return false;
        }

        (_addedBefore, _lastAdded, _sampled) = (_lastAdded, Count - countBefore, 0);
        Whole = map.Equals(default) && Whole?.EntryCount == Count ? Whole : null;
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

    /// <summary>Whether a dictionary is the one before, byte by byte.</summary>
    private bool IsLast(ChunkPiece piece) => !_lastPage.IsEmpty && _lastPage.Span.SequenceEqual(piece.DictionaryBytes.Span);

    /// <summary>The entries of a dictionary; they stand until the next one's.</summary>
    private ReadOnlySpan<byte> Unpack(ChunkPiece piece)
    {
        if (!ReferenceEquals(_unpacked, piece))
        {
            _unpacked = null;
            _scratch.Clear();
            piece.UnpackDictionary(_scratch);
            _scratch.TruncateTo(PlainEntries.ByteCount(leaf, _scratch.Written, piece.EntryCount));
            _unpacked = piece;
        }

        return _scratch.Written;
    }

    /// <summary>Whether a dictionary is the beginning of this one, or this one of it.</summary>
    private bool Shares(ReadOnlySpan<byte> plain)
    {
        int shared = Math.Min(plain.Length, _plain.Length);
        return plain[..shared].SequenceEqual(_plain.Written[..shared]);
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
