using System.Buffers;

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

    // How many entries the table knows; 0 as long as every dictionary has continued the others.
    private int _indexed;
    private ReadOnlyMemory<byte> _lastPage;
    private uint[]? _lastMap;

    /// <summary>Entries.</summary>
    internal int Count { get; private set; }

    /// <summary>The piece whose dictionary is the whole union; null when none's is.</summary>
    internal ChunkPiece? Whole { get; private set; }

    /// <summary>The entries, PLAIN.</summary>
    internal ReadOnlySpan<byte> Plain => _plain.Written;

    /// <summary>
    /// Takes in the dictionary of a piece. <paramref name="map"/> gives the new index of each entry; null: they keep theirs. False, with
    /// nothing changed, when the union would become too large.
    /// </summary>
    internal bool TryAdd(ChunkPiece piece, out uint[]? map)
    {
        PiecePage page = piece.Dictionary ?? throw new InvariantViolatedException("a dictionary is taken from a piece that has one");
        if (!_lastPage.IsEmpty && _lastPage.Span.SequenceEqual(piece.DictionaryBytes.Span))
        {
            map = _lastMap;
            return true;
        }

        _scratch.Clear();
        PageAssembly.Unpack(piece.Codec, page.Header, piece.DictionaryBytes.Span[page.HeaderByteCount..], _scratch);
        int count = page.Header.NumValues;
        ReadOnlySpan<byte> plain = _scratch.Written[..PlainEntries.ByteCount(leaf, _scratch.Written, count)];
        int shared = Math.Min(plain.Length, _plain.Length);
        map = null;
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

        Whole = map is null ? Whole : null;
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
        (_starts, _slots) = ([], []);
    }

    private bool TryMap(ReadOnlySpan<byte> plain, int count, out uint[]? map)
    {
        IndexAll(Count + count + 8);
        int countBefore = Count;
        int lengthBefore = _plain.Length;
        uint[] indexes = new uint[count];
        map = null;
        for (int i = 0, at = 0; i < count; i++)
        {
            int next = at + PlainEntries.EntryByteCount(leaf, plain, at);
            indexes[i] = (uint)Find(plain[at..next]);
            at = next;
        }

        if (_plain.Length > bytesMax && Count > countBefore)
        {
            _plain.TruncateTo(lengthBefore);
            (Count, _indexed) = (countBefore, 0);
            return false;
        }

        bool isSame = true;
        for (int i = 0; i < count && isSame; i++)
        {
            isSame = indexes[i] == i;
        }

        map = isSame ? null : indexes;
        return true;
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
