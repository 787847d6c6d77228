using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>
/// The pages of one column chunk in memory, with what is known of them beside their headers. The memory belongs to whoever made the piece.
/// </summary>
internal sealed record ChunkPiece
{
    /// <summary>The leaf as the file has it that the pages come from.</summary>
    internal required Leaf Leaf { get; init; }

    internal required CompressionCodec Codec { get; init; }

    /// <summary>The dictionary page's bytes, header first; empty when there is none.</summary>
    internal ReadOnlyMemory<byte> DictionaryBytes { get; init; }

    /// <summary>The dictionary page; null when there is none.</summary>
    internal PiecePage? Dictionary { get; init; }

    /// <summary>What the pages' offsets count in.</summary>
    internal required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>The data pages.</summary>
    internal required PiecePage[] Pages { get; init; }

    /// <summary>Rows of the chunk.</summary>
    internal required long RowCount { get; init; }

    /// <summary>Entries, nulls included.</summary>
    internal required long ValueCount { get; init; }

    /// <summary>Bounds and nulls of each page; null when they are not known of all.</summary>
    internal ColumnIndex? Index { get; init; }

    /// <summary>Bytes of strings and binary of each page; empty when they are not known.</summary>
    internal ImmutableArray<long> VariableByteCounts { get; init; } = [];

    /// <summary>Bounds and counts of the chunk as far as they can be trusted; null when nothing is known.</summary>
    internal Statistics? Statistics { get; init; }

    /// <summary>The chunk's bloom filter with its header; empty when there is none.</summary>
    internal byte[] BloomFilter { get; init; } = [];

    /// <summary>Which pages there are, by their headers.</summary>
    internal PageKinds Kinds
    {
        get
        {
            PageKinds kinds = PageKinds.None;
            foreach (PiecePage page in Pages)
            {
                kinds |= page.IsDictionaryEncoded ? PageKinds.Dictionary : PageKinds.Other;
            }

            return kinds;
        }
    }

    /// <summary>Entries, nulls included, in pages that refer to the dictionary.</summary>
    internal long DictionaryValueCount => Pages.Sum(static p => p.IsDictionaryEncoded ? (long)p.Header.NumValues : 0);

    /// <summary>Whether a page of the dictionary follows another one, as nothing that is written here does.</summary>
    internal bool Alternates => Array.FindIndex(Pages, DictionaryPageCount, static p => p.IsDictionaryEncoded) >= 0;

    /// <summary>Pages of the dictionary before the first other one.</summary>
    internal int DictionaryPageCount => Array.FindIndex(Pages, static p => !p.IsDictionaryEncoded) is >= 0 and int other ? other : Pages.Length;

    /// <summary>Entries of the dictionary; 0 when there is none.</summary>
    internal int EntryCount => Dictionary?.Header.NumValues ?? 0;

    /// <summary>The bounds of a page; null when it has no values, or they are not known.</summary>
    internal (byte[] Min, byte[] Max)? BoundsOf(int page) =>
        Index is { } index && !index.NullPages[page] ? (index.MinValues[page], index.MaxValues[page]) : null;

    /// <summary>Bytes of the strings or binary of a page; -1 when they are not known.</summary>
    internal long VariableByteCountOf(int page) => VariableByteCounts.IsEmpty ? -1 : VariableByteCounts[page];

    /// <summary>Appends the dictionary's entries as they were before they were compressed; there has to be one.</summary>
    internal void UnpackDictionary(PooledBuffer target)
    {
        ReadOnlyMemory<byte> packed = PackedDictionary;
        PageAssembly.Unpack(Codec, Dictionary!.Value.Header, packed.Span, target); // < Not null: it is packed there.
    }

    /// <summary>The dictionary's compressed entries; there has to be one.</summary>
    internal ReadOnlyMemory<byte> PackedDictionary => Dictionary is { } page
        ? DictionaryBytes[page.HeaderByteCount..]
        : throw new InvariantViolatedException("a dictionary is taken from a piece that has one");

    /// <summary>Entries of a page without a value; -1 when that is not known beside the levels.</summary>
    internal int NullCountOf(int page)
    {
        PageHeader header = Pages[page].Header;
        return Index?.NullPages[page] == true ? header.NumValues
            : Leaf.MaxDefinition == 0 ? 0
            : Index is { NullCounts.IsEmpty: false } known ? (int)Math.Clamp(known.NullCounts[page], -1, header.NumValues)
            : header.NumNulls ?? -1;
    }

    internal ReadOnlySpan<byte> Packed(in PiecePage page) =>
        Bytes.Span.Slice(page.Offset + page.HeaderByteCount, page.Header.CompressedPageSize);
}

/// <summary>A page within a piece.</summary>
/// <param name="Offset">Where its header begins.</param>
/// <param name="HeaderByteCount">Bytes of the header.</param>
/// <param name="Header">The header.</param>
/// <param name="RowCount">Rows that begin in it; -1 when that is not known, or rows go on from page to page.</param>
internal readonly record struct PiecePage(int Offset, int HeaderByteCount, PageHeader Header, int RowCount)
{
    internal int End => Offset + HeaderByteCount + Header.CompressedPageSize;

    internal bool IsDictionaryEncoded => Header.Encoding is ParquetEncoding.PlainDictionary or ParquetEncoding.RleDictionary;
}
