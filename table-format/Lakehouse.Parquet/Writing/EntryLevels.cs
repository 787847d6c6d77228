using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Lakehouse.Parquet;

/// <summary>The levels of the entries of a page being built, for leaves in structs, lists and maps. Pooled; grows with the page.</summary>
internal sealed class EntryLevels(int maxDefinition, int maxRepetition) : IDisposable
{
    // The encoder clears up to seven values behind the last one.
    private const int Slack = 8;
    private uint[] _definitions = ArrayPool<uint>.Shared.Rent(1024 + Slack);
    private uint[] _repetitions = ArrayPool<uint>.Shared.Rent(1024 + Slack);

    /// <summary>The definition level of a value that is there.</summary>
    internal int MaxDefinition => maxDefinition;

    /// <summary>Entries at hand.</summary>
    internal int Count { get; private set; }

    /// <summary>How many of them begin a row.</summary>
    internal int RowCount { get; private set; }

    internal ReadOnlySpan<uint> Definitions => _definitions.AsSpan(0, Count);

    internal ReadOnlySpan<uint> Repetitions => _repetitions.AsSpan(0, Count);

    /// <summary>Bytes that the levels of so many entries take at most, their lengths included.</summary>
    internal int BytesMax(int count) => 8 + RleHybrid.BytesMax(count, Width(maxDefinition)) + RleHybrid.BytesMax(count, Width(maxRepetition));

    internal void Append(ReadOnlySpan<uint> definitions, ReadOnlySpan<uint> repetitions)
    {
        Reserve(Count + definitions.Length);
        definitions.CopyTo(_definitions.AsSpan(Count));
        repetitions.CopyTo(_repetitions.AsSpan(Count));
        RowCount += repetitions.Count(0u);
        Count += definitions.Length;
    }

    /// <summary>Levels for other entries of the same leaf.</summary>
    internal EntryLevels OfSameLeaf() => new(maxDefinition, maxRepetition);

    internal void Clear() => (Count, RowCount) = (0, 0);

    /// <summary>Writes the levels as a page begins, repetition first, each behind its length if <paramref name="prefixed"/> (V1).</summary>
    internal (int RepetitionBytes, int DefinitionBytes) Encode(Span<byte> target, bool prefixed)
    {
        int length = maxRepetition == 0 ? 0 : Encode(_repetitions, maxRepetition, target, prefixed);
        return (length, maxDefinition == 0 ? 0 : Encode(_definitions, maxDefinition, target[length..], prefixed));
    }

    /// <summary>Takes over the levels with which the body of a page begins; gives the bytes.</summary>
    internal int Decode(ReadOnlySpan<byte> body, int count, in PageHeader header)
    {
        Reserve(count);
        bool isV2 = header.Type == PageType.DataPageV2;
        int length = Decode(body, maxRepetition, isV2 ? header.RepetitionLevelsByteLength : null, _repetitions.AsSpan(0, count));
        length += Decode(body[length..], maxDefinition, isV2 ? header.DefinitionLevelsByteLength : null, _definitions.AsSpan(0, count));
        Count = count;
        RowCount = Repetitions.Count(0u);
        return length;
    }

    /// <summary>Adds the entries to the histograms: how many have each repetition level, then each definition level.</summary>
    internal void CountLevels(Span<long> histogram)
    {
        for (int i = 0; i < Count; i++)
        {
            histogram[(int)_repetitions[i]]++;
            histogram[maxRepetition + 1 + (int)_definitions[i]]++;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ArrayPool<uint>.Shared.Return(_definitions);
        ArrayPool<uint>.Shared.Return(_repetitions);
        (_definitions, _repetitions, Count) = ([], [], 0);
    }

    private int Encode(uint[] levels, int max, Span<byte> target, bool prefixed)
    {
        if (!prefixed)
        {
            return RleHybrid.Encode(levels, Count, Width(max), target);
        }

        int length = RleHybrid.Encode(levels, Count, Width(max), target[4..]);
        BinaryPrimitives.WriteInt32LittleEndian(target, length);
        return 4 + length;
    }

    private static int Decode(ReadOnlySpan<byte> body, int max, int? length, Span<uint> levels)
    {
        if (max == 0)
        {
            levels.Clear();
            return 0;
        }

        int start = length is null ? 4 : 0;
        int bytes = length ?? BinaryPrimitives.ReadInt32LittleEndian(body);
        RleHybrid.Decode(body.Slice(start, bytes), Width(max), levels);
        return start + bytes;
    }

    private static int Width(int max) => 32 - BitOperations.LeadingZeroCount((uint)max);

    private void Reserve(int count)
    {
        PooledArrays.Grow(ref _definitions, Count, count + Slack);
        PooledArrays.Grow(ref _repetitions, Count, count + Slack);
    }
}
