using System.Buffers;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>BYTE_STREAM_SPLIT (Encodings.md): values of a fixed width, byte by byte in streams.</summary>
internal sealed class ByteStreamSplitValues(LeafType leaf) : PageValues
{
    private int _start;
    private int _done;

    internal override void Read(int count, ColumnBuilder target)
    {
        Require(_start, ((long)_done + count) * leaf.StoredWidth);
        byte[] stored = ArrayPool<byte>.Shared.Rent(Math.Max(1, count * leaf.StoredWidth));
        Span<byte> values = stored.AsSpan(0, count * leaf.StoredWidth);
        ByteStreamSplit.Decode(Page.AsSpan(_start, End - _start), leaf.StoredWidth, _done, values);
        StoredValues.AppendFixed(leaf, values, target);
        ArrayPool<byte>.Shared.Return(stored);
        _done += count;
    }

    internal override void Skip(int count, ColumnBuilder scratch)
    {
        Require(_start, ((long)_done + count) * leaf.StoredWidth);
        _done += count;
    }

    protected override void Begin(int start) => (_start, _done) = (start, 0);
}
