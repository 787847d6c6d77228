using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>What an input brings to a leaf: a piece and how it is used, or nulls.</summary>
/// <param name="Piece">The pages; null when there are none.</param>
/// <param name="From">Where they come from.</param>
/// <param name="RowCount">Rows of the input.</param>
/// <param name="Joins">Whether its pages are joined into larger ones.</param>
internal readonly record struct LeafInput(ChunkPiece? Piece, SourceLeaf From, long RowCount, bool Joins);

/// <summary>Makes one chunk of a leaf of what the inputs bring: dictionaries first, as they decide what happens to pages.</summary>
internal static class LeafMerge
{
    /// <param name="field">The leaf as a field.</param>
    /// <param name="target">The leaf.</param>
    /// <param name="inputs">What is joined, in order.</param>
    /// <param name="codec">The codec of the chunk.</param>
    /// <param name="options">How to write what is written.</param>
    /// <param name="located">Gives a fault the place of the input.</param>
    internal static JoinedChunk Run(
        Field field,
        MergeLeaf target,
        LeafInput[] inputs,
        CompressionCodec codec,
        MergeOptions options,
        Func<ParquetFormatException, int, ParquetFormatException> located)
    {
        var maps = new Range[inputs.Length];
        bool[] expands = new bool[inputs.Length];
        using DictionaryUnion? union = Unite(target, inputs, options, maps, expands, located);
        using var join = new ChunkJoin(target, codec, options.Writer, union);
        long rows = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            try
            {
                Append(join, inputs[i], union is null ? default : union[maps[i]], expands[i]);
                rows += inputs[i].RowCount;
                if (join.RowCount is { } found && found != rows)
                {
                    throw new ParquetFormatException($"Its levels begin {found - rows + inputs[i].RowCount} rows, and its row group has {inputs[i].RowCount}.");
                }
            }
            catch (ParquetFormatException e)
            {
                throw located(e, i);
            }
        }

        return join.Finish(field, BloomFilterMerge.Of(inputs, target, union, expands, options));
    }

    /// <summary>
    /// Joins the dictionaries; null when there is none, or it is not worth it. Tells which inputs' values have to stand for themselves:
    /// those behind pages without a dictionary, and those whose dictionary no longer fits in.
    /// </summary>
    private static DictionaryUnion? Unite(
        MergeLeaf target,
        LeafInput[] inputs,
        MergeOptions options,
        Range[] maps,
        bool[] expands,
        Func<ParquetFormatException, int, ParquetFormatException> located)
    {
        var union = new DictionaryUnion(target.Leaf.Type, options.DictionaryBytesMax);
        bool leftDictionary = false;
        bool pays = true;
        int left = inputs.Count(HasDictionaryPages);
        long values = inputs.Where(HasDictionaryPages).Sum(static i => i.Piece!.DictionaryValueCount); // < Not null: it has pages.
        for (int i = 0; i < inputs.Length && pays; i++)
        {
            if (!HasDictionaryPages(inputs[i]))
            {
                leftDictionary |= inputs[i].Piece?.Kinds == PageKinds.Other && inputs[i].From.Origin != LeafOrigin.Levels;
                continue;
            }

            ChunkPiece piece = inputs[i].Piece!; // < Not null: it has pages.
            try
            {
                expands[i] = leftDictionary || piece.Alternates;
                if (!expands[i])
                {
                    pays = union.MayPay(piece, values, left - 1);
                    expands[i] = !pays || !union.TryAdd(piece, out maps[i]);
                }
            }
            catch (ParquetFormatException e)
            {
                union.Dispose();
                throw located(e, i);
            }

            leftDictionary |= expands[i] || piece.Kinds != PageKinds.Dictionary;
            pays = pays && union.Pays(values, --left);
        }

        if (pays && union.Count > 0)
        {
            return union;
        }

        union.Dispose();
        Array.Fill(expands, true);
        return null;
    }

    internal static bool HasDictionaryPages(LeafInput input) =>
        input.Piece is { } piece && input.From.Origin != LeafOrigin.Levels && (piece.Kinds & PageKinds.Dictionary) != 0;

    private static void Append(ChunkJoin join, in LeafInput input, ReadOnlySpan<uint> map, bool expands)
    {
        if (input.Piece is not { } piece)
        {
            join.AppendNulls(input.RowCount);
        }
        else if (input.From.Origin == LeafOrigin.Levels)
        {
            join.AppendLevels(piece, input.From);
        }
        else
        {
            join.Append(piece, map, input.Joins, expands);
        }
    }
}
