using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lakehouse.Columns;

/// <summary>
/// Builds one column value by value from primitives and bytes: no strings, no objects per record. A nested column's values are appended to
/// its <see cref="Children"/> first and then closed by <see cref="AppendNested"/>. Buffers are pooled; <see cref="Finish"/> hands them to
/// the vector and the builder starts anew. Not thread safe.
/// </summary>
public sealed partial class ColumnBuilder : IDisposable
{
    private const int InitialBytes = 16 * 1024;
    private readonly int _width;
    private byte[] _values;
    private byte[]? _offsets;
    private byte[]? _validity;
    private int _valuesLength;
    private int _nullCount;

    /// <summary>A builder for columns of a type.</summary>
    public ColumnBuilder(ColumnType type)
    {
        Type = type;
        _width = type.Width;
        _values = [];
        Children = [.. type.Children.Select(static f => new ColumnBuilder(f.Type))];
        Rent();
    }

    /// <summary>The type of the column being built.</summary>
    public ColumnType Type { get; }

    /// <summary>A nested column's builders, in the order of its type; empty for others. They belong to this one.</summary>
    public ImmutableArray<ColumnBuilder> Children { get; }

    /// <summary>Values appended since the last <see cref="Finish"/>, nulls included.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes of values appended so far.</summary>
    public int ValuesByteCount => Type.IsNested ? Children.Sum(static c => c.ValuesByteCount)
        : Type.Kind == TypeKind.Boolean ? Bitmap.ByteCount(Length)
        : _valuesLength;

