using System.Buffers;
using System.Runtime.InteropServices;

namespace Lakehouse.Columns;

/// <summary>
/// One column of a batch in Arrow's memory layout. It owns its buffers, which go back to their pool on Dispose;
/// spans taken from it must not outlive it. Not thread safe; immutable once built.
/// </summary>
public sealed class ColumnVector : IDisposable
{
    private readonly byte[]? _validity;
    private byte[]? _values;
    private readonly byte[]? _offsets;

    internal ColumnVector(ColumnType type, int length, int nullCount, byte[]? validity, byte[] values, int valuesLength, byte[]? offsets)
    {
        Type = type;
        Length = length;
        NullCount = nullCount;
        _validity = validity;
        _values = values;
        ValuesByteCount = valuesLength;
        _offsets = offsets;
    }

    /// <summary>The type of each value.</summary>
    public ColumnType Type { get; }

    /// <summary>Number of values, nulls included.</summary>
    public int Length { get; }

    /// <summary>Number of nulls.</summary>
    public int NullCount { get; }

    /// <summary>Bytes of values (for strings and binary: of the slab), without offsets and validity.</summary>
    public int ValuesByteCount { get; }

    /// <summary>Bytes that this vector holds, offsets and validity included.</summary>
    public long ByteCount => ValuesByteCount + (Type.IsVariableWidth ? 4L * (Length + 1) : 0) + Validity.Length;

    /// <summary>One bit per value, set where the value is not null; empty when there are no nulls.</summary>
    public ReadOnlySpan<byte> Validity => NullCount == 0 ? default : _validity.AsSpan(0, Bitmap.ByteCount(Length));

    /// <summary>The raw bytes: fixed-width values, boolean bits, or the slab of strings and binary.</summary>
    public ReadOnlySpan<byte> Bytes => Buffer.AsSpan(0, ValuesByteCount);

    /// <summary>Strings and binary only: value i lies in <see cref="Bytes"/> from offset i to offset i + 1.</summary>
    public ReadOnlySpan<int> Offsets => MemoryMarshal.Cast<byte, int>(_offsets.AsSpan(0, 4 * (Length + 1)));

    private byte[] Buffer => _values ?? throw new ObjectDisposedException(nameof(ColumnVector));

    /// <summary>Fixed-width values; a null's slot holds zero. The width of T must be the type's.</summary>
    public ReadOnlySpan<T> Values<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes);

    /// <summary>True when the value is not null.</summary>
    public bool IsValid(int index) => NullCount == 0 || Bitmap.Get(_validity, index);

    /// <summary>One string or binary value; empty for a null.</summary>
    public ReadOnlySpan<byte> BytesAt(int index)
    {
        ReadOnlySpan<int> offsets = Offsets;
        return Buffer.AsSpan(offsets[index], offsets[index + 1] - offsets[index]);
    }

    /// <summary>One boolean value; false for a null.</summary>
    public bool BooleanAt(int index) => Bitmap.Get(Bytes, index);

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[]? values = _values;
        if (values is null)
        {
            return;
        }

        _values = null;
        ArrayPool<byte>.Shared.Return(values);
        Return(_validity);
        Return(_offsets);
    }

    private static void Return(byte[]? buffer)
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
