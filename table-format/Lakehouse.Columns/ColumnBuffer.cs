using System.Buffers;
using System.Runtime.InteropServices;

namespace Lakehouse.Columns;

/// <summary>
/// A fixed-width or boolean column of known length whose values a kernel writes as a span, in any order. <see cref="Finish"/> hands the
/// buffers to a vector; until then they belong to this buffer. Not thread safe.
/// </summary>
public sealed class ColumnBuffer
{
    private readonly int _byteCount;
    private byte[]? _values;
    private byte[]? _validity;

    /// <summary>Room for <paramref name="length"/> values, none null. Boolean bits start as false, other values undefined.</summary>
    public ColumnBuffer(ColumnType type, int length)
    {
        if (type.IsVariableWidth)
        {
            throw new ArgumentException($"A column of {type} has no fixed width.", nameof(type));
        }

        Type = type;
        Length = length;
        _byteCount = type.Kind == TypeKind.Boolean ? Bitmap.ByteCount(length) : checked(length * type.Width);
        _values = ArrayPool<byte>.Shared.Rent(Math.Max(_byteCount, 1));
        if (type.Kind == TypeKind.Boolean)
        {
            Bytes.Clear();
        }
    }

    /// <summary>The type of the column.</summary>
    public ColumnType Type { get; }

    /// <summary>Number of values.</summary>
    public int Length { get; }

    /// <summary>The raw bytes: values, or boolean bits.</summary>
    public Span<byte> Bytes => (_values ?? throw new ObjectDisposedException(nameof(ColumnBuffer))).AsSpan(0, _byteCount);

    /// <summary>The values; the width of T must be the type's.</summary>
    public Span<T> Values<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes);

    /// <summary>The validity bits, all set when first asked for; clear those of nulls.</summary>
    public Span<byte> Validity()
    {
        int bytes = Bitmap.ByteCount(Length);
        if (_validity is null)
        {
            _validity = ArrayPool<byte>.Shared.Rent(Math.Max(bytes, 1));
            _validity.AsSpan(0, bytes).Fill(0xFF);
        }

        return _validity.AsSpan(0, bytes);
    }

    /// <summary>Marks a value as null.</summary>
    public void SetNull(int index) => Bitmap.Clear(Validity(), index);

    /// <summary>The column, owned by the caller; the slots of nulls are zeroed. This buffer is spent.</summary>
    public ColumnVector Finish()
    {
        int nullCount = _validity is null ? 0 : Length - Bitmap.CountOnes(_validity, Length);
        if (nullCount > 0)
        {
            ClearNulls(_validity);
        }
        else if (_validity is not null)
        {
            ArrayPool<byte>.Shared.Return(_validity);
        }

        byte[] values = _values ?? throw new ObjectDisposedException(nameof(ColumnBuffer));
        _values = null;
        return new ColumnVector(Type, Length, nullCount, nullCount > 0 ? _validity : null, values, _byteCount, null);
    }

    private void ClearNulls(ReadOnlySpan<byte> validity)
    {
        Span<byte> bytes = Bytes;
        if (Type.Kind == TypeKind.Boolean)
        {
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] &= validity[i];
            }

            return;
        }

        int width = Type.Width;
        for (int i = 0; i < Length; i++)
        {
            if (!Bitmap.Get(validity, i))
            {
                bytes.Slice(i * width, width).Clear();
            }
        }
    }
}
