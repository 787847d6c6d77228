using System.Buffers.Binary;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>PLAIN (Encodings.md): values of a fixed width side by side.</summary>
internal sealed class PlainFixedValues(LeafType leaf) : PageValues
{
    private int _at;

    internal override void Read(int count, ColumnBuilder target)
    {
        Require(_at, (long)count * leaf.StoredWidth);
        int bytes = count * leaf.StoredWidth;
        StoredValues.AppendFixed(leaf, Page.AsSpan(_at, bytes), target);
        _at += bytes;
    }

    internal override void Skip(int count, ColumnBuilder scratch)
    {
        Require(_at, (long)count * leaf.StoredWidth);
        _at += count * leaf.StoredWidth;
    }

    protected override void Begin(int start) => _at = start;
}

/// <summary>PLAIN (Encodings.md): each byte array behind its length in four bytes.</summary>
internal sealed class PlainByteArrays(LeafType leaf) : PageValues
{
    private const int StepBytes = 64;
    private const int StepsBytesMax = 8 * StepBytes;
    private int _at;

    internal override void Read(int count, ColumnBuilder target)
    {
        for (int i = 0; i < count; i++)
        {
            Require(_at, 4);
            int length = BinaryPrimitives.ReadInt32LittleEndian(Page.AsSpan(_at));
            Require(_at + 4, length);
            StoredValues.AppendBytes(leaf, Page.AsSpan(_at + 4, length), target);
            _at += 4 + length;
        }
    }

    internal override void Skip(int count, ColumnBuilder scratch)
    {
        for (int i = 0; i < count; i++)
        {
            Require(_at, 4);
            int length = BinaryPrimitives.ReadInt32LittleEndian(Page.AsSpan(_at));
            Require(_at + 4, length);
            _at += 4 + length;
        }
    }

    /// <summary>Encodes values that lie from offset i to offset i + 1, some between which nothing lies.</summary>
    internal static void Encode(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> offsets, PooledBuffer target)
    {
        int count = offsets.Length - 1;
        int total = checked(offsets[count] - offsets[0] + (4 * count));
        Span<byte> room = target.Reserve(checked(total + StepBytes));
        int at = 0;
        for (int i = 0; i < count; i++)
        {
            int offset = offsets[i];
            int length = offsets[i + 1] - offset;
            BinaryPrimitives.WriteInt32LittleEndian(room[at..], length);
            at += 4;
            if (length <= StepsBytesMax && length <= bytes.Length - StepBytes - offset)
            {
                // < Short values are copied with what follows them, which the next one overwrites: cheaper than to copy so many bytes.
                int step = 0;
                do
                {
                    bytes.Slice(offset + step, StepBytes).CopyTo(room[(at + step)..]);
                    step += StepBytes;
                }
                while (step < length);
            }
            else
            {
                bytes.Slice(offset, length).CopyTo(room[at..]);
            }

            at += length;
        }

        target.Advance(total);
    }

    protected override void Begin(int start) => _at = start;
}

/// <summary>PLAIN (Encodings.md): booleans as bits, least significant first.</summary>
internal sealed class PlainBooleans : PageValues
{
    private long _bit;

    internal override void Read(int count, ColumnBuilder target)
    {
        if (_bit + count > 8L * End)
        {
            throw new ParquetFormatException("The page ends before its values do.");
        }

        for (int i = 0; i < count; i++, _bit++)
        {
            target.Append((Page[_bit >> 3] & (1 << (int)(_bit & 7))) != 0);
        }
    }

    protected override void Begin(int start) => _bit = 8L * start;
}
