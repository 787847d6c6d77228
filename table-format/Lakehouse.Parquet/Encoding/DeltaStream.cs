using System.Buffers.Binary;

namespace Lakehouse.Parquet;

/// <summary>
/// DELTA_BINARY_PACKED (Encodings.md): block size, miniblocks per block, count, first value; then per block the smallest difference, one
/// bit width per miniblock, and the differences above the smallest, packed. Differences wrap around at the width of the type, so 32-bit
/// values are the low halves of the 64-bit ones. It keeps positions only: every call gets the same page.
/// </summary>
internal struct DeltaStream
{
    private readonly int _end;
    private readonly int _miniblocks;
    private readonly int _perMiniblock;
    private int _position;
    private long _left;
    private long _value;
    private bool _isFirst = true;
    private long _smallest;
    private int _widths;
    private int _miniblock;
    private long _inMiniblock;
    private long _bit;

    /// <summary>The stream that begins at <paramref name="start"/>; it ends at <paramref name="end"/> at the latest.</summary>
    internal DeltaStream(ReadOnlySpan<byte> page, int start, int end)
    {
        (_position, _end) = (start, end);
        ulong blockSize = ReadUnsigned(page);
        ulong miniblocks = ReadUnsigned(page);
        ulong count = ReadUnsigned(page);
        _value = ReadSigned(page);
        if (blockSize is 0 or > int.MaxValue || miniblocks is 0 or > int.MaxValue || blockSize % miniblocks != 0
            || blockSize / miniblocks % 32 != 0 || count > int.MaxValue)
        {
            throw new ParquetFormatException($"{count} differences in blocks of {blockSize} and {miniblocks} miniblocks.");
        }

        (_miniblocks, _perMiniblock, _left) = ((int)miniblocks, (int)(blockSize / miniblocks), (long)count);
        _miniblock = _miniblocks;
    }

    /// <summary>Values that have not been read.</summary>
    internal readonly long Left => _left;

    /// <summary>Fills the target. Throws <see cref="ParquetFormatException"/> when there are fewer values or bytes.</summary>
    internal void Read(ReadOnlySpan<byte> page, Span<long> target)
    {
        Require(target.Length <= _left);
        _left -= target.Length;
        if (_isFirst && !target.IsEmpty)
        {
            _isFirst = false;
            target[0] = _value;
            target = target[1..];
        }

        while (!target.IsEmpty)
        {
            int width = FindMiniblock(page);
            int count = (int)Math.Min(_inMiniblock, target.Length);
            Require(_bit + ((long)count * width) <= 8L * _end);
            Add(page[.._end], width, target[..count]);
            _inMiniblock -= count;
            target = target[count..];
        }
    }

    /// <summary>Where the bytes behind the stream begin, whatever of it has been read.</summary>
    internal readonly int FindEnd(ReadOnlySpan<byte> page)
    {
        DeltaStream rest = this;
        if (rest._isFirst && rest._left > 0)
        {
            rest._isFirst = false;
            rest._left--;
        }

        while (rest._left > 0)
        {
            int width = rest.FindMiniblock(page);
            long count = Math.Min(rest._inMiniblock, rest._left);
            Require(rest._bit + (count * width) <= 8L * rest._end);
            rest._left -= count;
            rest._inMiniblock = 0;
        }

        return rest._position;
    }

    /// <summary>Goes on to the next miniblock when the current one is spent; gives its bit width.</summary>
    private int FindMiniblock(ReadOnlySpan<byte> page)
    {
        if (_inMiniblock == 0)
        {
            if (++_miniblock >= _miniblocks)
            {
                _smallest = ReadSigned(page);
                _widths = _position;
                Require(_miniblocks <= _end - _position);
                _position += _miniblocks;
                _miniblock = 0;
            }

            _inMiniblock = _perMiniblock;
            _bit = 8L * _position;

            // The last miniblock may be cut off behind its last value.
            _position = (int)Math.Min(_position + ((long)_perMiniblock * page[_widths + _miniblock] / 8), _end);
        }

        int width = page[_widths + _miniblock];
        Require(width <= 64);
        return width;
    }

    private void Add(ReadOnlySpan<byte> page, int width, Span<long> target)
    {
        ulong mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        long value = _value;
        long bit = _bit;
        for (int i = 0; i < target.Length; i++, bit += width)
        {
            value += _smallest + (long)(width == 0 ? 0 : Load(page, bit) & mask);
            target[i] = value;
        }

        (_value, _bit) = (value, bit);
    }

    /// <summary>64 bits from a bit position on; what lies behind the bytes reads as 0.</summary>
    private static ulong Load(ReadOnlySpan<byte> page, long bit)
    {
        int at = (int)(bit >> 3);
        int shift = (int)(bit & 7);
        if (at + 9 <= page.Length)
        {
            ulong low = BinaryPrimitives.ReadUInt64LittleEndian(page[at..]) >> shift;
            return shift == 0 ? low : low | ((ulong)page[at + 8] << (64 - shift));
        }

        UInt128 word = 0;
        for (int i = Math.Min(page.Length - 1, at + 8); i >= at; i--)
        {
            word = (word << 8) | page[i];
        }

        return (ulong)(word >> shift);
    }

    private ulong ReadUnsigned(ReadOnlySpan<byte> page)
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            Require(_position < _end);
            byte next = page[_position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        Require(false);
        return 0;
    }

    private long ReadSigned(ReadOnlySpan<byte> page)
    {
        ulong zigzag = ReadUnsigned(page);
        return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new ParquetFormatException("Packed differences end early or make no sense.");
        }
    }
}
