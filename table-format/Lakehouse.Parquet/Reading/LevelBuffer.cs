using System.Buffers;

namespace Lakehouse.Parquet;

/// <summary>The levels of the entries that one read of a nested leaf took; what lists and structs are built from. Pooled.</summary>
internal sealed class LevelBuffer : IDisposable
{
    private byte[] _definitions = ArrayPool<byte>.Shared.Rent(1024);
    private byte[] _repetitions = ArrayPool<byte>.Shared.Rent(1024);

    internal int Count { get; private set; }

    internal ReadOnlySpan<byte> Definitions => _definitions.AsSpan(0, Count);

    internal ReadOnlySpan<byte> Repetitions => _repetitions.AsSpan(0, Count);

    internal void Clear() => Count = 0;

    internal void Append(ReadOnlySpan<uint> definitions, ReadOnlySpan<uint> repetitions)
    {
        int end = checked(Count + definitions.Length);
        PooledArrays.Grow(ref _definitions, Count, end);
        PooledArrays.Grow(ref _repetitions, Count, end);
        for (int i = 0; i < definitions.Length; i++)
        {
            _definitions[Count + i] = (byte)definitions[i];
            _repetitions[Count + i] = (byte)repetitions[i];
        }

        Count = end;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_definitions);
        ArrayPool<byte>.Shared.Return(_repetitions);
        (_definitions, _repetitions, Count) = ([], [], 0);
    }
}
