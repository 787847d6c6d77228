using System.Buffers;
using System.Collections.Immutable;
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
        Children = [];
    }

    private ColumnVector(ColumnType type, int length, int nullCount, byte[]? validity, byte[]? offsets, ImmutableArray<ColumnVector> children)
        : this(type, length, nullCount, validity, [], 0, offsets) => Children = children;

    /// <summary>
    /// A struct, list or map over its child columns, which it owns from then on.
    /// </summary>
    /// <param name="type">A nested type; the children are of the types that it names.</param>
    /// <param name="length">Number of values.</param>
    /// <param name="validity">One bit per value, set where it is not null; null when none is.</param>
    /// <param name="offsets">Lists and maps only: value i lies in the children from offset i to offset i + 1.</param>
    /// <param name="children">The child columns.</param>
    public static ColumnVector Nested(
        ColumnType type, int length, ReadOnlySpan<byte> validity, ReadOnlySpan<int> offsets, ImmutableArray<ColumnVector> children)
    {
        bool isStruct = type.Kind == TypeKind.Struct;
        int inner = isStruct ? length : offsets[length];
        if (!type.IsNested || !children.Select(static c => c.Type).SequenceEqual(type.Children.Select(static f => f.Type))
            || children.Any(c => c.Length != inner))
        {
            throw new ArgumentException(
                $"Columns of {string.Join(", ", children.Select(static c => $"{c.Length} {c.Type}"))} for {length} {type}.", nameof(children));
        }

        int nullCount = validity.IsEmpty ? 0 : length - Bitmap.CountOnes(validity, length);
        return new ColumnVector(
            type,
            length,
            nullCount,
            nullCount == 0 ? null : Rented(validity[..Bitmap.ByteCount(length)]),
            isStruct ? null : Rented(MemoryMarshal.AsBytes(offsets[..(length + 1)])),
            children);
    }

    /// <summary>The child columns of a nested one, in the order of its type; empty for others. They belong to this column.</summary>
    public ImmutableArray<ColumnVector> Children { get; }

    /// <summary>The type of each value.</summary>
    public ColumnType Type { get; }

    /// <summary>Number of values, nulls included.</summary>
    public int Length { get; }

    /// <summary>Number of nulls.</summary>
    public int NullCount { get; }

    /// <summary>Bytes of values (for strings and binary: of the slab), without offsets and validity.</summary>
    public int ValuesByteCount { get; }

    /// <summary>Bytes that this vector holds, offsets, validity and children included.</summary>
    public long ByteCount =>
        ValuesByteCount + (_offsets is null ? 0 : 4L * (Length + 1)) + Validity.Length + Children.Sum(static c => c.ByteCount);

    /// <summary>One bit per value, set where the value is not null; empty when there are no nulls.</summary>
    public ReadOnlySpan<byte> Validity => NullCount == 0 ? default : _validity.AsSpan(0, Bitmap.ByteCount(Length));

    /// <summary>The raw bytes: fixed-width values, boolean bits, or the slab of strings and binary.</summary>
    public ReadOnlySpan<byte> Bytes => Buffer.AsSpan(0, ValuesByteCount);

    /// <summary>
    /// Strings and binary: value i lies in <see cref="Bytes"/> from offset i to offset i + 1; lists and maps: in <see cref="Children"/>.
    /// </summary>
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
        foreach (ColumnVector child in Children)
        {
            child.Dispose();
        }
    }

    private static byte[] Rented(ReadOnlySpan<byte> bytes)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(Math.Max(1, bytes.Length));
        bytes.CopyTo(rented);
        return rented;
    }

    private static void Return(byte[]? buffer)
    {
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
