namespace Lakehouse.Parquet;

/// <summary>The dictionary of a piece with its entries, for pages whose values have to stand for themselves. Not thread safe.</summary>
internal sealed class PlainDictionary : IDisposable
{
    private readonly PooledBuffer _plain = new(64 << 10);
    private readonly int[] _starts;

    internal PlainDictionary(ChunkPiece piece, LeafType leaf)
    {
        PiecePage page = piece.Dictionary ?? throw new InvariantViolatedException("a dictionary is taken from a piece that has one");
        PageAssembly.Unpack(piece.Codec, page.Header, piece.DictionaryBytes.Span[page.HeaderByteCount..], _plain);
        int end = PlainEntries.ByteCount(leaf, _plain.Written, page.Header.NumValues);
        _starts = new int[page.Header.NumValues + 1];
        for (int i = 0; i < page.Header.NumValues; i++)
        {
            _starts[i + 1] = _starts[i] + PlainEntries.EntryByteCount(leaf, _plain.Written, _starts[i]);
        }

        Invariant.Holds(_starts[^1] == end, "entries follow each other without gaps");
    }

    /// <summary>Appends the PLAIN values that indexes stand for; they are below the number of entries.</summary>
    internal void Append(ReadOnlySpan<uint> indexes, PooledBuffer target)
    {
        ReadOnlySpan<byte> plain = _plain.Written;
        foreach (uint index in indexes)
        {
            target.Append(plain[_starts[index].._starts[index + 1]]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _plain.Dispose();
}
