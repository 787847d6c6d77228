using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>A column chunk ready to be written: pages with their headers, and what the footer and the page index say about them.</summary>
internal sealed record EncodedChunk : IDisposable
{
    internal required Field Field { get; init; }

    /// <summary>The names from the root down.</summary>
    internal ImmutableArray<string> Path { get => field.IsDefault ? [Field.Name] : field; init; }

    /// <summary>Whether a row goes on in a second page: then no index can say which rows a page holds.</summary>
    internal bool SplitsRows { get; init; }

    internal required CompressionCodec Codec { get; init; }

    /// <summary>The dictionary page with its header, or null. Its bytes are there until <see cref="ReleasePages"/>.</summary>
    internal PooledBuffer? DictionaryPage
    {
        get;
        init => (field, DictionaryByteCount) = (value, value?.Length ?? 0);
    }

    /// <summary>The length of the dictionary page, 0 when there is none.</summary>
    internal int DictionaryByteCount { get; private init; }

    /// <summary>Constant columns only: where the CRC and the value stand in the dictionary page.</summary>
    internal (int CrcOffset, int ValueOffset, int ValueLength) PatchableBytes { get; init; }

    /// <summary>The data pages with their headers, without gaps. Their bytes are there until <see cref="ReleasePages"/>.</summary>
    internal required PooledBuffer Pages
    {
        get;
        init => (field, PagesByteCount) = (value, value.Length);
    }

    /// <summary>The length of the data pages.</summary>
    internal int PagesByteCount { get; private init; }

    internal required EncodedPage[] PageIndex { get; init; }

    /// <summary>
    /// Of leaves in structs, lists and maps, page by page: how many entries have each repetition level, then each definition level.
    /// Empty for flat columns, whose null counts say the same.
    /// </summary>
    internal long[] LevelHistograms { get; init; } = [];

    /// <summary>The bloom filter with its header; empty when there is none.</summary>
    internal byte[] BloomFilter { get; init; } = [];

    /// <summary>The highest repetition level.</summary>
    internal int MaxRepetition { get; init; }

    /// <summary>The bytes of all bounds.</summary>
    internal required PooledBuffer Bounds { get; init; }

    /// <summary>Headers and pages before compression, dictionary included.</summary>
    internal required long UncompressedByteCount { get; init; }

    internal long ByteCount => DictionaryByteCount + (long)PagesByteCount;

    internal long MemoryByteCount => (DictionaryPage?.Capacity ?? 0) + (long)Pages.Capacity + Bounds.Capacity;

    /// <summary>The histograms of a page, or of the whole chunk when none is named: repetition levels, definition levels.</summary>
    internal (long[] Repetitions, long[] Definitions) Histograms(int? page)
    {
        int perPage = LevelHistograms.Length / Math.Max(1, PageIndex.Length);
        long[] sums = new long[perPage];
        for (int i = 0; i < LevelHistograms.Length; i++)
        {
            sums[i % perPage] += page is null || i / perPage == page ? LevelHistograms[i] : 0;
        }

        return perPage == 0 ? ([], []) : (sums[..(MaxRepetition + 1)], sums[(MaxRepetition + 1)..]);
    }

    internal ReadOnlySpan<byte> Minimum(in EncodedPage page) => Bounds.Written.Slice(page.MinimumOffset, page.MinimumLength);

    internal ReadOnlySpan<byte> Maximum(in EncodedPage page) => Bounds.Written.Slice(page.MaximumOffset, page.MaximumLength);

    /// <summary>Gives the bytes of the pages back once they are written; what the footer says of them stays.</summary>
    internal void ReleasePages()
    {
        DictionaryPage?.Dispose();
        Pages.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ReleasePages();
        Bounds.Dispose();
    }
}

/// <summary>A data page within its chunk.</summary>
internal struct EncodedPage
{
    internal int Offset;
    internal int ByteCount;
    internal int RowCount;

    /// <summary>Entries, nulls included: as many as rows, unless the leaf is in lists.</summary>
    internal int ValueCount;
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

    /// <summary>Bytes of strings and binary without lengths and nulls (parquet.thrift OffsetIndex).</summary>
    internal long VariableByteCount;
}
