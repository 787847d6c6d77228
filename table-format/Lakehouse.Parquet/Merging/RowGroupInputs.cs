using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>
/// The bytes of the inputs of one output row group, or of some of its columns: chunks that lie close to each other are read together, and
/// files side by side. Owns pooled memory.
/// </summary>
internal sealed class RowGroupInputs : IDisposable
{
    /// <summary>Bytes that are read and thrown away rather than asked for around.</summary>
    private const long GapMax = 64 << 10;

    private readonly Loaded[] _inputs;
    private readonly InputMemory _memory;

    private RowGroupInputs(Loaded[] inputs)
    {
        _inputs = inputs;
        _memory = new InputMemory(inputs.Sum(static i => i.ByteCount));
        Array.ForEach(inputs, i => i.Place(_memory));
    }

    /// <summary>Reads what the columns from <paramref name="columnFrom"/> on, so many of them, need of each input.</summary>
    internal static async Task<RowGroupInputs> LoadAsync(
        MergedRowGroup group, MergeShape shape, IReadOnlyList<MergeSource> sources, int columnFrom, int columnCount, CancellationToken cancellation)
    {
        var inputs = new RowGroupInputs([.. group.Inputs.Select(i => new Loaded(i, sources[i.Source], [.. ChunksOf(shape, i, columnFrom, columnCount)]))]);
        try
        {
            await SideBySide.RunAsync(inputs._inputs, SideBySide.RequestsAtATime, static (input, c) => input.LoadAsync(c), cancellation);
            return inputs;
        }
        catch
        {
            inputs.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that <see cref="LoadAsync"/> holds.</summary>
    internal static long ByteCount(MergedRowGroup group, MergeShape shape, IReadOnlyList<MergeSource> sources, int columnFrom, int columnCount) =>
        group.Inputs.Sum(i => ChunksOf(shape, i, columnFrom, columnCount)
            .Sum(c => sources[i.Source].MetaData.RowGroups[i.RowGroup].Columns[c].MetaData.TotalCompressedSize));

    /// <summary>
    /// A chunk of an input, by the input's position in the group. Throws <see cref="ParquetFormatException"/> with its place when its pages
    /// make no sense.
    /// </summary>
    internal ChunkPiece Piece(int input, Leaf leaf)
    {
        Loaded loaded = _inputs[input];
        try
        {
            return PieceReading.OfFile(
                leaf,
                loaded.Source.MetaData,
                loaded.Group,
                loaded.BytesOf(leaf.Ordinal),
                loaded.Indexes.Columns.GetValueOrDefault(leaf.Ordinal),
                loaded.Indexes.Offsets.GetValueOrDefault(leaf.Ordinal),
                loaded.Indexes.Filters.TryGetValue(leaf.Ordinal, out BloomFilter? filter) ? filter.ToBytes() : []);
        }
        catch (ParquetFormatException e)
        {
            throw Located(e, input, leaf);
        }
    }

    /// <summary>The same fault, with the place of a chunk.</summary>
    internal ParquetFormatException Located(ParquetFormatException e, int input, Leaf leaf)
    {
        Loaded loaded = _inputs[input];
        return loaded.Source.Reader.Located(
            e, loaded.Input.RowGroup, leaf.Name, loaded.Source.Reader.Extent(loaded.Group.Columns[leaf.Ordinal].MetaData).Start);
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>The chunks of an input that some columns are made of.</summary>
    internal static IEnumerable<int> ChunksOf(MergeShape shape, MergeInput input, int columnFrom, int columnCount) =>
        shape.Sources[input.Source].Skip(columnFrom).Take(columnCount)
            .SelectMany(static c => c.Leaves).Select(static l => l.Leaf?.Ordinal).OfType<int>().Distinct().Order();

    private sealed class Loaded
    {
        private readonly MergeInput _input;
        private readonly int[] _chunks;
        private readonly (long Offset, int Length, Memory<byte> Bytes)[] _runs;

        internal Loaded(MergeInput input, MergeSource source, int[] chunks)
        {
            (_input, Source, _chunks) = (input, source, chunks);
            _runs = [.. RunsOf(source, input, [.. chunks.Select(c => source.Reader.Extent(Group.Columns[c].MetaData)).OrderBy(static e => e.Start)])];
        }

        internal MergeInput Input => _input;

        internal MergeSource Source { get; }

        internal RowGroup Group => Source.MetaData.RowGroups[_input.RowGroup];

        internal PageIndexes Indexes { get; private set; } = PageIndexes.None;

        /// <summary>Bytes that are read at once.</summary>
        internal long ByteCount => _runs.Sum(static r => (long)r.Length);

        internal void Place(InputMemory memory)
        {
            foreach (ref (long Offset, int Length, Memory<byte> Bytes) run in _runs.AsSpan())
            {
                run.Bytes = memory.Take(run.Length);
            }
        }

        internal async Task LoadAsync(CancellationToken cancellation)
        {
            await Source.Store.ReadAsync(Source.Path, [.. _runs.Select(static r => new ReadRange(r.Offset, r.Bytes))], cancellation);
            Indexes = await Source.Reader.Indexes.ReadAsync(_input.RowGroup, _chunks, _chunks, _chunks, cancellation);
        }

        internal ReadOnlyMemory<byte> BytesOf(int chunk)
        {
            (long start, long length) = Source.Reader.Extent(Group.Columns[chunk].MetaData);
            (long offset, int runLength, Memory<byte> bytes) = Array.Find(_runs, r => start >= r.Offset && start + length <= r.Offset + r.Length);
            Invariant.Holds(start - offset + length <= runLength, "a chunk that is asked for was read");
            return bytes.Slice((int)(start - offset), (int)length);
        }

        /// <summary>Chunks that lie close to each other, in the order of their offsets, make one run.</summary>
        private static IEnumerable<(long Offset, int Length, Memory<byte> Bytes)> RunsOf(
            MergeSource source, MergeInput input, (long Start, long Length)[] extents)
        {
            for (int i = 0; i < extents.Length;)
            {
                (long start, long end) = (extents[i].Start, extents[i].Start + extents[i].Length);
                for (i++; i < extents.Length && extents[i].Start - end <= GapMax && extents[i].Start + extents[i].Length - start <= int.MaxValue / 2; i++)
                {
                    end = Math.Max(end, extents[i].Start + extents[i].Length);
                }

                yield return end - start <= Array.MaxLength
                    ? (start, (int)(end - start), default)
                    : throw new ParquetFormatException(
                        $"'{source.Path}', row group {input.RowGroup}: a chunk of {end - start} bytes is too large to be merged.");
            }
        }
    }
}
