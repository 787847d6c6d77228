using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// PLAIN values by position: those of a data page or the entries of a dictionary. Fixed-width values stand as in memory (decimals widened
/// to 16 bytes), booleans one byte each, strings and binary behind offsets. Everything is held against the bytes that are there.
/// </summary>
internal sealed class ValueTable : IDisposable
{
    private byte[] _bytes = [];
    private int[] _offsets = [];

    internal int Count { get; private set; }

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Start and end of value i stand at 2i and 2i + 1.</summary>
    internal ReadOnlySpan<int> Offsets => _offsets.AsSpan(0, 2 * Count);

    internal ReadOnlySpan<T> Values<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_bytes)[..Count];

    /// <summary>Takes over values of a column, which must be there in full.</summary>
    internal void Load(ColumnType type, int storedBytes, ReadOnlySpan<byte> plain, int count)
    {
        Count = count;
        switch (type.Kind)
        {
            case TypeKind.Boolean:
                Require((count + 7L) / 8 <= plain.Length);
                Resize(count);
                for (int i = 0; i < count; i++)
                {
                    _bytes[i] = Bitmap.Get(plain, i) ? (byte)1 : (byte)0;
                }

                break;
            case TypeKind.Decimal:
                Require((long)count * storedBytes <= plain.Length);
                Resize(checked(16 * count));
                Span<Int128> wide = MemoryMarshal.Cast<byte, Int128>(_bytes.AsSpan());
                for (int i = 0; i < count; i++)
                {
                    wide[i] = BoundOrder.ReadDecimal(plain.Slice(i * storedBytes, storedBytes));
                }

                break;
            case TypeKind.String or TypeKind.Binary:
                LoadByteArrays(plain, count);
                break;
            default:
                Require((long)count * type.Width <= plain.Length);
                Resize(type.Width * count);
                plain[..(type.Width * count)].CopyTo(_bytes);
                break;
        }
    }

    /// <summary>Takes over booleans of the RLE encoding.</summary>
    internal void LoadBooleans(ReadOnlySpan<uint> values)
    {
        Count = values.Length;
        Resize(values.Length);
        for (int i = 0; i < values.Length; i++)
        {
            _bytes[i] = (byte)values[i];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Resize(0);
        ReturnOffsets();
    }

    private void LoadByteArrays(ReadOnlySpan<byte> plain, int count)
    {
        Require(4L * count <= plain.Length);
        Resize(plain.Length);
        plain.CopyTo(_bytes);
        if (_offsets.Length < 2 * count)
        {
            ReturnOffsets();
            _offsets = ArrayPool<int>.Shared.Rent(2 * count);
        }

        int at = 0;
        for (int i = 0; i < count; i++)
        {
            Require(plain.Length - at >= 4);
            int length = BinaryPrimitives.ReadInt32LittleEndian(plain[at..]);
            at += 4;
            Require(length >= 0 && length <= plain.Length - at);
            _offsets[2 * i] = at;
            _offsets[(2 * i) + 1] = at += length;
        }
    }

    private void Resize(int bytes)
    {
        if (bytes > 0 && _bytes.Length >= bytes)
        {
            return;
        }

        byte[] old = _bytes;
        _bytes = bytes > 0 ? ArrayPool<byte>.Shared.Rent(bytes) : [];
        if (old.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(old);
        }
    }

    private void ReturnOffsets()
    {
        int[] old = _offsets;
        _offsets = [];
        if (old.Length > 0)
        {
            ArrayPool<int>.Shared.Return(old);
        }
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new ParquetFormatException("The page ends before its values do.");
        }
    }
}
