using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Lakehouse.Parquet;

/// <summary>
/// DELTA_BINARY_PACKED (Encodings.md): block size, miniblocks per block, count, first value; then per block the smallest difference, one
/// bit width per miniblock, and the differences above the smallest, packed. Differences wrap around at the width of the type, so 32-bit
/// values are the low halves of the 64-bit ones. Reading keeps positions only: every call gets the same page.
/// </summary>
internal struct DeltaStream
{
    // What all writers use and some readers insist on: blocks of 128 differences, miniblocks of 32.
    private const int BlockCount = 128;
    private const int MiniblockCount = 32;
    private const int MiniblocksPerBlock = BlockCount / MiniblockCount;
    private const int HeaderBytesMax = 2 + 1 + 5 + 10;
    private const int BlockHeaderBytesMax = 10 + MiniblocksPerBlock;

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

    /// <summary>Bytes that so many values of a width in bytes may take at most, packing slack included.</summary>
    internal static int BytesMax(int count, int width) => checked((int)(HeaderBytesMax + BitPacking.Slack
        + (((long)count + BlockCount - 1) / BlockCount * (BlockHeaderBytesMax + (BlockCount * width)))));

    /// <summary>Encodes values into a target of <see cref="BytesMax"/> bytes; gives the bytes written.</summary>
    internal static int Encode<T>(ReadOnlySpan<T> values, Span<byte> target)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int at = WriteUnsigned(BlockCount, target);
        at += WriteUnsigned(MiniblocksPerBlock, target[at..]);
        at += WriteUnsigned((ulong)values.Length, target[at..]);
        at += WriteSigned(values.IsEmpty ? 0 : long.CreateTruncating(values[0]), target[at..]);
        Span<T> differences = stackalloc T[BlockCount];
        for (int from = 1; from < values.Length; from += BlockCount)
        {
            int count = Math.Min(BlockCount, values.Length - from);
            T smallest = Vector256.IsHardwareAccelerated
                ? Subtract(values.Slice(from - 1, count + 1), differences)
                : SubtractScalar(values.Slice(from - 1, count + 1), differences);
            at += WriteSigned(long.CreateTruncating(smallest), target[at..]);
            Span<byte> widths = target.Slice(at, MiniblocksPerBlock);
            widths.Clear();
            at += MiniblocksPerBlock;

            // < What pads the last miniblock is packed as zeros.
            differences[count..].Fill(smallest);
            for (int i = 0; i * MiniblockCount < count; i++)
            {
                at += PackMiniblock(differences.Slice(i * MiniblockCount, MiniblockCount), smallest, target[at..], out widths[i]);
            }
        }

        return at;
    }

    /// <summary>Writes value i + 1 less value i for each i; gives the smallest difference.</summary>
    internal static T Subtract<T>(ReadOnlySpan<T> values, Span<T> differences)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int count = values.Length - 1;
        int lanes = Vector256<T>.Count;
        if (count < lanes)
        {
            return SubtractScalar(values, differences);
        }

        ref T from = ref MemoryMarshal.GetReference(values);
        ref T to = ref MemoryMarshal.GetReference(differences[..count]);
        Vector256<T> smallest = Vector256.Create(T.MaxValue);
        int i = 0;
        for (; i + lanes <= count; i += lanes)
        {
            Vector256<T> difference = Vector256.LoadUnsafe(ref from, (nuint)i + 1) - Vector256.LoadUnsafe(ref from, (nuint)i);
            smallest = Vector256.Min(smallest, difference);
            difference.StoreUnsafe(ref to, (nuint)i);
        }

        T least = i < count ? SubtractScalar(values[i..], differences[i..]) : T.MaxValue;
        for (int lane = 0; lane < lanes; lane++)
        {
            least = T.Min(least, smallest[lane]);
        }

        return least;
    }

    internal static T SubtractScalar<T>(ReadOnlySpan<T> values, Span<T> differences)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        T smallest = T.MaxValue;
        for (int i = 1; i < values.Length; i++)
        {
            T difference = unchecked(values[i] - values[i - 1]);
            differences[i - 1] = difference;
            smallest = T.Min(smallest, difference);
        }

        return smallest;
    }

    /// <summary>Packs 32 differences above the smallest in as few bits as the largest needs; gives the bytes.</summary>
    private static int PackMiniblock<T>(ReadOnlySpan<T> differences, T smallest, Span<byte> target, out byte width)
        where T : unmanaged, IBinaryInteger<T>
    {
        Span<ulong> above = stackalloc ulong[MiniblockCount];
        ulong all = 0;
        for (int i = 0; i < MiniblockCount; i++)
        {
            T rise = unchecked(differences[i] - smallest);

            // < Unsigned at the width of the type.
            ulong bits = typeof(T) == typeof(int) ? uint.CreateTruncating(rise) : ulong.CreateTruncating(rise);
            above[i] = bits;
            all |= bits;
        }

        width = (byte)(64 - BitOperations.LeadingZeroCount(all));
        if (width > 32)
        {
            PackWide(above, width, target);
        }
        else if (width > 0)
        {
            Span<uint> narrow = stackalloc uint[MiniblockCount];
            for (int i = 0; i < MiniblockCount; i++)
            {
                narrow[i] = (uint)above[i];
            }

            BitPacking.Pack(narrow, width, target);
        }

        return MiniblockCount / 8 * width;
    }

    private static void PackWide(ReadOnlySpan<ulong> values, int width, Span<byte> target)
    {
        ulong pending = 0;
        int bits = 0;
        int at = 0;
        foreach (ulong value in values)
        {
            pending |= value << bits;
            bits += width;
            if (bits >= 64)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(target[at..], pending);
                at += 8;
                bits -= 64;
                pending = bits == 0 ? 0 : value >> (width - bits);
            }
        }

        // < 32 values of an odd width end with half a word.
        if (bits > 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target[at..], (uint)pending);
        }
    }

    private static int WriteSigned(long value, Span<byte> target) => WriteUnsigned((ulong)((value << 1) ^ (value >> 63)), target);

    private static int WriteUnsigned(ulong value, Span<byte> target)
    {
        int at = 0;
        for (; value >= 0x80; value >>= 7)
        {
            target[at++] = (byte)(value | 0x80);
        }

        target[at++] = (byte)value;
        return at;
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
