using Lakehouse.Parquet;

namespace Lakehouse.Tests.Parquet;

/// <summary>What can be wrong with a file, one by one: how it is brought about, and what the check has to call it.</summary>
internal static class Damages
{
    private delegate byte[] Change(SampleFile file);

    private static readonly Dictionary<string, (FileFindingKind Kind, bool PagesV2, Change Change)> OfTheFile = new()
    {
        ["the first magic"] = (FileFindingKind.StartMagic, false, f => f.Overwritten(0, 1)),
        ["the last magic"] = (FileFindingKind.Unreadable, false, f => f.Overwritten(f.Bytes.Length - 1, 1)),
        ["cut off"] = (FileFindingKind.Unreadable, false, f => f.Bytes[..^100]),
        ["the length of the footer"] = (FileFindingKind.Unreadable, false, f => f.Overwritten(f.Bytes.Length - 8, 7, 0)),
        ["rows of the file"] = (FileFindingKind.RowCount, false, f => f.WithFooter(m => m with { NumRows = m.NumRows + 1 })),
        ["rows of a row group"] = (FileFindingKind.RowCount, false, f => f.WithGroup(g => g with { NumRows = g.NumRows + 1 })),
        ["column orders"] = (FileFindingKind.ColumnOrders, false, f => f.WithFooter(m => m with { ColumnOrders = [ColumnOrder.Type] })),
        ["an ordinal"] = (FileFindingKind.RowGroup, false, f => f.WithGroup(g => g with { Ordinal = 1 })),
        ["compressed bytes of a row group"] =
            (FileFindingKind.RowGroup, false, f => f.WithGroup(g => g with { TotalCompressedSize = g.TotalCompressedSize + 1 })),
        ["bytes of a row group"] = (FileFindingKind.RowGroup, false, f => f.WithGroup(g => g with { TotalByteSize = g.TotalByteSize - 1 })),
        ["offset of a row group"] = (FileFindingKind.RowGroup, false, f => f.WithGroup(g => g with { FileOffset = g.FileOffset + 1 })),
        ["a chunk missing"] = (FileFindingKind.RowGroup, false, f => f.WithGroup(g => g with { Columns = g.Columns.RemoveAt(1) })),
        ["a chunk outside the file"] =
            (FileFindingKind.ChunkPlace, false, f => f.WithMeta(SampleFile.Id, m => m with { DataPageOffset = 1 << 30 })),
        ["a chunk over another"] = (FileFindingKind.ChunkPlace, false, f => f.WithMeta(
            SampleFile.Id, m => m with { DataPageOffset = f.Chunk(SampleFile.List).MetaData.DataPageOffset, DictionaryPageOffset = null })),
        ["a chunk of another path"] =
            (FileFindingKind.ChunkPlace, false, f => f.WithMeta(SampleFile.Id, m => m with { PathInSchema = ["di"] })),
    };

