using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>What the footer and the page index say about a column chunk, wherever its bytes are.</summary>
internal record ChunkFacts
{
    internal required Field Field { get; init; }

    /// <summary>The names from the root down.</summary>
    internal ImmutableArray<string> Path { get => field.IsDefault ? [Field.Name] : field; init; }

    /// <summary>How values lie in the file; that of what is written here when it is not said.</summary>
    internal LeafType Type
    {
        get => field = field == default ? LeafTypes.Of(SchemaMapping.ToElement(Field)) : field;
        init;
    }

    /// <summary>Whether a row goes on in a second page, or may: then no index can say which rows a page holds.</summary>
    internal bool SplitsRows { get; init; }

    internal required CompressionCodec Codec { get; init; }

    /// <summary>The length of the dictionary page with its header, 0 when there is none.</summary>
    internal int DictionaryByteCount { get; init; }

    /// <summary>The length of the data pages with their headers.</summary>
    internal long PagesByteCount { get; init; }

    /// <summary>Constant columns only: where the CRC and the value stand in the dictionary page.</summary>
    internal (int CrcOffset, int ValueOffset, int ValueLength) PatchableBytes { get; init; }

    internal required EncodedPage[] PageIndex { get; init; }

    /// <summary>False when a page's bounds or nulls are not known: the chunk goes without a column index.</summary>
    internal bool HasColumnIndex { get; init; } = true;

    /// <summary>
    /// Of leaves in structs, lists and maps, page by page: how many entries have each repetition level, then each definition level.
    /// Empty for flat columns, whose null counts say the same, and when it is not known.
    /// </summary>
    internal long[] LevelHistograms { get; init; } = [];

    /// <summary>The bloom filter with its header; empty when there is none.</summary>
    internal byte[] BloomFilter { get; init; } = [];

    /// <summary>The highest repetition level.</summary>
    internal int MaxRepetition { get; init; }

    /// <summary>The bytes of all bounds.</summary>
    internal required PooledBuffer Bounds { get; init; }

    /// <summary>The chunk's bounds and counts; null: what the pages' together say.</summary>
    internal Statistics? Statistics { get; init; }

    /// <summary>What the footer of the file says from which the chunk is taken whole; null when it is not taken whole.</summary>
    internal ColumnMetaData? Taken { get; init; }

    /// <summary>Headers and pages before compression, dictionary included.</summary>
    internal required long UncompressedByteCount { get; init; }

    internal long ByteCount => DictionaryByteCount + PagesByteCount;

    /// <summary>Whether the bytes of strings and binary are known of every page.</summary>
    internal bool HasVariableByteCounts => Type.Stored == ParquetType.ByteArray && Array.TrueForAll(PageIndex, static p => p.VariableByteCount >= 0);

    /// <summary>The histograms of a page, or of the whole chunk when none is named: repetition levels, definition levels.</summary>
    internal (long[] Repetitions, long[] Definitions) Histograms(int? page)
    {
        int perPage = LevelHistograms.Length / Math.Max(1, PageIndex.Length);
        if (perPage == 0)
        {
            return ([], []);
        }

        long[] sums = new long[perPage];
        ReadOnlySpan<long> all = page is { } one ? LevelHistograms.AsSpan(one * perPage, perPage) : LevelHistograms;
        for (int i = 0; i < all.Length; i++)
        {
            sums[i % perPage] += all[i];
        }

        return (sums[..(MaxRepetition + 1)], sums[(MaxRepetition + 1)..]);
    }

    internal ReadOnlySpan<byte> Minimum(in EncodedPage page) => Bounds.Written.Slice(page.MinimumOffset, page.MinimumLength);

    internal ReadOnlySpan<byte> Maximum(in EncodedPage page) => Bounds.Written.Slice(page.MaximumOffset, page.MaximumLength);
}

/// <summary>A data page within its chunk.</summary>
internal struct EncodedPage
{
    /// <summary>Where it begins, counted from the first data page.</summary>
    internal long Offset;
    internal int ByteCount;
    internal int RowCount;

    /// <summary>Entries, nulls included: as many as rows, unless the leaf is in lists.</summary>
    internal int ValueCount;

    /// <summary>Nulls among them; -1 when that is not known.</summary>
    internal int NullCount;
    internal int MinimumOffset;
    internal int MinimumLength;
    internal int MaximumOffset;
    internal int MaximumLength;
    internal bool HasBounds;
    internal bool MinimumIsExact;
    internal bool MaximumIsExact;
    internal bool IsV2;
    internal ParquetEncoding Encoding;

    /// <summary>Bytes of strings and binary without lengths and nulls (parquet.thrift OffsetIndex); -1 when that is not known.</summary>
    internal long VariableByteCount;

    /// <summary>Appends the bounds to those of the chunk.</summary>
    internal void SetBounds(PooledBuffer bounds, ReadOnlySpan<byte> minimum, ReadOnlySpan<byte> maximum)
    {
        HasBounds = true;
        (MinimumOffset, MinimumLength) = (bounds.Length, minimum.Length);
        bounds.Append(minimum);
        (MaximumOffset, MaximumLength) = (bounds.Length, maximum.Length);
        bounds.Append(maximum);
    }
}
