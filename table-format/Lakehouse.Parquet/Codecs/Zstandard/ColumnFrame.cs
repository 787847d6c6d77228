namespace Lakehouse.Parquet.Zstandard;

/// <summary>
/// Zstandard frames (RFC 8878) of pages whose values have one width. Where libzstd looks for copies everywhere, this looks where values begin,
/// which is faster and finds more of what such values share. Any reader of zstd reads the frames. Thread safe: each call takes a writer of its own.
/// </summary>
internal sealed class ColumnFrame
{
    /// <summary>Pages from here on are worth codes of their own.</summary>
    internal const int BytesMin = 4096;

    // A mode that finds less than a copy in so many values is left for the rest of the frame.
    private const int ValuesPerCopyMax = 8;
    private const int FirstValues = 16;
    private static readonly IdlePool<ColumnFrame> Idle = new(static () => new ColumnFrame());
    private readonly BlockParts _parts = new();
    private readonly LiteralsSection _literals = new();
    private readonly SequencesSection _sequences = new();
    private readonly int[] _table = new int[1 << ValueCopies.TableLog];
    private readonly byte[] _block = new byte[LiteralsSection.BytesMax(BlockParts.BytesMax) + SequencesSection.BytesMax(BlockParts.SequencesMax)];

    /// <summary>Whether a page of values that all take <paramref name="stride"/> bytes is written here; 0 stands for other values.</summary>
    internal static bool Takes(int length, int stride) =>
        stride is >= 4 and <= ValueCopies.StrideMax && length is >= BytesMin and <= (1 << 27);

    /// <summary>Bytes that a frame of so many bytes takes at most.</summary>
    internal static int Bound(int length) =>
        length + FrameHeader.BytesMax + (FrameHeader.BlockBytes * ((length / (BlockParts.BytesMax - ValueCopies.StrideMax)) + 2));

    /// <summary>
    /// Compresses a page that ends in values of <paramref name="stride"/> bytes, levels before them, into a target of <see cref="Bound"/> bytes at
    /// least; gives the bytes written. 0 when a general encoder is better at it: the values follow each other.
    /// </summary>
    internal static int TryCompress(ReadOnlySpan<byte> source, Span<byte> target, int stride)
    {
        ValueCopies.SharedBytes shared = ValueCopies.Share(source[(source.Length % stride)..], stride);
        if (shared.Follow)
        {
            return 0;
        }

        ColumnFrame frame = Idle.Take();
        int written = frame.Write(source, target, stride, shared);
        Idle.Return(frame);
        return written;
    }

    private int Write(ReadOnlySpan<byte> source, Span<byte> target, int stride, ValueCopies.SharedBytes shared)
    {
        int at = FrameHeader.Write(source.Length, target);
        int first = source.Length % stride;
        if (shared.Length > 0)
        {
            first = (first + shared.Start + shared.Length) % stride; // < A value then ends in what it shares, and so do blocks.
        }

        bool finds = true;
        _literals.Forget();
        _parts.LastDistance = 1; // < As the format has it where a frame begins.
        _table.AsSpan().Clear();
        for (int from = 0; from < source.Length; first = from)
        {
            int to = Math.Min(source.Length, first + ((BlockParts.BytesMax - (first - from)) / stride * stride));
            if (from == 0 && shared.Length > 0 && stride == sizeof(ulong))
            {
                // < The distance of the copies is said in a short block: in the others it is the one before, which takes no bits and no time.
                to = Math.Min(to, first + (FirstValues * stride));
            }

            int last = _parts.LastDistance;
            if (finds)
            {
                Find(source, from, first, to, stride, shared.Length);
                finds = _parts.Count >= (to - from) / stride / ValuesPerCopyMax;
            }

            ReadOnlySpan<byte> block = source[from..to];
            int length = finds ? WriteParts(_parts.Literals.AsSpan(0, _parts.LiteralCount)) : WriteLiterals(block);
            Span<byte> room = target[(at + FrameHeader.BlockBytes)..];
            bool isCompressed = length < block.Length;
            (isCompressed ? _block.AsSpan(0, length) : block).CopyTo(room);
            if (!isCompressed)
            {
                (length, _parts.LastDistance) = (block.Length, last);
                _literals.Forget();
            }

            FrameHeader.WriteBlock(target[at..], isCompressed ? BlockType.Compressed : BlockType.Raw, length, to == source.Length);
            at += FrameHeader.BlockBytes + length;
            from = to;
        }

        return at;
    }

    private void Find(ReadOnlySpan<byte> source, int from, int first, int to, int stride, int shared)
    {
        if (shared == 0 && stride == sizeof(ulong))
        {
            ValueCopies.FindLowBytes(source, from, first, to, _table, _parts);
        }
        else
        {
            ValueCopies.FindShared(source, from, first, to, stride, shared, _table, _parts);
        }
    }

    private int WriteParts(ReadOnlySpan<byte> literals)
    {
        int length = _literals.Write(literals, _block);
        return length + _sequences.Write(_parts, _block.AsSpan(length));
    }

    private int WriteLiterals(ReadOnlySpan<byte> block)
    {
        _parts.Count = 0;
        return WriteParts(block);
    }
}