    /// <summary>Appends a fixed-width value; the width of T must be the type's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append<T>(T value)
        where T : unmanaged
    {
        int end = _valuesLength + Unsafe.SizeOf<T>();
        if (end > _values.Length)
        {
            GrowValues(end);
        }

        Unsafe.WriteUnaligned(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_values), (nint)(uint)_valuesLength), value);
        _valuesLength = end;
        MarkValid();
    }

    /// <summary>Appends a string (UTF-8, not checked here) or a binary value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(ReadOnlySpan<byte> value)
    {
        int end = checked(_valuesLength + value.Length);
        if (end > _values.Length)
        {
            GrowValues(end);
        }

        value.CopyTo(_values.AsSpan(_valuesLength));
        _valuesLength = end;
        AppendOffset(end);
        MarkValid();
    }

    /// <summary>
    /// Room for a string or binary value of at most <paramref name="maxLength"/> bytes, to be filled and then closed with
    /// <see cref="Commit"/>; nothing is appended before that.
    /// </summary>
    public Span<byte> Prepare(int maxLength)
    {
        if (_valuesLength + maxLength > _values.Length)
        {
            GrowValues(_valuesLength + maxLength);
        }

        return _values.AsSpan(_valuesLength, maxLength);
    }

    /// <summary>Appends the first <paramref name="length"/> bytes of what <see cref="Prepare"/> gave.</summary>
    public void Commit(int length)
    {
        _valuesLength += length;
        AppendOffset(_valuesLength);
        MarkValid();
    }

    /// <summary>Appends a boolean.</summary>
    public void Append(bool value)
    {
        int bytes = Bitmap.ByteCount(Length + 1);
        if (bytes > _values.Length)
        {
            GrowValues(bytes);
        }

        if ((Length & 7) == 0)
        {
            _values[Length >> 3] = 0;
        }

        if (value)
        {
            Bitmap.Set(_values, Length);
        }

        MarkValid();
    }

    /// <summary>
    /// Closes a struct whose fields have been appended to <see cref="Children"/>, one each, or a list or map of what has been appended there
    /// since the last one.
    /// </summary>
    public void AppendNested()
    {
        if (_offsets is not null)
        {
            AppendOffset(Children[0].Length);
        }

        MarkValid();
    }

    /// <summary>Appends a null; to the fields of a struct as well.</summary>
    public void AppendNull()
    {
        if (Type.Kind == TypeKind.Struct)
        {
            foreach (ColumnBuilder child in Children)
            {
                child.AppendNull();
            }
        }
        else if (Type.IsNested)
        {
            AppendOffset(Children[0].Length);
        }
        else if (_width > 0)
        {
            int end = _valuesLength + _width;
            if (end > _values.Length)
            {
                GrowValues(end);
            }

            _values.AsSpan(_valuesLength, _width).Clear();
            _valuesLength = end;
        }
        else if (_offsets is not null)
        {
            AppendOffset(_valuesLength);
        }
        else
        {
            Append(false);
            Length--;
        }

        EnsureValidity(Length + 1);
        Bitmap.Clear(_validity, Length);
        _nullCount++;
        Length++;
    }

    /// <summary>Forgets every value from <paramref name="length"/> on: how a record that turns out bad is taken back.</summary>
    public void TruncateTo(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        if (Type.IsNested)
        {
            // Children may hold a part of a value that was never closed.
            int inner = _offsets is null ? length : StartOf(length);
            foreach (ColumnBuilder child in Children)
            {
                child.TruncateTo(inner);
            }
        }

        if (length == Length)
        {
            return;
        }

        if (_nullCount > 0)
        {
            _nullCount = length - Bitmap.CountOnes(_validity, length);
        }

        Length = length;
        if (Type.IsNested)
        {
            return;
        }

        if (_offsets is not null)
        {
            _valuesLength = StartOf(length);
        }
        else if (_width > 0)
        {
            _valuesLength = length * _width;
        }
        else if ((length & 7) != 0)
        {
            _values[length >> 3] &= (byte)((1 << (length & 7)) - 1);
        }
    }

    /// <summary>The column built so far, owned by the caller. The builder is empty afterwards and can go on.</summary>
    public ColumnVector Finish()
    {
        if (Type.IsNested)
        {
            return FinishNested();
        }

        byte[]? validity = _nullCount > 0 ? _validity : null;
        if (validity is null && _validity is not null)
        {
            ArrayPool<byte>.Shared.Return(_validity);
        }

        var vector = new ColumnVector(Type, Length, _nullCount, validity, _values, ValuesByteCount, _offsets);
        int lastBytes = Math.Max(_values.Length, InitialBytes);
        Rent(lastBytes);
        return vector;
    }

    private ColumnVector FinishNested()
    {
        ColumnVector vector = ColumnVector.Nested(
            Type,
            Length,
            _nullCount > 0 ? _validity : default(ReadOnlySpan<byte>),
            _offsets is null ? default : MemoryMarshal.Cast<byte, int>(_offsets),
            [.. Children.Select(static c => c.Finish())]);
        Length = 0;
        _nullCount = 0;
        if (_validity is not null)
        {
            ArrayPool<byte>.Shared.Return(_validity);
            _validity = null;
        }

        return vector;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ColumnBuilder child in Children)
        {
            child.Dispose();
        }

        if (_values.Length > 0)
        {
            if (!Type.IsNested)
            {
                Finish().Dispose();
            }

            ArrayPool<byte>.Shared.Return(_values);
            if (_offsets is not null)
            {
                ArrayPool<byte>.Shared.Return(_offsets);
            }

            _values = [];
            _offsets = null;
        }
    }

    private void Rent(int bytes = InitialBytes)
    {
        _values = ArrayPool<byte>.Shared.Rent(bytes);
        _validity = null;
        _valuesLength = 0;
        _nullCount = 0;
        Length = 0;
        if (Type.IsVariableWidth || Type.Kind is TypeKind.List or TypeKind.Map)
        {
            _offsets = ArrayPool<byte>.Shared.Rent(InitialBytes);
            MemoryMarshal.Write(_offsets, 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AppendOffset(int end)
    {
        int at = 4 * (Length + 1);
        if (at + 4 > _offsets!.Length)
        {
            Grow(ref _offsets, at, at + 4);
        }

        Unsafe.WriteUnaligned(ref _offsets[at], end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MarkValid()
    {
        if (_validity is not null)
        {
            EnsureValidity(Length + 1);
            Bitmap.Set(_validity, Length);
        }

        Length++;
    }

    [MemberNotNull(nameof(_validity))]
    private void EnsureValidity(int bits)
    {
        int bytes = Bitmap.ByteCount(bits);
        if (_validity is null)
        {
            _validity = ArrayPool<byte>.Shared.Rent(Math.Max(InitialBytes / 8, bytes));
            _validity.AsSpan(0, bytes).Fill(0xFF);
        }
        else if (bytes > _validity.Length)
        {
            Grow(ref _validity, _validity.Length, bytes);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GrowValues(int needed) =>
        Grow(ref _values, Type.Kind == TypeKind.Boolean ? Bitmap.ByteCount(Length) : _valuesLength, needed);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Grow(ref byte[] buffer, int used, int needed)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, (int)Math.Min(2L * buffer.Length, Array.MaxLength)));
        buffer.AsSpan(0, used).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
