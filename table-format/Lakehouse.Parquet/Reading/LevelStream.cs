using System.Buffers.Binary;
using System.Numerics;

namespace Lakehouse.Parquet;

/// <summary>
/// The definition or repetition levels of a page (Encodings.md; parquet.thrift DataPageHeader), however many at a time. A maximum of 0
/// takes no bytes. It keeps positions only: every call gets the same page.
/// </summary>
internal struct LevelStream
{
    private readonly int _max;
    private readonly bool _isBitPacked;
    private readonly int _width;
    private RleStream _runs;
    private long _bit;

    private LevelStream(int max, bool isBitPacked, int start, int end)
    {
        (_max, _isBitPacked, _width, _bit) = (max, isBitPacked, WidthOf(max), 8L * start);
        _runs = new RleStream(start, end, _width);
    }

    /// <summary>The levels of a V1 page, which say themselves how long they are; moves the position behind them.</summary>
    internal static LevelStream OfV1(ParquetEncoding encoding, int max, int count, ReadOnlySpan<byte> page, ref int start, int end)
    {
        if (max == 0)
        {
            return default;
        }

        int length;
        if (encoding == ParquetEncoding.BitPacked)
        {
            length = BitPackedLevels.ByteCount(count, WidthOf(max));
        }
        else if (encoding == ParquetEncoding.Rle && end - start >= 4)
        {
            length = BinaryPrimitives.ReadInt32LittleEndian(page[start..]);
            start += 4;
        }
        else
        {
            throw new ParquetFormatException($"Levels of encoding {encoding} in {end - start} bytes.");
        }

        if (length < 0 || length > end - start)
        {
            throw new ParquetFormatException($"Levels of {length} bytes where {end - start} are left.");
        }

        start += length;
        return new LevelStream(max, encoding == ParquetEncoding.BitPacked, start - length, start);
    }

    /// <summary>The levels of a V2 page, whose header says how long they are; moves the position behind them.</summary>
    internal static LevelStream OfV2(int max, int length, ref int start)
    {
        start += length;
        return max == 0 ? default : new LevelStream(max, isBitPacked: false, start - length, start);
    }

    /// <summary>Fills the target. Throws <see cref="ParquetFormatException"/> when the bytes end early or a level is above the maximum.</summary>
    internal void Read(ReadOnlySpan<byte> page, Span<uint> target)
    {
        if (_max == 0)
        {
            target.Clear();
            return;
        }

        if (_isBitPacked)
        {
            BitPackedLevels.Decode(page, _bit, _width, target);
            _bit += (long)target.Length * _width;
        }
        else
        {
            _runs.Read(page, target);
        }

        if (target.IndexOfAnyExceptInRange(0u, (uint)_max) is >= 0 and int wrong)
        {
            throw new ParquetFormatException($"A level of {target[wrong]} where {_max} is the highest.");
        }
    }

    /// <summary>Whether so many levels, the next ones, are one run of a level. Throws <see cref="ParquetFormatException"/> when there is none.</summary>
    internal readonly bool IsRunOf(ReadOnlySpan<byte> page, int count, uint level) =>
        _max > 0 && !_isBitPacked && count > 0 && _runs.IsRunOf(page, count, level);

    private static int WidthOf(int max) => 32 - BitOperations.LeadingZeroCount((uint)max);
}
