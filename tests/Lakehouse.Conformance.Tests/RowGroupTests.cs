using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>
/// parquet-java gives a row group to the split that holds its midpoint: the offset of its first column's first page plus half of its
/// compressed size. A midpoint outside of the row group can lie in nobody's split, or outside of the file.
/// </summary>
public sealed class RowGroupTests(SampleTables tables)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task The_midpoint_of_each_row_group_lies_within_it(string table)
    {
        SampleTable sample = await tables.GetAsync(table);
        TableListing listing = await TableListing.OfAsync(sample.Table, Cancellation);
        foreach (ObjectStat file in listing.DataFiles)
        {
            Check(await ParquetFileReader.OpenAsync(sample.Table.Store, file.Path, Cancellation));
        }
    }

    [Fact]
    public async Task The_samples_have_files_of_several_row_groups()
    {
        SampleTable sample = await tables.GetAsync("without partitions");
        TableListing listing = await TableListing.OfAsync(sample.Table, Cancellation);
        var groups = new List<int>();
        foreach (ObjectStat file in listing.DataFiles)
        {
            groups.Add((await ParquetFileReader.OpenAsync(sample.Table.Store, file.Path, Cancellation)).MetaData.RowGroups.Length);
        }

        Assert.Equal([1, 2, 5], groups.Order());
    }

    private static void Check(ParquetFileReader file)
    {
        long end = 4; // The magic bytes.
        foreach (RowGroup group in file.MetaData.RowGroups)
        {
            (long Start, long End)[] chunks = [.. group.Columns.Select(static c => Extent(c.MetaData))];
            long size = group.TotalCompressedSize ?? 0;
            long midpoint = chunks[0].Start + (size / 2);
            Assert.Equal(chunks.Sum(static c => c.End - c.Start), size);
            Assert.Equal(end, chunks[0].Start);
            Assert.Equal(chunks[0].Start, group.FileOffset);
            Assert.Equal(chunks.Skip(1).Select(static c => c.Start), chunks.SkipLast(1).Select(static c => c.End));
            Assert.InRange(midpoint, chunks[0].Start, chunks[^1].End - 1);
            end = chunks[^1].End;
        }

        Assert.True(end < file.ByteCount);
    }

    private static (long Start, long End) Extent(ColumnMetaData chunk)
    {
        long start = Math.Min(chunk.DictionaryPageOffset ?? long.MaxValue, chunk.DataPageOffset);
        return (start, start + chunk.TotalCompressedSize);
    }
}
