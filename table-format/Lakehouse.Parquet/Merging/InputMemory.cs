using System.Buffers;

namespace Lakehouse.Parquet;

/// <summary>
/// Memory for the bytes of many inputs in few pooled arrays: a pool keeps only so many of a size, and what it does not keep is allocated anew
/// for each row group. Not thread safe.
/// </summary>
internal sealed class InputMemory(long byteCount) : IDisposable
{
    private const int ArrayBytes = 32 << 20;
    private readonly List<byte[]> _arrays = [];
    private long _left = byteCount;
    private int _used;

    /// <summary>So many bytes, which nobody else has; in all no more than were announced.</summary>
    internal Memory<byte> Take(int length)
    {
        if (_arrays.Count == 0 || _arrays[^1].Length - _used < length)
        {
            _arrays.Add(ArrayPool<byte>.Shared.Rent((int)Math.Max(length, Math.Min(_left, ArrayBytes))));
            _used = 0;
        }

        Memory<byte> taken = _arrays[^1].AsMemory(_used, length);
        (_used, _left) = (_used + length, _left - length);
        Invariant.Holds(_left >= 0, "inputs take the bytes that they announced");
        return taken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _arrays.ForEach(static a => ArrayPool<byte>.Shared.Return(a));
        _arrays.Clear();
    }
}
