using Lakehouse.Columns;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>Takes a row group of an input over whole: only the page index and the first bytes of each chunk are read here.</summary>
internal static class RowGroupStitch
{
    /// <summary>Bytes that hold the first header of a chunk, however large its statistics are.</summary>
    private const int HeadBytes = 4096;

    /// <summary>The chunks in the order of the output, constant columns made anew.</summary>
    internal static async Task<IReadOnlyList<ChunkFacts>> RunAsync(
        MergedRowGroup group, MergeShape shape, IReadOnlyList<MergeSource> sources, MergeOptions options, CancellationToken cancellation)
    {
        MergeInput input = group.Inputs[0];
        MergeSource source = sources[input.Source];
        RowGroup of = source.MetaData.RowGroups[input.RowGroup];
        int[] chunks = [.. RowGroupInputs.ChunksOf(shape, input, 0, shape.Columns.Length)];
        Dictionary<int, (long Start, byte[] Head)> heads = chunks.ToDictionary(static c => c, c =>
        {
            (long start, long length) = source.Reader.Extent(of.Columns[c].MetaData);
            return (start, new byte[Math.Min(length, HeadBytes)]);
        });
        await source.Store.ReadAsync(source.Path, [.. heads.Values.Select(static h => new ReadRange(h.Start, h.Head))], cancellation);
        PageIndexes indexes = await source.Reader.Indexes.ReadAsync(input.RowGroup, chunks, chunks, chunks, cancellation);
        var made = new List<ChunkFacts>();
        for (int c = 0; c < shape.Columns.Length; c++)
        {
            MergeColumn column = shape.Columns[c];
            if (options.Constants.TryGetValue(column.Field.Name, out ConstantColumn? constant))
            {
                made.Add(ConstantColumnWriter.Chunk(constant with { Field = column.Field }, group.RowCount, options.Writer));
                continue;
            }

            for (int l = 0; l < column.Leaves.Length; l++)
            {
                Leaf leaf = shape.Sources[input.Source][c].Leaves[l].Leaf!; // < Not null: pages are stitched.
                (long start, byte[] head) = heads[leaf.Ordinal];
                try
                {
                    made.Add(StitchedChunk.Of(column.FieldOf(l), column.Leaves[l], leaf, source.MetaData, of, start, head, indexes));
                }
                catch (ParquetFormatException e)
                {
                    throw source.Reader.Located(e, input.RowGroup, leaf.Name, start);
                }
            }
        }

        return made;
    }
}