    private static readonly Dictionary<string, (FileFindingKind Kind, bool PagesV2, Change Change)> OfPages = new()
    {
        ["a byte of a page"] = (FileFindingKind.Checksum, false, f => f.Overwritten(Page(f, SampleFile.Id, 1) + 40, 0xFF)),
        ["a byte of a dictionary"] =
            (FileFindingKind.Checksum, false, f => f.Overwritten((long)f.Chunk(SampleFile.Name).MetaData.DictionaryPageOffset! + 60, 0x7F)),
        ["a page header"] = (FileFindingKind.Damage, false, f => f.Overwritten(Page(f, SampleFile.Id, 1), 0xFF, 0xFF, 0xFF)),
        ["compressed bytes of a chunk, too few"] = (FileFindingKind.Damage, false, f => f.WithMeta(
            SampleFile.Id, m => m with { TotalCompressedSize = m.TotalCompressedSize - 1 })),
        ["uncompressed bytes of a chunk"] = (FileFindingKind.ChunkSize, false, f => f.WithMeta(
            SampleFile.Id, m => m with { TotalUncompressedSize = m.TotalUncompressedSize + 1 })),
        ["values of a chunk, too many"] =
            (FileFindingKind.ValueCount, false, f => f.WithMeta(SampleFile.List, m => m with { NumValues = m.NumValues + 1 })),
        ["values of a chunk, too few"] =
            (FileFindingKind.Damage, false, f => f.WithMeta(SampleFile.List, m => m with { NumValues = m.NumValues - 1 })),
        ["the first data page where the dictionary is"] = (FileFindingKind.PageOffset, false, f => f.WithMeta(
            SampleFile.Name, m => m with { DataPageOffset = (long)m.DictionaryPageOffset!, DictionaryPageOffset = null })),
        ["the first data page"] = (FileFindingKind.PageOffset, false, f => f.WithMeta(
            SampleFile.Name, m => m with { DataPageOffset = m.DataPageOffset + 1 })),
        ["a dictionary at zero"] =
            (FileFindingKind.PageOffset, false, f => f.WithMeta(SampleFile.List, m => m with { DictionaryPageOffset = 0 })),
        ["an encoding that is not listed"] =
            (FileFindingKind.Encodings, false, f => f.WithMeta(SampleFile.Name, m => m with { Encodings = [ParquetEncoding.Plain] })),
        ["pages by encoding"] = (FileFindingKind.EncodingStats, false, f => f.WithMeta(SampleFile.Name, m => m with
        {
            EncodingStats = m.EncodingStats.SetItem(1, m.EncodingStats[1] with { Count = m.EncodingStats[1].Count + 1 }),
        })),
        ["nulls in a page header"] = (FileFindingKind.PageHeader, true, f => f.WithHeader(
            Page(f, SampleFile.Name, 2), h => h with { NumNulls = h.NumNulls ^ 1 })),
        ["rows in a page header"] = (FileFindingKind.PageHeader, true, f => f.WithHeader(
            Page(f, SampleFile.List, 2), h => h with { NumRows = h.NumRows - 1 })),
        ["a page's offset in the index"] = (FileFindingKind.OffsetIndex, false, f => f.With(SampleFile.Id, At(f, 1, p => p with { Offset = p.Offset + 1 }))),
        ["a page's size in the index"] = (FileFindingKind.OffsetIndex, false, f => f.With(
            SampleFile.Id, At(f, 1, p => p with { CompressedPageSize = p.CompressedPageSize - 1 }))),
        ["a page's first row in the index"] = (FileFindingKind.OffsetIndex, false, f => f.With(
            SampleFile.Id, At(f, 1, p => p with { FirstRowIndex = p.FirstRowIndex + 1 }))),
        ["a page missing in the offset index"] = (FileFindingKind.OffsetIndex, false, f => f.With(
            SampleFile.Id, f.Offsets(SampleFile.Id) with { PageLocations = f.Offsets(SampleFile.Id).PageLocations.RemoveAt(1) })),
        ["an offset index that is none"] = (FileFindingKind.OffsetIndex, false, f => f.Overwritten((long)f.Chunk(0).OffsetIndexOffset!, 0xFF)),
        ["an offset index outside the file"] =
            (FileFindingKind.OffsetIndex, false, f => f.WithChunk(SampleFile.Id, c => c with { OffsetIndexOffset = 1 << 30 })),
        ["a column index that is none"] = (FileFindingKind.ColumnIndex, false, f => f.Overwritten((long)f.Chunk(0).ColumnIndexOffset!, 0xFF)),
        ["a column index without an offset index"] = (FileFindingKind.ColumnIndex, false, f => f.WithChunk(
            SampleFile.Id, c => c with { OffsetIndexOffset = null, OffsetIndexLength = null })),
    };

