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

    /// <summary>Encodes values that lie side by side.</summary>
    internal static void Encode(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> lengths, PooledBuffer target)
    {
        int total = checked(bytes.Length + (4 * lengths.Length));
        Span<byte> room = target.Reserve(total);
        int at = 0;
        int from = 0;
        foreach (int length in lengths)
        {
            BinaryPrimitives.WriteInt32LittleEndian(room[at..], length);
            bytes.Slice(from, length).CopyTo(room[(at + 4)..]);
            at += 4 + length;
            from += length;
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
