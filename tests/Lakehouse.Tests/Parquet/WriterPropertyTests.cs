using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

public sealed class WriterPropertyTests(ITestOutputHelper output)
{
    private const int RoundCount = 60;
    private static readonly ObjectPath File = new("written.parquet");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_the_options_the_rows_come_back_as_written()
    {
        int seed = Seeds.Pick(output);
        var random = new Random(seed);
        var seen = new HashSet<ParquetEncoding>();
        for (int round = 0; round < RoundCount; round++)
        {
            Schema schema = RandomRows.Schema(random);
            ParquetWriterOptions options = RandomOptions.Of(random).WithFilters(random, schema);
            var store = new MemoryObjectStore("written", TimeProvider.System);
            List<string> expected = await WriteAsync(store, schema, options, random);
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, File, Stop);
            Assert.Equal(schema, reader.Schema);
            List<string> found = [];
            Assert.Empty((await FileCheck.RunAsync(store, File, Stop)).Findings);
            await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
            {
                found.AddRange(Texts(batch));
                batch.Dispose();
            }

            Assert.True(expected.SequenceEqual(found), $"rows differ, seed {seed}, round {round}, {options}");
            await CheckFiltersAsync(reader, options);
            seen.UnionWith(reader.MetaData.RowGroups.SelectMany(g => g.Columns).SelectMany(c => c.MetaData.Encodings));
        }

        Assert.Superset(
            new HashSet<ParquetEncoding>
            {
                ParquetEncoding.Plain, ParquetEncoding.RleDictionary, ParquetEncoding.DeltaBinaryPacked, ParquetEncoding.DeltaByteArray,
            },
            seen);
    }

    /// <summary>Each filter says yes to every value of its chunk, and a large one no to most others.</summary>
    private static async Task CheckFiltersAsync(ParquetFileReader reader, ParquetWriterOptions options)
    {
        string[] paths = [.. reader.MetaData.RowGroups[0].Columns.Select(c => string.Join('.', c.MetaData.PathInSchema))];
        foreach (string column in options.BloomFilters)
        {
            int chunk = Array.IndexOf(paths, column);
            LeafType leaf = LeafTypes.Of(reader.MetaData.Schema.Last(e => e.Name == column));
            for (int g = 0; g < reader.MetaData.RowGroups.Length; g++)
            {
                int group = g;
                if (!(await reader.Indexes.ReadAsync(g, [], [], [chunk], Stop)).Filters.TryGetValue(chunk, out BloomFilter? filter))
                {
                    Assert.Equal(256, options.BloomFilterBytesMax);
                    continue;
                }

                var request = new ReadRequest { Columns = [column], Rows = r => r == group ? null : RowRanges.None };
                await foreach (RecordBatch batch in reader.ScanAsync(request, Stop))
                {
                    using (batch)
                    {
                        Assert.All(
                            Enumerable.Range(0, batch.RowCount),
                            i => Assert.True(LeafHash.Of(leaf, batch.Columns[0], i) is not { } hash || filter.MightContain(hash)));
                    }
                }

                int wrong = Enumerable.Range(0, 2_000).Count(i => filter.MightContain(BloomFilter.Hash(BitConverter.GetBytes(i * 77_777_777_777L))));
                Assert.True(options.BloomFilterBytesMax == 256 || wrong < 60, $"{wrong} of 2,000 in {filter.BlockCount} blocks");
            }
        }
    }

    private static async Task<List<string>> WriteAsync(MemoryObjectStore store, Schema schema, ParquetWriterOptions options, Random random)
    {
        var expected = new List<string>();
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), new ColumnWriterState());
        int distinct = random.Next(3) switch { 0 => 20, 1 => 2_000, _ => 200_000 };
        for (int batch = 0; batch < 3; batch++)
        {
            int rows = random.Next(1, 2_000);
            using RecordBatch rowsOf = RandomRows.Batch(random, schema, rows, distinct);
            writer.Write([.. rowsOf.Columns], rows);
            expected.AddRange(Texts(rowsOf));
        }

        await using IObjectUpload upload = await store.BeginUploadAsync(File, Stop);
        await writer.CompleteAsync(upload, Stop);
        await upload.CompleteAsync(Stop);
        return expected;
    }

    private static IEnumerable<string> Texts(RecordBatch rows) => Enumerable.Range(0, rows.RowCount)
        .Select(r => string.Join('|', rows.Columns.Select(c => CanonicalText.Of(c, r))));
}
