using System.Buffers;
using System.Runtime.CompilerServices;

namespace Lakehouse.Parquet;

/// <summary>A growing run of bytes in a pooled array. Not thread safe; Dispose gives the array back.</summary>
internal sealed class PooledBuffer : IDisposable
{
    private byte[] _array;

    internal PooledBuffer(int capacity = 1024) => _array = ArrayPool<byte>.Shared.Rent(capacity);

    internal int Length { get; private set; }

    internal int Capacity => _array.Length;

    internal ReadOnlySpan<byte> Written => _array.AsSpan(0, Length);

    internal ReadOnlyMemory<byte> WrittenMemory => _array.AsMemory(0, Length);

    /// <summary>Room for at least so many bytes behind what is written; nothing is written before <see cref="Advance"/>.</summary>
    internal Span<byte> Reserve(int bytes)
    {
        if (_array.Length - Length < bytes)
        {
            Grow(bytes);
        }

        return _array.AsSpan(Length);
    }

    internal void Advance(int bytes)
    {
        Invariant.Holds(bytes >= 0 && bytes <= _array.Length - Length, "a buffer advances within its room");
        Length += bytes;
    }

    /// <summary>Bytes already written, to be overwritten.</summary>
    internal Span<byte> Edit(int start, int length)
    {
        Invariant.Holds(start + length <= Length, "only written bytes are edited");
        return _array.AsSpan(start, length);
    }

    internal void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        Length += bytes.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void AppendByte(byte value)
    {
        if (_array.Length == Length)
        {
            Grow(1);
        }

        _array[Length++] = value;
    }

    internal void TruncateTo(int length)
    {
        Invariant.Holds(length <= Length, "a buffer is cut within what is written");
        Length = length;
    }

    internal void Clear() => Length = 0;

    /// <summary>Goes on, empty, in another array. Gives the one before, which came from the shared pool, and what is written in it.</summary>
    internal byte[] Replace(int capacity, out int length)
    {
        (byte[] before, length) = (_array, Length);
        (_array, Length) = (ArrayPool<byte>.Shared.Rent(capacity), 0);
        return before;
    }

    /// <summary>Takes what another holds, and gives it what is held here.</summary>
    internal void Exchange(PooledBuffer other)
    {
        (_array, other._array) = (other._array, _array);
        (Length, other.Length) = (other.Length, Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] array = _array;
        _array = [];
        Length = 0;
        if (array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int bytes)
    {
        long needed = (long)Length + bytes;
        if (needed > Array.MaxLength)
        {
            throw new ArgumentException("A column chunk would exceed 2 GiB: lower the row group limits.");
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(needed, Math.Min(2L * _array.Length, Array.MaxLength)));
        Written.CopyTo(larger);
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array);
        }

        _array = larger;
    }
}
