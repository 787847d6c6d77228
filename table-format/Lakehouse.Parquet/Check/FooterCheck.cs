using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>Holds the numbers of a footer against each other, and chunks against the room that they have. Pure.</summary>
internal static class FooterCheck
{
    internal static void Run(ParquetFileReader reader, CheckNotes notes)
    {
        FileMetaData file = reader.MetaData;
        long rows = file.RowGroups.Sum(static g => g.NumRows);
        if (rows != file.NumRows)
        {
            notes.Say(FileFindingKind.RowCount, null, null, reader.DataEnd, $"The file says {file.NumRows} rows, its row groups {rows}.");
        }

        if (file.ColumnOrders.Length > 0 && file.ColumnOrders.Length != reader.Leaves.Length)
        {
            notes.Say(FileFindingKind.ColumnOrders, null, null, reader.DataEnd,
                $"There are {file.ColumnOrders.Length} column orders for {reader.Leaves.Length} columns.");
        }

        for (int g = 0; g < file.RowGroups.Length; g++)
        {
            CheckGroup(reader, g, file.RowGroups[g], notes);
        }

        CheckPlaces(reader, notes);
    }

    private static void CheckGroup(ParquetFileReader reader, int index, RowGroup group, CheckNotes notes)
    {
        void Say(string what) => notes.Say(FileFindingKind.RowGroup, index, null, reader.DataEnd, what);
        if (group.Columns.Length != reader.Leaves.Length)
        {
            Say($"The row group has {group.Columns.Length} chunks for {reader.Leaves.Length} columns.");
            return;
        }

        if (group.Ordinal is { } ordinal && ordinal != index)
        {
            Say($"The row group says that it is number {ordinal}.");
        }

        long packed = group.Columns.Sum(static c => c.MetaData.TotalCompressedSize);
        long raw = group.Columns.Sum(static c => c.MetaData.TotalUncompressedSize);
        if (group.TotalCompressedSize is { } said && said != packed)
        {
            Say($"The row group says {said} compressed bytes, its chunks have {packed}.");
        }

        if (group.TotalByteSize != raw)
        {
            Say($"The row group says {group.TotalByteSize} uncompressed bytes, its chunks have {raw}.");
        }

        if (group.FileOffset is > 0 and { } offset && group.Columns.Length > 0 && offset != reader.Extent(group.Columns[0].MetaData).Start)
        {
            Say($"The row group says that it begins at {offset}, its first chunk does at {reader.Extent(group.Columns[0].MetaData).Start}.");
        }
    }

    /// <summary>No two chunks share a byte.</summary>
    private static void CheckPlaces(ParquetFileReader reader, CheckNotes notes)
    {
        ImmutableArray<RowGroup> groups = reader.MetaData.RowGroups;
        var chunks = groups.SelectMany((group, g) => group.Columns.Select(c => (Group: g, c.MetaData, Place: reader.Extent(c.MetaData))))
            .Where(static c => c.Place.Length > 0)
            .OrderBy(static c => c.Place.Start);
        long end = 0;
        foreach ((int group, ColumnMetaData chunk, (long start, long length)) in chunks)
        {
            if (start < end)
            {
                notes.Say(FileFindingKind.ChunkPlace, group, string.Join('.', chunk.PathInSchema), start,
                    $"The chunk begins within another that ends at {end}.");
            }

            end = Math.Max(end, start + length);
        }
    }
}
