using Lakehouse.Parquet;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>What other readers derive from a footer without saying so.</summary>
internal static class Layout
{
    /// <summary>
    /// Chunks follow each other without gaps in schema order, totals are sums, and parquet-java's midpoint rule gives every row group to
    /// exactly one of any splits: the middles of the row groups rise and lie within the group.
    /// </summary>
    internal static void Check(ParquetFileReader reader)
    {
        long offset = 4;
        long lastMiddle = -1;
        for (int g = 0; g < reader.MetaData.RowGroups.Length; g++)
        {
            RowGroup group = reader.MetaData.RowGroups[g];
            Assert.Equal(g, group.Ordinal!.Value);
            Assert.Equal(offset, group.FileOffset);
            long start = offset;
            for (int c = 0; c < group.Columns.Length; c++)
            {
                ColumnMetaData column = group.Columns[c].MetaData;
                Assert.Equal(reader.Schema[c].Name, Assert.Single(column.PathInSchema));
                Assert.Equal(offset, column.DictionaryPageOffset ?? column.DataPageOffset);
                Assert.Equal(group.NumRows, column.NumValues);
                bool hasDictionary = column.DictionaryPageOffset is not null;
                Assert.Equal(hasDictionary, column.Encodings.Contains(ParquetEncoding.RleDictionary));
                Assert.Equal(hasDictionary ? PageType.DictionaryPage : PageType.DataPage, column.EncodingStats[0].PageType);
                Assert.Equal(hasDictionary ? 2 : 1, column.EncodingStats.Length);
                offset += column.TotalCompressedSize;
            }

            Assert.Equal(group.TotalCompressedSize, offset - start);
            Assert.Equal(group.TotalByteSize, group.Columns.Sum(c => c.MetaData.TotalUncompressedSize));
            long first = group.Columns[0].MetaData.DictionaryPageOffset ?? group.Columns[0].MetaData.DataPageOffset;
            long middle = first + (group.TotalCompressedSize!.Value / 2);
            Assert.True(middle > lastMiddle && middle >= start && middle < offset, "the middle of a row group lies within it");
            lastMiddle = middle;
        }

        Assert.Equal(reader.MetaData.NumRows, reader.MetaData.RowGroups.Sum(g => g.NumRows));
    }
}
