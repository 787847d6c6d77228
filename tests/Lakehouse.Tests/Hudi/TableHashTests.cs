using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Parquet;
using Xunit;

namespace Lakehouse.Tests.Hudi;

/// <summary>Files hashed page by page while they are checked give what their rows give, read in batches.</summary>
public sealed class TableHashTests(ITestOutputHelper output)
{
    private const string Since = "20261122";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_have_the_hash_of_their_rows()
    {
        var random = new Random(Seeds.Pick(output));
        for (int round = 0; round < Seeds.Count(20); round++)
        {
            string since = round % 2 == 0 ? "" : Since;
            (MemoryObjectStore store, Schema schema) = await WriteAsync(random);
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, Stop);
            var hash = new TableHash(schema, since);
            Assert.Empty(await DeepReader.TakeAsync(RandomFile.Path, reader, hash, Stop));
            DeepReport report = hash.Report([]);
            (long rows, string rowHash, string[] columns) = await OfRowsAsync(reader, since);
            Assert.True(round % 2 == 0 || rows < reader.MetaData.NumRows);
            Assert.Equal((rows, rowHash), (report.RowCount, report.Hash));
            Assert.Equal(columns, report.Columns.Select(static c => c.Hash));
        }
    }

    [Fact]
    public async Task A_damaged_file_counts_nothing_and_the_others_count_all_the_same()
    {
        var random = new Random(Seeds.Pick(output));
        (MemoryObjectStore store, Schema schema) = await WriteAsync(random);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, Stop);
        var sound = new TableHash(schema, "");
        Assert.Empty(await DeepReader.TakeAsync(RandomFile.Path, reader, sound, Stop));
        byte[] bytes = await store.GetAsync(RandomFile.Path, Stop) ?? throw new InvalidOperationException("The file is gone.");
        foreach (ColumnChunk chunk in reader.MetaData.RowGroups[^1].Columns)
        {
            byte[] damaged = [.. bytes];
            damaged[(chunk.MetaData.DictionaryPageOffset ?? chunk.MetaData.DataPageOffset) + chunk.MetaData.TotalCompressedSize - 1] ^= 16;
            await store.PutAsync(new ObjectPath("damaged"), damaged, Stop);
            ParquetFileReader other = await ParquetFileReader.OpenAsync(store, new ObjectPath("damaged"), Stop);
            var hash = new TableHash(schema, "");
            Finding finding = Assert.Single(await DeepReader.TakeAsync(new ObjectPath("damaged"), other, hash, Stop));
            Assert.Equal(FindingKind.UnreadableFile, finding.Kind);
            Assert.Contains(chunk.MetaData.PathInSchema[0], finding.What);
            Assert.Equal(0, hash.Report([]).RowCount);
            await DeepReader.TakeAsync(RandomFile.Path, reader, hash, Stop);
            Assert.Equal(sound.Report([]).Hash, hash.Report([]).Hash);
        }
    }

    /// <summary>The definition of the hash: rows and columns are sums over their values.</summary>
    private static async Task<(long Rows, string Hash, string[] Columns)> OfRowsAsync(ParquetFileReader reader, string since)
    {
        var columns = new ulong[reader.Schema.Count];
        (ulong High, ulong Low) sum = default;
        long count = 0;
        await foreach (RecordBatch all in reader.ReadAsync(null, Stop))
        {
            int[] later =
            [
                .. Enumerable.Range(0, all.RowCount).Where(i => all.Columns[0].BytesAt(i).SequenceCompareTo(Encoding.ASCII.GetBytes(since)) > 0),
            ];
            using RecordBatch batch = RowSelection.Take(all, later);
            all.Dispose();
            bool[] wanted = [.. Enumerable.Repeat(true, batch.RowCount)];
            var rows = new ulong[batch.RowCount];
            for (int c = 1; c < columns.Length; c++)
            {
                columns[c] += ValueHash.Add(batch.Columns[c], ValueHash.Seed(reader.Schema[c]), rows, wanted);
            }

            sum = ValueHash.AddRows(rows, wanted, sum);
            count += batch.RowCount;
        }

        return (count, $"{sum.High:x16}{sum.Low:x16}", [.. columns.Skip(1).Select(static c => c.ToString("x16", null))]);
    }

    /// <summary>A file whose rows are of several instants, in several row groups.</summary>
    private static async Task<(MemoryObjectStore Store, Schema Schema)> WriteAsync(Random random)
    {
        var schema = new Schema([new Field(MetaColumns.CommitTime, TypeKind.String), .. RandomRows.Schema(random).Fields]);
        var options = new ParquetWriterOptions { PageRowCount = random.Next(1, 400), RowGroupRowCountMax = random.Next(300, 900) };
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
        for (int batch = 0; batch < 3; batch++)
        {
            int rows = random.Next(200, 500);
            using var instants = new ColumnBuilder(TypeKind.String);
            for (int i = 0; i < rows; i++)
            {
                instants.Append(Encoding.ASCII.GetBytes($"202611{random.Next(10, 30)}"));
            }

            using RecordBatch others = RandomRows.Batch(random, new Schema([.. schema.Fields.Skip(1)]), rows, distinct: 40);
            using ColumnVector first = instants.Finish();
            writer.Write([first, .. others.Columns], rows);
        }

        MemoryObjectStore store = await RandomFile.StoreAsync(writer, Stop);
        return (store, schema);
    }
}
