using System.Collections.Immutable;
using System.Numerics;

namespace Lakehouse.Parquet;

/// <summary>
/// The options that a file was written with, as far as its footer tells, so that whoever writes its rows again needs no settings: codec,
/// page version, encodings beside dictionaries and PLAIN, bloom filters, order of rows, and the size of row groups where there are several.
/// A level of compression is not told, nor is an encoding that was allowed and not chosen.
/// </summary>
public static class WrittenOptions
{
    /// <summary>Reads them off a footer. A codec that is not written here becomes zstd.</summary>
    public static ParquetWriterOptions Of(FileMetaData file)
    {
        ArgumentNullException.ThrowIfNull(file);
        var defaults = new ParquetWriterOptions();
        ColumnMetaData[] chunks = [.. file.RowGroups.SelectMany(static g => g.Columns).Select(static c => c.MetaData)];
        if (chunks.Length == 0)
        {
            return defaults;
        }

        CompressionCodec codec = chunks.CountBy(static c => c.Codec).MaxBy(static c => c.Value).Key;
        ColumnMetaData[] filtered = [.. chunks.Where(static c => c.BloomFilterOffset is not null)];
        uint longestFilter = (uint)Math.Max(1, filtered.Select(static c => c.BloomFilterLength ?? 0).DefaultIfEmpty().Max() - BloomFilter.HeaderBytesMax);
        return defaults with
        {
            Codec = PageCodec.Writes(codec) ? codec : CompressionCodec.Zstd,
            PagesV2 = chunks.Any(static c => c.EncodingStats.Any(static s => s.PageType == PageType.DataPageV2)),
            Encodings = chunks.Aggregate(FurtherEncodings.None, static (all, c) => all | Further(c.Encodings)),
            BloomFilters = [.. filtered.Select(static c => string.Join('.', c.PathInSchema)).Distinct(StringComparer.Ordinal)],
            BloomFilterBytesMax = (int)Math.Clamp(BitOperations.RoundUpToPowerOf2(longestFilter), (uint)defaults.BloomFilterBytesMax, 1u << 30),
            SortedBy = SortedBy(file),
            RowGroupBytes = file.RowGroups.Length == 1
                ? defaults.RowGroupBytes
                : file.RowGroups.Max(static g => g.Columns.Sum(static c => c.MetaData.TotalCompressedSize)),
        };
    }

    private static FurtherEncodings Further(ImmutableArray<ParquetEncoding> encodings) =>
        (encodings.Contains(ParquetEncoding.ByteStreamSplit) ? FurtherEncodings.ByteStreamSplit : FurtherEncodings.None)
        | (encodings.Any(static e => e is ParquetEncoding.DeltaBinaryPacked or ParquetEncoding.DeltaLengthByteArray or ParquetEncoding.DeltaByteArray)
            ? FurtherEncodings.Delta
            : FurtherEncodings.None);

    // < Only what all row groups say alike holds for rows that come after each other.
    private static ImmutableArray<SortedBy> SortedBy(FileMetaData file)
    {
        RowGroup first = file.RowGroups[0];
        return file.RowGroups.All(g => g.SortingColumns.SequenceEqual(first.SortingColumns))
            ? [.. first.SortingColumns.Select(s =>
                new SortedBy(string.Join('.', first.Columns[s.ColumnIndex].MetaData.PathInSchema), s.Descending, s.NullsFirst))]
            : [];
    }
}
