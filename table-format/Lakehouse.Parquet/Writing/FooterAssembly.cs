using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Reflection;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Makes the end of a file from its row groups: column indexes, offset indexes, bloom filters, footer, length, magic.</summary>
internal static class FooterAssembly
{
    private static readonly string CreatedBy = "Lakehouse version 0.1.0 (build "
        + (typeof(FooterAssembly).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0")
        + ")";

    /// <summary>What a file says that is written here, its rows aside.</summary>
    internal static FileMetaData Begin(ImmutableArray<SchemaElement> elements, ImmutableArray<KeyValue> keyValues) => new()
    {
        Schema = elements,
        KeyValueMetadata = keyValues,
        CreatedBy = CreatedBy,
        ColumnOrders = [.. elements.Where(static e => e.Type is not null).Select(static _ => ColumnOrder.Type)],
    };

    /// <summary>Appends all of it.</summary>
    /// <param name="tail">Where to.</param>
    /// <param name="file">See <see cref="Begin"/>.</param>
    /// <param name="groups">The row groups.</param>
    /// <param name="layouts">Where their chunks lie; where their indexes lie is filled in.</param>
    /// <param name="patches">Told where the values of patchable columns stand.</param>
    /// <param name="offset">Where in the file the tail begins.</param>
    internal static void Append(
        PooledBuffer tail,
        FileMetaData file,
        IReadOnlyList<FooterRowGroup> groups,
        List<ChunkLayout[]> layouts,
        PatchRecorder patches,
        long offset)
    {
        for (int g = 0; g < groups.Count; g++)
        {
            for (int c = 0; c < groups[g].Chunks.Count; c++)
            {
                AppendColumnIndex(tail, groups[g].Chunks[c], ref layouts[g][c], patches, offset);
            }
        }

        for (int g = 0; g < groups.Count; g++)
        {
            for (int c = 0; c < groups[g].Chunks.Count; c++)
            {
                ref ChunkLayout layout = ref layouts[g][c];
                if (groups[g].Chunks[c].SplitsRows)
                {
                    continue;
                }

                layout.OffsetIndexOffset = offset + tail.Length;
                PageIndexFormat.WriteOffsetIndex(tail, groups[g].Chunks[c], layout.Offset);
                layout.OffsetIndexLength = (int)(offset + tail.Length - layout.OffsetIndexOffset);
            }
        }

        for (int g = 0; g < groups.Count; g++)
        {
            for (int c = 0; c < groups[g].Chunks.Count; c++)
            {
                layouts[g][c].BloomFilterOffset = offset + tail.Length;
                tail.Append(groups[g].Chunks[c].BloomFilter);
            }
        }

        var rowGroups = ImmutableArray.CreateBuilder<RowGroup>(groups.Count);
        for (int g = 0; g < groups.Count; g++)
        {
            rowGroups.Add(Describe(groups[g], layouts[g], g, groups.Count, patches));
        }

        FileMetaData footer = file with { NumRows = groups.Sum(g => g.RowCount), RowGroups = rowGroups.MoveToImmutable() };
        int footerStart = tail.Length;
        FooterFormat.Write(tail, footer, patches, offset);
        int footerLength = tail.Length - footerStart;
        BinaryPrimitives.WriteInt32LittleEndian(tail.Reserve(4), footerLength);
        tail.Advance(4);
        tail.Append(FooterFormat.Magic);
    }

    /// <summary>Columns by their position among the leaves.</summary>
    internal static ImmutableArray<SortingColumn> Sorting(Schema schema, ImmutableArray<SortedBy> sortedBy)
    {
        string[] leaves = [.. schema.Fields.SelectMany(static f => SchemaMapping.LeavesOf(f)).Select(static l => l.Path.Name)];
        return
        [
            .. sortedBy.Select(s => Array.IndexOf(leaves, s.Column) is >= 0 and var index
                ? new SortingColumn(index, s.Descending, s.NullsFirst)
                : throw new ArgumentException($"Rows cannot be sorted by '{s.Column}', which is no leaf of {schema}.", nameof(sortedBy))),
        ];
    }

    private static void AppendColumnIndex(
        PooledBuffer tail, ChunkFacts chunk, ref ChunkLayout layout, PatchRecorder patches, long offset)
    {
        if (chunk.SplitsRows || !chunk.HasColumnIndex)
        {
            return;
        }

        foreach (ref readonly EncodedPage page in chunk.PageIndex.AsSpan())
        {
            if (!page.HasBounds && page.NullCount < page.ValueCount)
            {
                // < A page of NaN only has no bounds, which the index cannot say: the chunk goes without one.
                return;
            }
        }

        layout.ColumnIndexOffset = offset + tail.Length;
        PageIndexFormat.WriteColumnIndex(tail, chunk, OrderOf(chunk), patches, offset);
        layout.ColumnIndexLength = (int)(offset + tail.Length - layout.ColumnIndexOffset);
    }

    private static BoundaryOrder OrderOf(ChunkFacts chunk)
    {
        bool ascending = true;
        bool descending = true;
        int last = -1;
        for (int i = 0; i < chunk.PageIndex.Length; i++)
        {
            ref readonly EncodedPage page = ref chunk.PageIndex[i];
            if (!page.HasBounds)
            {
                continue;
            }

            if (last >= 0)
            {
                int low = Compare(chunk, chunk.Minimum(chunk.PageIndex[last]), chunk.Minimum(page));
                int high = Compare(chunk, chunk.Maximum(chunk.PageIndex[last]), chunk.Maximum(page));
                ascending &= low <= 0 && high <= 0;
                descending &= low >= 0 && high >= 0;
            }

            last = i;
        }

        return ascending ? BoundaryOrder.Ascending : descending ? BoundaryOrder.Descending : BoundaryOrder.Unordered;
    }

    private static RowGroup Describe(FooterRowGroup group, ChunkLayout[] layouts, int ordinal, int groupCount, PatchRecorder patches)
    {
        var columns = ImmutableArray.CreateBuilder<ColumnChunk>(layouts.Length);
        for (int c = 0; c < layouts.Length; c++)
        {
            ChunkFacts chunk = group.Chunks[c];
            ChunkLayout layout = layouts[c];
            if (chunk.PatchableBytes.CrcOffset > 0)
            {
                (int crc, int value, int length) = chunk.PatchableBytes;
                patches.Add(chunk.Field.Name, PatchKind.PageCrc, layout.Offset + crc, 5);
                patches.Add(chunk.Field.Name, PatchKind.Value, layout.Offset + value, length);
            }

            columns.Add(new ColumnChunk
            {
                MetaData = Describe(chunk, layout),
                OffsetIndexOffset = layout.OffsetIndexLength > 0 ? layout.OffsetIndexOffset : null,
                OffsetIndexLength = layout.OffsetIndexLength > 0 ? layout.OffsetIndexLength : null,
                ColumnIndexOffset = layout.ColumnIndexLength > 0 ? layout.ColumnIndexOffset : null,
                ColumnIndexLength = layout.ColumnIndexLength > 0 ? layout.ColumnIndexLength : null,
            });
        }

        return new RowGroup
        {
            Columns = columns.MoveToImmutable(),
            NumRows = group.RowCount,
            TotalByteSize = group.Chunks.Sum(c => c.UncompressedByteCount),
            TotalCompressedSize = group.Chunks.Sum(c => c.ByteCount),
            SortingColumns = group.SortedBy,
            FileOffset = layouts.Length > 0 ? layouts[0].Offset : null,
            Ordinal = groupCount <= short.MaxValue ? (short)ordinal : null,
        };
    }

    private static ColumnMetaData Describe(ChunkFacts chunk, ChunkLayout layout)
    {
        bool hasDictionary = chunk.DictionaryByteCount > 0;
        if (chunk.Taken is { } taken)
        {
            return taken with
            {
                PathInSchema = chunk.Path,
                DataPageOffset = layout.Offset + chunk.DictionaryByteCount,
                DictionaryPageOffset = hasDictionary ? layout.Offset : null,
                Statistics = chunk.Statistics,
                BloomFilterOffset = chunk.BloomFilter.Length > 0 ? layout.BloomFilterOffset : null,
                BloomFilterLength = chunk.BloomFilter.Length > 0 ? chunk.BloomFilter.Length : null,
            };
        }

        ImmutableArray<PageEncodingStats> pages = CountPages(chunk, hasDictionary);
        return new ColumnMetaData
        {
            Type = chunk.Type.Stored,
            Encodings = [.. pages.Select(static p => p.Encoding).Append(ParquetEncoding.Rle).Distinct().Order()],
            PathInSchema = chunk.Path,
            Codec = chunk.Codec,
            NumValues = chunk.PageIndex.Sum(static p => (long)p.ValueCount),
            TotalUncompressedSize = chunk.UncompressedByteCount,
            TotalCompressedSize = chunk.ByteCount,
            DataPageOffset = layout.Offset + chunk.DictionaryByteCount,
            DictionaryPageOffset = hasDictionary ? layout.Offset : null,
            // < What sources said in the older way, and of distinct values, is not known of the pages that are here.
            Statistics = (chunk.Statistics ?? Fold(chunk)) with { OlderMaxValue = null, OlderMinValue = null, DistinctCount = null },
            EncodingStats = pages,
            BloomFilterOffset = chunk.BloomFilter.Length > 0 ? layout.BloomFilterOffset : null,
            BloomFilterLength = chunk.BloomFilter.Length > 0 ? chunk.BloomFilter.Length : null,
            SizeStatistics = Sizes(chunk),
        };
    }

    private static ImmutableArray<PageEncodingStats> CountPages(ChunkFacts chunk, bool hasDictionary)
    {
        var counts = ImmutableArray.CreateBuilder<PageEncodingStats>(2);
        if (hasDictionary)
        {
            counts.Add(new PageEncodingStats(PageType.DictionaryPage, ParquetEncoding.Plain, 1));
        }

        // < Pages of one kind follow each other, as good as always, so that hardly anything is allocated for them.
        ReadOnlySpan<EncodedPage> pages = chunk.PageIndex;
        for (int from = 0; from < pages.Length;)
        {
            (bool isV2, ParquetEncoding encoding) = (pages[from].IsV2, pages[from].Encoding);
            int to = from + 1;
            while (to < pages.Length && pages[to].IsV2 == isV2 && pages[to].Encoding == encoding)
            {
                to++;
            }

            PageType type = isV2 ? PageType.DataPageV2 : PageType.DataPage;
            int known = IndexOf(counts, type, encoding);
            if (known >= 0)
            {
                counts[known] = counts[known] with { Count = counts[known].Count + to - from };
            }
            else
            {
                counts.Add(new PageEncodingStats(type, encoding, to - from));
            }

            from = to;
        }

        return counts.DrainToImmutable();
    }

    private static int IndexOf(ImmutableArray<PageEncodingStats>.Builder counts, PageType type, ParquetEncoding encoding)
    {
        int i = counts.Count - 1;
        while (i >= 0 && (counts[i].PageType != type || counts[i].Encoding != encoding))
        {
            i--;
        }

        return i;
    }

    private static SizeStatistics? Sizes(ChunkFacts chunk)
    {
        bool isVariable = chunk.HasVariableByteCounts;
        if (!isVariable && chunk.LevelHistograms.Length == 0)
        {
            return null;
        }

        (long[] repetitions, long[] definitions) = chunk.Histograms(page: null);
        return new SizeStatistics
        {
            UnencodedByteArrayDataBytes = isVariable ? chunk.PageIndex.Sum(static p => p.VariableByteCount) : null,
            RepetitionLevelHistogram = [.. repetitions],
            DefinitionLevelHistogram = [.. definitions],
        };
    }

    /// <summary>The statistics of a chunk from those of its pages. Of equal bounds the exact one wins: a shortened one is no tighter.</summary>
    internal static Statistics Fold(ChunkFacts chunk)
    {
        long nulls = 0;
        int lowest = -1;
        int highest = -1;
        for (int i = 0; i < chunk.PageIndex.Length; i++)
        {
            ref readonly EncodedPage page = ref chunk.PageIndex[i];
            nulls += page.NullCount;
            if (!page.HasBounds)
            {
                continue;
            }

            if (lowest < 0 || IsBetter(Compare(chunk, chunk.Minimum(page), chunk.Minimum(chunk.PageIndex[lowest])), page.MinimumIsExact))
            {
                lowest = i;
            }

            if (highest < 0 || IsBetter(Compare(chunk, chunk.Maximum(chunk.PageIndex[highest]), chunk.Maximum(page)), page.MaximumIsExact))
            {
                highest = i;
            }
        }

        if (lowest < 0)
        {
            return new Statistics { NullCount = nulls };
        }

        return new Statistics
        {
            NullCount = nulls,
            MinValue = chunk.Minimum(chunk.PageIndex[lowest]).ToArray(),
            IsMinValueExact = chunk.PageIndex[lowest].MinimumIsExact,
            MaxValue = chunk.Maximum(chunk.PageIndex[highest]).ToArray(),
            IsMaxValueExact = chunk.PageIndex[highest].MaximumIsExact,
        };
    }

    private static bool IsBetter(int comparison, bool isExact) => comparison < 0 || (comparison == 0 && isExact);

    private static int Compare(ChunkFacts chunk, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        LeafOrder.Compare(chunk.Type, left, right);
}

/// <summary>A row group as the footer describes it: its chunks in schema order, and what its rows are sorted by.</summary>
internal sealed record FooterRowGroup(long RowCount, IReadOnlyList<ChunkFacts> Chunks, ImmutableArray<SortingColumn> SortedBy);

/// <summary>Where a chunk and its indexes come to lie in the file; a length of 0 means that there is no index.</summary>
internal struct ChunkLayout
{
    internal long Offset;
    internal long ColumnIndexOffset;
    internal int ColumnIndexLength;
    internal long OffsetIndexOffset;
    internal int OffsetIndexLength;
    internal long BloomFilterOffset;
}
