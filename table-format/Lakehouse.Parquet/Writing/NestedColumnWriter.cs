using System.Buffers;
using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// A struct, list or map column: each leaf below it is a chunk of its own. Rows are shredded into entries with levels (Dremel), and the
/// leaf's values are put into a vector that has a slot for every entry. Owns the leaves' writers.
/// </summary>
internal sealed class NestedColumnWriter : IDisposable
{
    private readonly Field _field;
    private readonly ImmutableArray<Leaf> _leaves;
    private uint[] _definitions = ArrayPool<uint>.Shared.Rent(1024);
    private uint[] _repetitions = ArrayPool<uint>.Shared.Rent(1024);
    private uint[] _positions = ArrayPool<uint>.Shared.Rent(1024);
    private byte[] _valid = ArrayPool<byte>.Shared.Rent(1024);
    private int _count;
    private int _present;

    internal NestedColumnWriter(Field field, Func<Field, LeafPath, ColumnWriter> newWriter)
    {
        _field = field;
        _leaves =
        [
            .. SchemaMapping.LeavesOf(field).Zip(Routes(field.Type))
                .Select(l => new Leaf(l.Second, newWriter(l.First.Leaf, l.First.Path), new ColumnBuilder(l.First.Leaf.Type))),
        ];
    }

    internal int LeafCount => _leaves.Length;

    internal long BufferedByteCount => _leaves.Sum(static l => l.Writer.BufferedByteCount);

    /// <summary>Appends rows.</summary>
    internal void Write(ColumnVector vector, int from, int rows)
    {
        foreach (Leaf leaf in _leaves)
        {
            (_count, _present) = (0, 0);
            for (int row = from; row < from + rows; row++)
            {
                Shred(vector, _field, row, leaf.Route.AsSpan(), 0, 0, 0);
            }

            ColumnVector values = vector;
            foreach (int child in leaf.Route)
            {
                values = values.Children[child];
            }

            using ColumnVector entries = Align(leaf, values);
            leaf.Writer.Write(entries, _definitions.AsSpan(0, _count), _repetitions.AsSpan(0, _count));
        }
    }

    /// <summary>Ends the chunks of all leaves.</summary>
    internal EncodedChunk[] FinishChunks() => [.. _leaves.Select(static l => l.Writer.FinishChunk())];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Leaf leaf in _leaves)
        {
            leaf.Writer.Dispose();
            leaf.Builder.Dispose();
        }

        ArrayPool<uint>.Shared.Return(_definitions);
        ArrayPool<uint>.Shared.Return(_repetitions);
        ArrayPool<uint>.Shared.Return(_positions);
        ArrayPool<byte>.Shared.Return(_valid);
        (_definitions, _repetitions, _positions, _valid) = ([], [], [], []);
    }

    /// <summary>Emits the entries that one value has in the leaf at the end of a route.</summary>
    private void Shred(ColumnVector vector, Field field, int index, ReadOnlySpan<int> route, int definition, int repetition, int depth)
    {
        if (!field.Required)
        {
            if (!vector.IsValid(index))
            {
                Emit(definition, repetition, -1);
                return;
            }

            definition++;
        }

        if (route.IsEmpty)
        {
            Emit(definition, repetition, index);
            return;
        }

        ColumnVector child = vector.Children[route[0]];
        Field childField = vector.Type.Children[route[0]];
        if (vector.Type.Kind == TypeKind.Struct)
        {
            Shred(child, childField, index, route[1..], definition, repetition, depth);
            return;
        }

        int start = vector.Offsets[index];
        int end = vector.Offsets[index + 1];
        if (start == end)
        {
            Emit(definition, repetition, -1);
        }

        for (int element = start; element < end; element++)
        {
            Shred(child, childField, element, route[1..], definition + 1, element == start ? repetition : depth + 1, depth + 1);
        }
    }

    /// <summary>The way to each leaf: which child, level by level.</summary>
    private static IEnumerable<ImmutableArray<int>> Routes(ColumnType type) => type.IsNested
        ? type.Children.SelectMany(static (child, i) => Routes(child.Type).Select(route => route.Insert(0, i)))
        : [[]];

    private void Emit(int definition, int repetition, int position)
    {
        if (_count == _definitions.Length || _count == _repetitions.Length || _present == _positions.Length || _count / 8 == _valid.Length)
        {
            Grow();
        }

        _definitions[_count] = (uint)definition;
        _repetitions[_count] = (uint)repetition;
        if ((_count & 7) == 0)
        {
            _valid[_count >> 3] = 0;
        }

        if (position >= 0)
        {
            _positions[_present++] = (uint)position;
            Bitmap.Set(_valid, _count);
        }

        _count++;
    }

    private ColumnVector Align(Leaf leaf, ColumnVector values)
    {
        leaf.Builder.AppendFrom(values, _positions.AsSpan(0, _present));
        if (_present < _count)
        {
            leaf.Builder.Spread(_present, _valid, _count);
        }

        return leaf.Builder.Finish();
    }

    private void Grow()
    {
        Grow(ref _definitions, _count);
        Grow(ref _repetitions, _count);
        Grow(ref _positions, _present);
        Grow(ref _valid, Bitmap.ByteCount(_count));
    }

    private static void Grow<T>(ref T[] array, int used)
    {
        T[] larger = ArrayPool<T>.Shared.Rent(2 * array.Length);
        array.AsSpan(0, used).CopyTo(larger);
        ArrayPool<T>.Shared.Return(array);
        array = larger;
    }

    private sealed record Leaf(ImmutableArray<int> Route, ColumnWriter Writer, ColumnBuilder Builder);
}
