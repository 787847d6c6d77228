namespace Lakehouse.Parquet;

/// <summary>
/// The bloom filter of a merged chunk. Filters of different inputs cannot be joined without letting too much through: it is made anew, of
/// the distinct values where there is a dictionary, and of PLAIN values; with values in other encodings there is none.
/// </summary>
internal static class BloomFilterMerge
{
    /// <summary>The filter with its header when every input has one, or the column is to have one; empty otherwise.</summary>
    internal static byte[] Of(LeafInput[] inputs, MergeLeaf target, DictionaryUnion? union, bool[] expands, MergeOptions options)
    {
        ChunkPiece[] pieces = [.. inputs.Where(static i => i.From.Origin != LeafOrigin.Levels).Select(static i => i.Piece).OfType<ChunkPiece>()];
        if (pieces.Length == 0
            || !(options.Writer.BloomFilters.Contains(target.Leaf.Name) || Array.TrueForAll(pieces, static p => p.BloomFilter.Length > 0)))
        {
            return [];
        }

        if (pieces.Length == 1 && pieces[0].BloomFilter.Length > 0)
        {
            return pieces[0].BloomFilter;
        }

        if (target.Leaf.Type.Stored is ParquetType.Boolean or ParquetType.Float or ParquetType.Double
            || Array.Exists(pieces, static p => Array.Exists(p.Pages, static g => !g.IsDictionaryEncoded && g.Header.Encoding != ParquetEncoding.Plain)))
        {
            return [];
        }

        var filter = new BloomFilter(options.Writer.BloomFilterBytesMax / BloomFilter.BlockBytes);
        if (union is not null)
        {
            Insert(filter, target.Leaf.Type, union.Plain, union.Count);
        }

        using var parts = new PageParts();
        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i] is { Piece: { } piece, From.Origin: not LeafOrigin.Levels })
            {
                Insert(filter, target.Leaf.Type, piece, parts, expands[i]);
            }
        }

        return BloomFolding.Folded(filter);
    }

    private static void Insert(BloomFilter filter, in LeafType leaf, ChunkPiece piece, PageParts parts, bool expands)
    {
        if (expands && piece.Dictionary is not null)
        {
            using var plain = new PooledBuffer();
            piece.UnpackDictionary(plain);
            Insert(filter, leaf, plain.Written, piece.EntryCount);
        }

        foreach (PiecePage page in piece.Pages)
        {
            if (!page.IsDictionaryEncoded)
            {
                parts.Open(piece, page);
                Insert(filter, leaf, parts.ValueBytes, parts.Present);
            }
        }
    }

    private static void Insert(BloomFilter filter, in LeafType leaf, ReadOnlySpan<byte> plain, int count)
    {
        int prefix = leaf.Stored == ParquetType.ByteArray ? 4 : 0;
        for (int i = 0, at = 0; i < count; i++)
        {
            int next = at + PlainEntries.EntryByteCount(leaf, plain, at);
            filter.Insert(BloomFilter.Hash(plain[(at + prefix)..next]));
            at = next;
        }
    }
}
