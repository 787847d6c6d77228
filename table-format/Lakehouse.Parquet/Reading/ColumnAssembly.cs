using System.Buffers;
using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>
/// One column of a row group as it is read: the leaves' values, and above them structs, lists and maps, whose nulls and lengths come from
/// the levels of their first leaf. Owns the readers of its leaves.
/// </summary>
internal sealed class ColumnAssembly : IDisposable
{
    private readonly ColumnShape _shape;
    private readonly LeafReader? _reader;
    private readonly ColumnBuilder? _values;
    private readonly LevelBuffer? _levels;
    private readonly ImmutableArray<ColumnAssembly> _children;

    /// <summary>The column <paramref name="shape"/>, its leaves read by what <paramref name="open"/> makes.</summary>
    internal ColumnAssembly(ColumnShape shape, Func<Leaf, LeafReader> open)
        : this(shape, open, isNested: false)
    {
    }

    private ColumnAssembly(ColumnShape shape, Func<Leaf, LeafReader> open, bool isNested)
    {
        _shape = shape;
        _children = [];
        switch (shape)
        {
            case ColumnShape.OfLeaf leaf:
                _reader = open(leaf.Leaf);
                _values = new ColumnBuilder(leaf.Leaf.Type.Type);
                _levels = isNested ? new LevelBuffer() : null;
                break;
            case ColumnShape.OfStruct of:
                _children = [.. of.Members.Select(m => new ColumnAssembly(m, open, isNested: true))];
                break;
            case ColumnShape.OfList of:
                _children = [.. of.Elements.Select(e => new ColumnAssembly(e, open, isNested: true))];
                break;
        }
    }

    private LevelBuffer Levels => _levels ?? _children[0].Levels;

    /// <summary>Begins with other rows; they lie behind those that were read.</summary>
    internal void Begin()
    {
        _reader?.Begin();
        _levels?.Clear();
        foreach (ColumnAssembly child in _children)
        {
            child.Begin();
        }
    }

    /// <summary>
    /// Reads the leaves of rows; null when all are read and <see cref="Build()"/> may follow, else the chunk whose bytes have to be fetched
    /// before the same call goes on. Throws <see cref="LeafException"/> when a leaf below is damaged.
    /// </summary>
    internal ChunkBytes? Read(ReadOnlySpan<RowRange> rows)
    {
        if (_shape is ColumnShape.OfLeaf { Leaf: { } leaf })
        {
            return Read(rows, leaf) ? null : _reader!.Bytes; // not null: this is a leaf
        }

        foreach (ColumnAssembly child in _children)
        {
            if (child.Read(rows) is { } wanting)
            {
                return wanting;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader?.Dispose();
        _values?.Dispose();
        _levels?.Dispose();
        foreach (ColumnAssembly child in _children)
        {
            child.Dispose();
        }
    }

    private bool Read(ReadOnlySpan<RowRange> rows, Leaf leaf)
    {
        try
        {
            return _reader!.Read(rows, _values!, _levels); // not null: this is a leaf
        }
        catch (ParquetFormatException e)
        {
            throw new LeafException(leaf, _reader!.PageOffset, e);
        }
        catch (OverflowException e)
        {
            throw new LeafException(leaf, _reader!.PageOffset, new ParquetFormatException("A batch of rows holds more than 2 GiB of values.", e));
        }
    }

    /// <summary>The column of the rows that were read.</summary>
    internal ColumnVector Build()
    {
        if (_values is not null)
        {
            return _values.Finish();
        }

        ImmutableArray<ColumnVector> children = [.. _children.Select(static c => c.Build())];
        try
        {
            return _shape is ColumnShape.OfList list
                ? Build(list, children)
                : Build((ColumnShape.OfStruct)_shape, children);
        }
        catch (ArgumentException e)
        {
            // < The leaves of one column disagree about how many elements there are.
            Leaf first = _shape.Leaves.First();
            throw new LeafException(first, 0, new ParquetFormatException($"The levels of the leaves below '{_shape.Field.Name}' disagree.", e));
        }
    }

    private ColumnVector Build(ColumnShape.OfStruct of, ImmutableArray<ColumnVector> children)
    {
        if (of.Field.Required && of.Definition == of.SlotDefinition)
        {
            return ColumnVector.Nested(of.Field.Type, children[0].Length, default, default, children);
        }

        ReadOnlySpan<byte> definitions = Levels.Definitions;
        ReadOnlySpan<byte> repetitions = Levels.Repetitions;
        byte[] valid = RentBits(definitions.Length);
        int slots = 0;
        for (int i = 0; i < definitions.Length; i++)
        {
            if (repetitions[i] <= of.Repetition && definitions[i] >= of.SlotDefinition)
            {
                if (definitions[i] >= of.Definition)
                {
                    Bitmap.Set(valid, slots);
                }

                slots++;
            }
        }

        ColumnVector built = ColumnVector.Nested(of.Field.Type, slots, valid, default, children);
        ArrayPool<byte>.Shared.Return(valid);
        return built;
    }

    private ColumnVector Build(ColumnShape.OfList of, ImmutableArray<ColumnVector> children)
    {
        ReadOnlySpan<byte> definitions = Levels.Definitions;
        ReadOnlySpan<byte> repetitions = Levels.Repetitions;
        byte[] valid = RentBits(definitions.Length);
        int[] offsets = ArrayPool<int>.Shared.Rent(definitions.Length + 1);
        int slots = 0;
        int elements = 0;
        offsets[0] = 0;
        for (int i = 0; i < definitions.Length; i++)
        {
            if (repetitions[i] > of.Repetition)
            {
                continue; // Within an element.
            }

            if (repetitions[i] < of.Repetition && definitions[i] >= of.SlotDefinition)
            {
                if (definitions[i] >= of.Definition)
                {
                    Bitmap.Set(valid, slots);
                }

                slots++;
            }

            elements += definitions[i] >= of.ElementDefinition ? 1 : 0;
            offsets[slots] = elements;
        }

        ColumnVector built = ColumnVector.Nested(of.Field.Type, slots, valid, offsets.AsSpan(0, slots + 1), children);
        ArrayPool<byte>.Shared.Return(valid);
        ArrayPool<int>.Shared.Return(offsets);
        return built;
    }

    private static byte[] RentBits(int count)
    {
        byte[] bits = ArrayPool<byte>.Shared.Rent(Math.Max(1, Bitmap.ByteCount(count)));
        bits.AsSpan(0, Bitmap.ByteCount(count)).Clear();
        return bits;
    }
}

/// <summary>What is wrong with a leaf, and where.</summary>
internal sealed class LeafException(Leaf leaf, long offset, ParquetFormatException reason) : Exception(reason.Message, reason)
{
    internal ParquetFormatException Reason { get; } = reason;

    internal Leaf Leaf { get; } = leaf;

    internal long Offset { get; } = offset;
}
