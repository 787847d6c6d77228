using System.Buffers;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Fuzz;

/// <summary>Whole column chunks. An input is two bytes that choose the leaf, then the chunk.</summary>
internal sealed class ChunkSamples
{
    private const int RowsAtATime = 1000;
    private readonly List<(ColumnMetaData Meta, Leaf Leaf, long Rows)> _kinds = [];

    internal List<byte[]> Inputs { get; } = [];

    internal void Add(byte[] chunk, ColumnMetaData meta, Leaf leaf, long rows)
    {
        Inputs.Add([(byte)_kinds.Count, (byte)(_kinds.Count >> 8), .. chunk]);
        _kinds.Add((meta, leaf, rows));
    }

    internal void Read(byte[] input)
    {
        if (input.Length < 2)
        {
            return;
        }

        (ColumnMetaData meta, Leaf leaf, long rows) = _kinds[(input[0] | (input[1] << 8)) % _kinds.Count];
        byte[] chunk = ArrayPool<byte>.Shared.Rent(Math.Max(1, input.Length - 2));
        input.AsSpan(2).CopyTo(chunk);
        using var reader = new LeafReader(
            leaf, new PageReader(meta.Codec, Checksums.Ignored, new ChunkBytes(0, chunk, input.Length - 2)), meta.NumValues);
        using var builder = new ColumnBuilder(leaf.Type.Type);
        using var levels = new LevelBuffer();
        for (long row = 0; row < rows; row += RowsAtATime)
        {
            levels.Clear();
            reader.Begin();
            reader.Read([new RowRange(row, Math.Min(rows, row + RowsAtATime))], builder, levels);
            builder.Finish().Dispose();
        }
    }
}
