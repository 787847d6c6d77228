using System.Runtime.InteropServices;

namespace Lakehouse.Columns;

/// <content>Many values at a time: what decoders of whole pages use.</content>
public sealed partial class ColumnBuilder
{
    /// <summary>Appends fixed-width values that the caller then writes into the span; their bytes are undefined until then.</summary>
    public Span<byte> AppendRaw(int count)
    {
        int end = checked(_valuesLength + (count * _width));
        if (end > _values.Length)
        {
            GrowValues(end);
        }

        Span<byte> room = _values.AsSpan(_valuesLength, count * _width);
        _valuesLength = end;
        MarkValid(count);
        return room;
    }

    /// <summary>As <see cref="AppendRaw"/>; the width of T must be the type's.</summary>
    public Span<T> AppendValues<T>(int count)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(AppendRaw(count));

    /// <summary>Appends values of a column of this type, none of them null, by their positions.</summary>
    public void AppendFrom(ColumnVector source, ReadOnlySpan<uint> positions)
    {
        ArgumentNullException.ThrowIfNull(source);
        switch (_width)
        {
            case 4:
                Gather(source.Values<int>(), positions, AppendValues<int>(positions.Length));
                break;
            case 8:
                Gather(source.Values<long>(), positions, AppendValues<long>(positions.Length));
                break;
            case 16:
                Gather(source.Values<Int128>(), positions, AppendValues<Int128>(positions.Length));
                break;
            case 0 when _offsets is not null:
                ReadOnlySpan<int> offsets = source.Offsets;
                ReadOnlySpan<byte> bytes = source.Bytes;
                foreach (uint position in positions)
                {
                    Append(bytes[offsets[(int)position]..offsets[(int)position + 1]]);
                }

                break;
            default:
                foreach (uint position in positions)
                {
                    Append(source.BooleanAt((int)position));
                }

                break;
        }
    }

    /// <summary>
    /// Puts nulls between the last values: <paramref name="valid"/> has a bit for each of <paramref name="slots"/> slots, set for as many
    /// as there are values to spread, which are the last <paramref name="dense"/> appended.
    /// </summary>
    public void Spread(int dense, ReadOnlySpan<byte> valid, int slots)
    {
        int start = Length - dense;
        if (_offsets is not null)
        {
            SpreadOffsets(start, dense, valid, slots);
        }
        else if (_width > 0)
        {
            SpreadFixed(start, dense, valid, slots);
        }
        else
        {
            SpreadBits(start, dense, valid, slots);
        }

        EnsureValidity(start + slots);
        for (int i = 0; i < slots; i++)
        {
            if (Bitmap.Get(valid, i))
            {
                Bitmap.Set(_validity, start + i);
            }
            else
            {
                Bitmap.Clear(_validity, start + i);
            }
        }

        _nullCount += slots - dense;
        Length = start + slots;
    }

    private void MarkValid(int count)
    {
        if (_validity is not null)
        {
            EnsureValidity(Length + count);
            for (int i = Length; i < Length + count; i++)
            {
                Bitmap.Set(_validity, i);
            }
        }

        Length += count;
    }

    private static void Gather<T>(ReadOnlySpan<T> source, ReadOnlySpan<uint> positions, Span<T> target)
    {
        target = target[..positions.Length];
        for (int i = 0; i < positions.Length; i++)
        {
            target[i] = source[(int)positions[i]];
        }
    }

    private void SpreadFixed(int start, int dense, ReadOnlySpan<byte> valid, int slots)
    {
        int end = checked((start + slots) * _width);
        if (end > _values.Length)
        {
            GrowValues(end);
        }

        _valuesLength = end;
        int from = start + dense;
        for (int to = start + slots - 1; to >= start; to--)
        {
            Span<byte> slot = _values.AsSpan(to * _width, _width);
            if (Bitmap.Get(valid, to - start))
            {
                _values.AsSpan(--from * _width, _width).CopyTo(slot);
            }
            else
            {
                slot.Clear();
            }
        }
    }

    private void SpreadOffsets(int start, int dense, ReadOnlySpan<byte> valid, int slots)
    {
        if (4 * (start + slots + 1) > _offsets!.Length)
        {
            Grow(ref _offsets, 4 * (start + dense + 1), 4 * (start + slots + 1));
        }

        Span<int> ends = MemoryMarshal.Cast<byte, int>(_offsets.AsSpan())[(start + 1)..];
        int from = dense;
        for (int to = slots - 1; to >= 0; to--)
        {
            // A null ends where the value before it ends.
            ends[to] = from > 0 ? ends[from - 1] : StartOf(start);
            from -= Bitmap.Get(valid, to) ? 1 : 0;
        }
    }

    private int StartOf(int index) => MemoryMarshal.Cast<byte, int>(_offsets.AsSpan())[index];

    private void SpreadBits(int start, int dense, ReadOnlySpan<byte> valid, int slots)
    {
        int bytes = Bitmap.ByteCount(start + slots);
        if (bytes > _values.Length)
        {
            GrowValues(bytes);
        }

        int from = start + dense;
        for (int to = start + slots - 1; to >= start; to--)
        {
            if (Bitmap.Get(valid, to - start) && Bitmap.Get(_values, --from))
            {
                Bitmap.Set(_values, to);
            }
            else
            {
                Bitmap.Clear(_values, to);
            }
        }

        if (((start + slots) & 7) != 0)
        {
            _values[bytes - 1] &= (byte)((1 << ((start + slots) & 7)) - 1);
        }
    }
}
