namespace Lakehouse.Parquet;

/// <summary>
/// Pages of a dictionary whose values are its entries, in their order and each once: those of a column where every value is another one, from
/// writers that begin with a dictionary and leave it when it is full. The dictionary's frame, which is PLAIN as well, stands for their values,
/// and nothing has to be compressed again.
/// </summary>
internal static class EntriesInOrder
{
    /// <summary>How many pages of a piece, from the first on, have the values of its dictionary; 0 when that cannot stand for them.</summary>
    internal static int PageCount(ChunkPiece piece, PlainDictionary plain, PageParts parts, int bytesMax)
    {
        if (piece.Codec != CompressionCodec.Zstd || piece.EntryCount == 0
            || piece.Dictionary is not { } dictionary || dictionary.Header.UncompressedPageSize > bytesMax
            || !ZstdFrame.CanFollow(piece.PackedDictionary.Span, dictionary.Header.UncompressedPageSize))
        {
            return 0;
        }

        int count = piece.DictionaryPageCount;
        return MayBe(piece, count) && plain.IsExact(VariableByteCount(piece, count)) && Are(piece, count, parts) ? count : 0;
    }

    /// <summary>Bytes of the values of the first pages; -1 when they are not known.</summary>
    private static long VariableByteCount(ChunkPiece piece, int count)
    {
        long bytes = 0;
        for (int p = 0; p < count && bytes >= 0; p++)
        {
            long ofPage = piece.VariableByteCountOf(p);
            bytes = ofPage < 0 ? -1 : bytes + ofPage;
        }

        return bytes;
    }

    /// <summary>Whether there are as many values as entries, as far as is known without a look at them.</summary>
    private static bool MayBe(ChunkPiece piece, int count)
    {
        long values = 0;
        bool isKnown = true;
        for (int p = 0; p < count; p++)
        {
            int nulls = piece.NullCountOf(p);
            values += piece.Pages[p].Header.NumValues - Math.Max(0, nulls);
            isKnown &= nulls >= 0;
        }

        return isKnown ? values == piece.EntryCount : values >= piece.EntryCount;
    }

    private static bool Are(ChunkPiece piece, int count, PageParts parts)
    {
        uint next = 0;
        for (int p = 0; p < count; p++)
        {
            parts.Open(piece, piece.Pages[p]);
            foreach (uint index in parts.ReadIndexes(piece.EntryCount))
            {
                if (index != next++)
                {
                    return false;
                }
            }
        }

        return next == piece.EntryCount;
    }
}
