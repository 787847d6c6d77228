using System.Buffers;

namespace Lakehouse.Parquet;

/// <summary>Which of the values that earlier chunks left in a dictionary a chunk has. Pooled; not thread safe.</summary>
internal struct UsedEntries()
{
    private byte[] _used = [];
    private int _count;

    /// <summary>How many a chunk has that began with so many and ends with a dictionary of <paramref name="entryCount"/>.</summary>
    internal readonly int CountOf(int entryCount) => entryCount - _count + _used.AsSpan(0, _count).Count((byte)1);

    /// <summary>A chunk begins, with a dictionary that has so many entries already.</summary>
    internal void Begin(int entryCount)
    {
        PooledArrays.Grow(ref _used, 0, entryCount);
        _used.AsSpan(0, entryCount).Clear();
        _count = entryCount;
    }

    /// <summary>Some values of the chunk, by their indexes.</summary>
    internal readonly void Mark(ReadOnlySpan<uint> indexes)
    {
        Span<byte> used = _used.AsSpan(0, _count);
        foreach (uint index in indexes)
        {
            if (index < (uint)used.Length)
            {
                used[(int)index] = 1;
            }
        }
    }

    /// <summary>Gives the memory back.</summary>
    internal void Release()
    {
        ArrayPool<byte>.Shared.Return(_used);
        (_used, _count) = ([], 0);
    }
}
