using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>
/// The dictionary of a piece with its entries, for pages whose values have to stand for themselves. Unpacked when the entries are needed. Not
/// thread safe.
/// </summary>
internal sealed class PlainDictionary(ChunkPiece piece, LeafType leaf) : IDisposable
{
    private readonly PooledBuffer _plain = new();
    private readonly int _width = leaf.StoredWidth;
    private int[] _starts = [];
    private bool _isOpen;
    private bool _isExact;

    /// <summary>
    /// Whether nothing stands behind the entries, and they are as they were written. Told by sizes where those are known and there are
    /// <paramref name="variableByteCount"/> bytes in the values of entries that say how long they are; -1 for unknown ones.
    /// </summary>
    internal bool IsExact(long variableByteCount)
    {
        PageHeader header = piece.Dictionary!.Value.Header; // < Not null: a dictionary is made of it.
        long bytes = _width > 0 ? (long)_width * header.NumValues
            : variableByteCount < 0 ? -1
            : variableByteCount + (sizeof(uint) * (long)header.NumValues);
        if (!_isOpen && bytes == header.UncompressedPageSize)
        {
            PageAssembly.CheckSum(header, piece.PackedDictionary.Span);
            return true;
        }

        Open();
        return _isExact;
    }

    /// <summary>Appends the PLAIN values that indexes stand for; they are below the number of entries.</summary>
    internal void Append(ReadOnlySpan<uint> indexes, PooledBuffer target)
    {
        Open();
        ReadOnlySpan<byte> plain = _plain.Written;
        if (_width == 8)
        {
            Gather(MemoryMarshal.Cast<byte, long>(plain), indexes, target);
            return;
        }

        if (_width > 0)
        {
            foreach (uint index in indexes)
            {
                target.Append(plain.Slice((int)index * _width, _width));
            }

            return;
        }

        foreach (uint index in indexes)
        {
            target.Append(plain[_starts[index].._starts[index + 1]]);
        }
    }

    private void Open()
    {
        if (_isOpen)
        {
            return;
        }

        _isOpen = true;
        piece.UnpackDictionary(_plain);
        int end = PlainEntries.ByteCount(leaf, _plain.Written, piece.EntryCount);
        _isExact = end == _plain.Length;
        if (_width == 0)
        {
            _starts = new int[piece.EntryCount + 1];
            for (int i = 0; i < piece.EntryCount; i++)
            {
                _starts[i + 1] = _starts[i] + PlainEntries.EntryByteCount(leaf, _plain.Written, _starts[i]);
            }

            Invariant.Holds(_starts[^1] == end, "entries follow each other without gaps");
        }
    }

    private static void Gather(ReadOnlySpan<long> entries, ReadOnlySpan<uint> indexes, PooledBuffer target)
    {
        Span<long> room = MemoryMarshal.Cast<byte, long>(target.Reserve(indexes.Length * sizeof(long)))[..indexes.Length];
        for (int i = 0; i < room.Length; i++)
        {
            room[i] = entries[(int)indexes[i]];
        }

        target.Advance(indexes.Length * sizeof(long));
    }

    /// <inheritdoc/>
    public void Dispose() => _plain.Dispose();
}
