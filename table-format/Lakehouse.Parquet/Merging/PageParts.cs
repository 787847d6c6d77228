using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>
/// The levels and values of an unpacked data page: <c>[repetition levels] [definition levels] values</c>. Not thread safe; each call replaces
/// what the one before gave.
/// </summary>
internal sealed class PageParts : IDisposable
{
    /// <summary>Entries of a page that is taken apart at most: a few bytes can claim any number.</summary>
    private const int EntryCountMax = 1 << 24;

    // The encoder clears up to seven values behind the last one.
    private const int Slack = 8;
    private readonly PooledBuffer _body = new(64 << 10);
    private uint[] _repetitions = ArrayPool<uint>.Shared.Rent(1 << 15);
    private uint[] _definitions = ArrayPool<uint>.Shared.Rent(1 << 15);
    private uint[] _indexes = ArrayPool<uint>.Shared.Rent(1 << 15);
    private int _valuesStart;

    // How many repetition levels are known to be 0; and the level that all definition levels have which are not filled in, -1 for none.
    private int _zeroCount;
    private int _definition = -1;

    /// <summary>The whole body.</summary>
    internal ReadOnlySpan<byte> Body => _body.Written;

    /// <summary>The levels' bytes as they stand in front of the values.</summary>
    internal ReadOnlySpan<byte> LevelBytes => Body[.._valuesStart];

    /// <summary>The values' bytes.</summary>
    internal ReadOnlySpan<byte> ValueBytes => Body[_valuesStart..];

    /// <summary>Entries, nulls included.</summary>
    internal int Count { get; private set; }

    /// <summary>Entries that are values.</summary>
    internal int Present { get; private set; }

    internal ReadOnlySpan<uint> Repetitions => _repetitions.AsSpan(0, Count);

    internal Span<uint> Definitions
    {
        get
        {
            Span<uint> definitions = _definitions.AsSpan(0, Count);
            if (_definition >= 0)
            {
                definitions.Fill((uint)_definition);
                _definition = -1;
            }

            return definitions;
        }
    }

    /// <summary>Unpacks a page and reads its levels. Throws <see cref="ParquetFormatException"/> when they make no sense.</summary>
    internal void Open(ChunkPiece piece, in PiecePage page)
    {
        PageHeader header = page.Header;
        Leaf leaf = piece.Leaf;
        Count = header.NumValues <= EntryCountMax
            ? header.NumValues
            : throw new ParquetFormatException($"A page of {header.NumValues} values is too large to be written anew.");
        _body.Clear();
        PageAssembly.Unpack(piece.Codec, header, piece.Packed(page), _body);
        int start = 0;
        LevelStream repetitions;
        LevelStream definitions;
        if (header.Type == PageType.DataPageV2)
        {
            repetitions = LevelStream.OfV2(leaf.MaxRepetition, header.RepetitionLevelsByteLength, ref start);
            definitions = LevelStream.OfV2(leaf.MaxDefinition, header.DefinitionLevelsByteLength, ref start);
        }
        else
        {
            repetitions = LevelStream.OfV1(header.RepetitionLevelEncoding, leaf.MaxRepetition, Count, Body, ref start, _body.Length);
            definitions = LevelStream.OfV1(header.DefinitionLevelEncoding, leaf.MaxDefinition, Count, Body, ref start, _body.Length);
        }

        _valuesStart = start;
        ReadRepetitions(ref repetitions, leaf.MaxRepetition);
        PooledArrays.Grow(ref _definitions, 0, Count + Slack);
        if (leaf.MaxDefinition == 0 || definitions.IsRunOf(Body, Count, (uint)leaf.MaxDefinition))
        {
            (_definition, Present) = (leaf.MaxDefinition, Count); // < Most pages have no nulls, and most of those are not asked for levels.
            return;
        }

        _definition = -1;
        definitions.Read(Body, _definitions.AsSpan(0, Count));
        Present = Definitions.Count((uint)leaf.MaxDefinition);
    }

    private void ReadRepetitions(ref LevelStream levels, int max)
    {
        if (_repetitions.Length < Count + Slack)
        {
            PooledArrays.Grow(ref _repetitions, 0, Count + Slack);
            _zeroCount = 0;
        }

        if (max > 0)
        {
            levels.Read(Body, _repetitions.AsSpan(0, Count));
            _zeroCount = 0;
        }
        else if (_zeroCount < Count)
        {
            _repetitions.AsSpan(_zeroCount..Count).Clear();
            _zeroCount = Count;
        }
    }

    /// <summary>
    /// The dictionary indexes of the page, with room behind them for the encoder. Throws <see cref="ParquetFormatException"/> for one that the
    /// dictionary does not have.
    /// </summary>
    internal Span<uint> ReadIndexes(int entryCount)
    {
        PooledArrays.Grow(ref _indexes, 0, Present + Slack);
        Span<uint> indexes = _indexes.AsSpan(0, Present);
        if (Present == 0)
        {
            return indexes;
        }

        if (ValueBytes.IsEmpty || entryCount == 0)
        {
            throw new ParquetFormatException($"{Present} indexes into a dictionary of {entryCount} in {ValueBytes.Length} bytes.");
        }

        new RleStream(_valuesStart + 1, _body.Length, ValueBytes[0]).Read(Body, indexes);
        return indexes.IndexOfAnyExceptInRange(0u, (uint)entryCount - 1) is >= 0 and int wrong
            ? throw new ParquetFormatException($"Index {indexes[wrong]} into a dictionary of {entryCount}.")
            : indexes;
    }

    /// <summary>The same, as they are in another dictionary.</summary>
    internal Span<uint> ReadIndexes(int entryCount, ReadOnlySpan<uint> map)
    {
        Span<uint> indexes = ReadIndexes(entryCount);
        if (!map.IsEmpty)
        {
            Invariant.Holds(map.Length >= entryCount, "a map has all entries");
            ref uint to = ref MemoryMarshal.GetReference(map);
            foreach (ref uint index in indexes)
            {
                index = Unsafe.Add(ref to, (nint)index); // < They were looked at.
            }
        }

        return indexes;
    }

    /// <summary>Appends <c>u8 width | runs</c>; overwrites up to seven values behind the indexes.</summary>
    internal static void AppendIndexes(PooledBuffer target, uint[] indexes, int count, int entryCount)
    {
        int width = BitPacking.Width((uint)Math.Max(0, entryCount - 1));
        Span<byte> room = target.Reserve(1 + RleHybrid.BytesMax(count, width));
        room[0] = (byte)width;
        target.Advance(1 + (count == 0 ? 0 : RleHybrid.Encode(indexes, count, width, room[1..])));
    }

    /// <summary>Appends the indexes that were read last.</summary>
    internal void AppendIndexes(PooledBuffer target, int entryCount) => AppendIndexes(target, _indexes, Present, entryCount);

    /// <inheritdoc/>
    public void Dispose()
    {
        _body.Dispose();
        ArrayPool<uint>.Shared.Return(_repetitions);
        ArrayPool<uint>.Shared.Return(_definitions);
        ArrayPool<uint>.Shared.Return(_indexes);
        (_repetitions, _definitions, _indexes) = ([], [], []);
    }
}
