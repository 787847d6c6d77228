using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>The dictionary of a piece with its entries, for pages whose values have to stand for themselves. Not thread safe.</summary>
internal sealed class PlainDictionary : IDisposable
{
    private readonly PooledBuffer _plain = new(64 << 10);
    private readonly int[] _starts;
    private readonly int _width;

    internal PlainDictionary(ChunkPiece piece, LeafType leaf)
    {
        piece.UnpackDictionary(_plain);
        int end = PlainEntries.ByteCount(leaf, _plain.Written, piece.EntryCount);
        IsExact = end == _plain.Length;
        _width = leaf.StoredWidth;
        if (_width > 0)
        {
            _starts = [];
            return;
        }

        _starts = new int[piece.EntryCount + 1];
        for (int i = 0; i < piece.EntryCount; i++)
        {
            _starts[i + 1] = _starts[i] + PlainEntries.EntryByteCount(leaf, _plain.Written, _starts[i]);
        }

        Invariant.Holds(_starts[^1] == end, "entries follow each other without gaps");
    }

    /// <summary>Whether nothing stands behind the entries.</summary>
    internal bool IsExact { get; }

    /// <summary>Appends the PLAIN values that indexes stand for; they are below the number of entries.</summary>
    internal void Append(ReadOnlySpan<uint> indexes, PooledBuffer target)
    {
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
