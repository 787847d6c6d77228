using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Makes one row group of the output, column by column.</summary>
internal sealed class RowGroupMerge
{
    private readonly MergedRowGroup _group;
    private readonly MergeShape _shape;
    private readonly IReadOnlyList<MergeSource> _sources;
    private readonly MergeOptions _options;
    private readonly RowGroupInputs? _inputs;
    private readonly int[] _firstLeaves;

    /// <summary>Prepares it; <paramref name="inputs"/> is null when each column's are loaded for themselves.</summary>
    internal RowGroupMerge(
        MergedRowGroup group, MergeShape shape, IReadOnlyList<MergeSource> sources, MergeOptions options, RowGroupInputs? inputs)
    {
        (_group, _shape, _sources, _options, _inputs) = (group, shape, sources, options, inputs);
        _firstLeaves = new int[shape.Columns.Length];
        for (int c = 1; c < _firstLeaves.Length; c++)
        {
            _firstLeaves[c] = _firstLeaves[c - 1] + shape.Columns[c - 1].Leaves.Length;
        }
    }

    /// <summary>Top-level columns.</summary>
    internal int ColumnCount => _shape.Columns.Length;

    /// <summary>Rows.</summary>
    internal long RowCount => _group.RowCount;

    /// <summary>The inputs of one column; null when they are loaded already.</summary>
    internal async Task<RowGroupInputs?> LoadAsync(int column, CancellationToken cancellation) =>
        _inputs is null ? await RowGroupInputs.LoadAsync(_group, _shape, _sources, column, 1, cancellation) : null;

    /// <summary>
    /// The column's chunks, which refer to memory of the inputs and of <paramref name="kept"/>; that is the caller's, as are the chunks.
    /// </summary>
    internal async Task<IReadOnlyList<ChunkFacts>> RunAsync(
        int column, RowGroupInputs? own, List<EncodedChunk> kept, CancellationToken cancellation)
    {
        MergeColumn target = _shape.Columns[column];
        if (_options.Constants.TryGetValue(target.Field.Name, out ConstantColumn? constant))
        {
            return [ConstantColumnWriter.Chunk(constant with { Field = target.Field }, RowCount, _options.Writer)];
        }

        bool[] isEncoded = [.. _group.Inputs.Select(i => _shape.Sources[i.Source][column].WhyReencoded is not null)];
        if (Array.TrueForAll(isEncoded, static e => e))
        {
            return await EncodeAsync(target, 0, isEncoded.Length, WriterFor(CodecOf(column)), cancellation);
        }

        var encoded = new List<(int Input, int Count, EncodedChunk[] Chunks)>();
        for (int i = 0; i < isEncoded.Length; i++)
        {
            int end = i;
            while (end < isEncoded.Length && isEncoded[end])
            {
                end++;
            }

            if (end > i)
            {
                // < Without dictionaries: behind such pages none with one may come, and these are the last where order allows.
                EncodedChunk[] chunks = await EncodeAsync(
                    target, i, end - i, WriterFor(CodecOf(column)) with { Dictionaries = false }, cancellation);
                kept.AddRange(chunks);
                encoded.Add((i, end - i, chunks));
                i = end - 1;
            }
        }

        return [.. target.Leaves.Select((leaf, l) => Join(column, l, own ?? _inputs!, encoded))];
    }

    private ParquetWriterOptions WriterFor(CompressionCodec codec) =>
        codec == _options.Writer.Codec ? _options.Writer : _options.Writer with { Codec = codec, CompressionLevel = null };

    private CompressionCodec CodecOf(int column, int leaf = 0) => _group.Columns[_firstLeaves[column] + leaf].Codec;

    private Task<EncodedChunk[]> EncodeAsync(
        MergeColumn target, int from, int count, ParquetWriterOptions options, CancellationToken cancellation) =>
        ColumnReencoding.RunAsync(
            _group.Inputs.Skip(from).Take(count).Select(i => (_sources[i.Source], i.RowGroup)), target.Field.Name, target.Field, options, cancellation);

    private JoinedChunk Join(int column, int leaf, RowGroupInputs inputs, List<(int Input, int Count, EncodedChunk[] Chunks)> encoded)
    {
        MergeColumn target = _shape.Columns[column];
        MergedColumn plan = _group.Columns[_firstLeaves[column] + leaf];
        var brought = new List<LeafInput>();
        var read = new List<(int Input, Leaf? Leaf)>();
        for (int i = 0; i < _group.Inputs.Length; i++)
        {
            long rows = _sources[_group.Inputs[i].Source].MetaData.RowGroups[_group.Inputs[i].RowGroup].NumRows;
            if (encoded.Find(e => e.Input == i) is { Count: > 0 } run)
            {
                long all = _group.Inputs.Skip(i).Take(run.Count).Sum(n => _sources[n.Source].MetaData.RowGroups[n.RowGroup].NumRows);
                ChunkPiece piece = PieceReading.OfEncoded(target.Leaves[leaf].Leaf, run.Chunks[leaf], all);
                brought.Add(new LeafInput(piece, new SourceLeaf(LeafOrigin.Encoded, null), all, Joins: false));
                read.Add((i, null));
                i += run.Count - 1;
                continue;
            }

            SourceLeaf from = _shape.Sources[_group.Inputs[i].Source][column].Leaves[leaf];
            brought.Add(new LeafInput(
                from.Leaf is { } taken ? inputs.Piece(i, taken) : null, from, rows, plan.Steps[i].Tier == MergeTier.Coalesce));
            read.Add((i, from.Leaf));
        }

        return LeafMerge.Run(
            target.FieldOf(leaf),
            target.Leaves[leaf],
            [.. brought],
            plan.Codec,
            _options,
            (fault, i) => read[i].Leaf is { } at ? inputs.Located(fault, read[i].Input, at) : fault);
    }
}