    private static readonly Dictionary<string, (FileFindingKind Kind, bool PagesV2, Change Change)> OfValues = new()
    {
        ["a null page that is none"] = Columns(c => c with { NullPages = c.NullPages.SetItem(1, true) }),
        ["nulls of a page"] = Columns(c => c with { NullCounts = c.NullCounts.SetItem(1, c.NullCounts[1] + 1) }),
        ["a lower bound of a page"] = Columns(c => c with { MinValues = c.MinValues.SetItem(1, Plus(c.MinValues[1], 1)) }),
        ["an upper bound of a page"] = Columns(c => c with { MaxValues = c.MaxValues.SetItem(1, Plus(c.MaxValues[1], -1)) }),
        ["the order of bounds"] = Columns(c => c with { BoundaryOrder = BoundaryOrder.Descending }),
        ["a page missing in the column index"] = Columns(c => c with { NullPages = c.NullPages.RemoveAt(0) }),
        ["an upper bound of elements"] = (FileFindingKind.ColumnIndex, false, f => f.With(SampleFile.List, f.Columns(SampleFile.List) with
        {
            MaxValues = f.Columns(SampleFile.List).MaxValues.SetItem(2, BitConverter.GetBytes(int.MinValue)),
        })),
        ["levels of pages"] = (FileFindingKind.SizeStatistics, false, f => f.With(SampleFile.List, f.Columns(SampleFile.List) with
        {
            DefinitionLevelHistograms = f.Columns(SampleFile.List).DefinitionLevelHistograms.SetItem(1, 12345),
        })),
        ["bytes of the values of pages"] = (FileFindingKind.SizeStatistics, false, f => f.With(SampleFile.Name, f.Offsets(SampleFile.Name) with
        {
            UnencodedByteArrayDataBytes = f.Offsets(SampleFile.Name).UnencodedByteArrayDataBytes.SetItem(1, 12345),
        })),
        ["nulls of a chunk"] = Statistics(SampleFile.Name, s => s with { NullCount = s.NullCount + 1 }),
        ["the lower bound of a chunk"] = Statistics(SampleFile.Id, s => s with { MinValue = Plus(s.MinValue!, 1) }),
        ["the upper bound of a chunk"] = Statistics(SampleFile.Id, s => s with { MaxValue = Plus(s.MaxValue!, -1) }),
        ["a bound that is not exact"] = Statistics(SampleFile.Id, s => s with { MinValue = Plus(s.MinValue!, -1) }),
        ["the older lower bound of a chunk"] = Statistics(SampleFile.Id, s => s with { OlderMinValue = Plus(s.MinValue!, 1), OlderMaxValue = s.MaxValue }),
        ["the older upper bound of a chunk"] = Statistics(SampleFile.Id, s => s with { OlderMinValue = s.MinValue, OlderMaxValue = Plus(s.MaxValue!, -1) }),
        ["more distinct values than values"] = Statistics(SampleFile.Id, s => s with { DistinctCount = 1L << 40 }),
        ["one distinct value between two bounds"] = Statistics(SampleFile.Id, s => s with { DistinctCount = 1 }),
        ["the upper bound of elements"] = Statistics(SampleFile.List, s => s with { MaxValue = BitConverter.GetBytes(int.MinValue) }),
        ["bytes of the values of a chunk"] = (FileFindingKind.SizeStatistics, false, f => f.WithMeta(SampleFile.Name, m => m with
        {
            SizeStatistics = m.SizeStatistics! with { UnencodedByteArrayDataBytes = m.SizeStatistics.UnencodedByteArrayDataBytes + 1 },
        })),
        ["levels of a chunk"] = (FileFindingKind.SizeStatistics, false, f => f.WithMeta(SampleFile.List, m => m with
        {
            SizeStatistics = m.SizeStatistics! with { DefinitionLevelHistogram = m.SizeStatistics.DefinitionLevelHistogram.SetItem(0, 12345) },
        })),
    };

    private static readonly Dictionary<string, (FileFindingKind Kind, bool PagesV2, Change Change)> All =
        OfTheFile.Concat(OfPages).Concat(OfValues).ToDictionary();

    internal static IEnumerable<string> Names => All.Keys;

    internal static (FileFindingKind Kind, bool PagesV2) Of(string name) => (All[name].Kind, All[name].PagesV2);

    internal static byte[] Bring(string name, SampleFile file) => All[name].Change(file);

    private static long Page(SampleFile file, int column, int page) => file.Offsets(column).PageLocations[page].Offset;

    private static OffsetIndex At(SampleFile file, int page, Func<PageLocation, PageLocation> change)
    {
        OffsetIndex index = file.Offsets(SampleFile.Id);
        return index with { PageLocations = index.PageLocations.SetItem(page, change(index.PageLocations[page])) };
    }

    private static (FileFindingKind Kind, bool PagesV2, Change Change) Columns(Func<ColumnIndex, ColumnIndex> change) =>
        (FileFindingKind.ColumnIndex, false, f => f.With(SampleFile.Id, change(f.Columns(SampleFile.Id))));

    private static (FileFindingKind Kind, bool PagesV2, Change Change) Statistics(int column, Func<Statistics, Statistics> change) =>
        (FileFindingKind.Statistics, false, f => f.WithMeta(column, m => m with { Statistics = change(m.Statistics!) }));

    private static byte[] Plus(byte[] bound, long by) => BitConverter.GetBytes(BitConverter.ToInt64(bound) + by);
}
