namespace Lakehouse.Parquet;

/// <summary>
/// Values of the RLE hybrid one after the other, however many at a time, so that nothing has to hold what a run merely claims. The last
/// packed run may hold more values than are wanted, or fewer bytes than whole groups need as long as the wanted values are there. It
/// keeps positions only: every call gets the same page.
/// </summary>
internal struct RleStream
{
    private readonly int _end;
    private readonly int _width;
    private int _position;
    private long _left;
    private bool _isPacked;
    private uint _value;
    private long _bit;

    /// <summary>The stream that lies from <paramref name="start"/> to <paramref name="end"/> of a page.</summary>
    internal RleStream(int start, int end, int width)
    {
        if (width is < 0 or > 32)
        {
            throw new ParquetFormatException($"A bit width of {width}.");
        }

        (_position, _end, _width) = (start, end, width);
    }

    /// <summary>Fills the target. Throws <see cref="ParquetFormatException"/> when the bytes end early.</summary>
    internal void Read(ReadOnlySpan<byte> page, Span<uint> target)
    {
        while (!target.IsEmpty)
        {
            if (_left == 0)
            {
                NextRun(page[.._end]);
            }

            int count = (int)Math.Min(_left, target.Length);
            if (_isPacked)
            {
                Require(_bit + ((long)count * _width) <= 8L * _end);
                BitPacking.Unpack(page[.._end], _bit, _width, target[..count]);
                _bit += (long)count * _width;
            }
            else
            {
                target[..count].Fill(_value);
            }

            _left -= count;
            target = target[count..];
        }
    }

    /// <summary>
    /// Whether so many values, the next ones, are one run of a value. Throws <see cref="ParquetFormatException"/> when the bytes end early.
    /// </summary>
    internal readonly bool IsRunOf(ReadOnlySpan<byte> page, int count, uint value)
    {
        RleStream next = this;
        if (next._left == 0)
        {
            next.NextRun(page[.._end]);
        }

        return !next._isPacked && next._left >= count && next._value == value;
    }

    private void NextRun(ReadOnlySpan<byte> page)
    {
        uint header = ReadVarInt(page);
        _isPacked = (header & 1) != 0;
        Require(header >> 1 > 0);
        if (_isPacked)
        {
            _left = (long)(header >> 1) * 8;
            _bit = 8L * _position;
            _position = (int)Math.Min(_position + (_left / 8 * _width), _end);
            return;
        }

        _left = header >> 1;
        int valueBytes = (_width + 7) / 8;
        Require(_end - _position >= valueBytes);
        _value = 0;
        for (int i = valueBytes - 1; i >= 0; i--)
        {
            _value = (_value << 8) | page[_position + i];
        }

        _position += valueBytes;
    }

    private uint ReadVarInt(ReadOnlySpan<byte> page)
    {
        uint value = 0;
        for (int i = 0; i < 5; i++)
        {
            Require(_position < page.Length);
            byte next = page[_position++];
            value |= (uint)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                return value;
            }
        }

        Require(false);
        return 0;
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new ParquetFormatException("Run lengths end early or make no sense.");
        }
    }
}
