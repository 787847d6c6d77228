using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>A merged file has the rows of its inputs, whatever was done to their pages.</summary>
public sealed class MergedRowsTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_of_one_schema_are_joined_whatever_their_encodings_codecs_and_pages()
    {
        int first = Seeds.One ?? Seeds.First(Random.Shared.Next(1 << 30));
        var tiers = new SortedDictionary<MergeTier, int>();
        for (int seed = first; seed < first + (Seeds.One is null ? Seeds.Count(60) : 1); seed++)
        {
            var random = new Random(seed);
            Schema schema = RandomRows.Schema(random);
            ParquetWriterOptions common = RandomOptions.Of(random);
            bool isMixed = random.Next(2) == 0;
            var state = new ColumnWriterState();
            var store = new MemoryObjectStore("merge", TimeProvider.System);
            var expected = new List<List<string>>();
            int files = random.Next(1, 6);
            for (int i = 0; i < files; i++)
            {
                ParquetWriterOptions options = isMixed ? RandomOptions.Of(random) : common;
                expected.Add(await WriteAsync(store, i, schema, options, isMixed ? null : state, random));
            }

            try
            {
                await CompareAsync(store, expected, random, tiers);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"LAKEHOUSE_SEED={seed}: {e.Message}", e);
            }
        }

        output.WriteLine($"seeds from {first}: {string.Join(", ", tiers)}");
    }

    private static async Task<List<string>> WriteAsync(
        MemoryObjectStore store, int file, Schema schema, ParquetWriterOptions options, ColumnWriterState? state, Random random)
    {
        using var writer = new ParquetFileWriter(schema, options.WithFilters(random, schema), new Dictionary<string, ConstantColumn>(), state);
        for (int batch = random.Next(1, 4); batch > 0; batch--)
        {
            using RecordBatch rows = RandomRows.Batch(random, schema, random.Next(1, 1_500), random.Next(2) == 0 ? 20 : 100_000);
            writer.Write(rows.Columns, rows.RowCount);
        }

        var path = new ObjectPath($"{file}.parquet");
        await using (IObjectUpload upload = await store.BeginUploadAsync(path, Stop))
        {
            await writer.CompleteAsync(upload, Stop);
            await upload.CompleteAsync(Stop);
        }

        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, path, Stop);
        return await RandomFile.RowsAsync(reader, new ReadRequest(), Stop);
    }

    private static async Task CompareAsync(
        MemoryObjectStore store, List<List<string>> expected, Random random, SortedDictionary<MergeTier, int> tiers)
    {
        using DictionaryFamilies? families = random.Next(2) == 0 ? new DictionaryFamilies() : null;
        var sources = new List<MergeSource>();
        for (int i = 0; i < expected.Count; i++)
        {
            sources.Add(await MergeSource.OpenAsync(store, new ObjectPath($"{i}.parquet"), families, Stop));
        }

        var options = new MergeOptions
        {
            Schema = random.Next(2) == 0 ? sources[0].Schema : null,
            Writer = RandomOptions.Of(random),
            RowGroupRows = random.Next(3) == 0 ? 2_000 : 1 << 20,
            MemoryBytes = random.Next(3) == 0 ? 1_000 : 512 << 20,
            DictionaryBytesMax = random.Next(3) == 0 ? 600 : 8 << 20,
            KeepsOrder = random.Next(2) == 0,
            MovesInStore = random.Next(2) == 0,
            SmallPageRows = random.Next(2) == 0 ? 0 : 4096,
        };
        MergePlan plan = MergePlanning.Plan(sources, options);
        foreach (MergeStep step in plan.RowGroups.SelectMany(static g => g.Columns).SelectMany(static c => c.Steps))
        {
            tiers[step.Tier] = tiers.GetValueOrDefault(step.Tier) + 1;
        }

        var path = new ObjectPath("merged.parquet");
        await using (IObjectUpload upload = await store.BeginUploadAsync(path, Stop))
        {
            await ParquetMerger.MergeAsync(plan, sources, options, upload, Stop);
            await upload.CompleteAsync(Stop);
        }

        ParquetFileReader merged = await ParquetFileReader.OpenAsync(store, path, Stop);
        List<string> rows = await RandomFile.RowsAsync(merged, new ReadRequest(), Stop);
        List<string> all = [.. expected.SelectMany(static r => r)];
        if (!options.KeepsOrder)
        {
            rows.Sort(StringComparer.Ordinal);
            all.Sort(StringComparer.Ordinal);
        }

        Assert.Equal(all, rows);
        Assert.Empty((await FileCheck.RunAsync(store, path, Stop)).Findings);
    }
}
