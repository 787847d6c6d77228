using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Files of many writers, each merged with itself and with the others of its schema: equal in value, or refused by name.</summary>
public sealed class MergedCorpusTests(ITestOutputHelper output)
{
    private const int BytesMax = 1 << 20;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("parquet-testing/data", false, 50)]
    [InlineData("parquet-testing/data", true, 60)]
    [InlineData("page-merged", false, 19)]
    [InlineData("page-merged", true, 38)]
    public async Task Each_file_is_merged_with_itself(string below, bool asOfAKnownWriter, int mergedMin)
    {
        int merged = 0;
        foreach (string file in Files(below))
        {
            byte[] bytes = await ReadAsync(file, asOfAKnownWriter);
            merged += await MergeAsync(Path.GetFileName(file), [bytes, bytes]) ? 1 : 0;
        }

        Assert.True(merged >= mergedMin, $"{merged} files were merged");
    }

    [Fact]
    public async Task Files_of_one_schema_are_merged_with_each_other()
    {
        var random = new Random(Seeds.One ?? 7);
        var bySchema = new List<(Lakehouse.Columns.Schema Schema, List<byte[]> Files)>();
        foreach (string file in Files("page-merged").Where(static f => !Path.GetFileName(f).StartsWith("neg-", StringComparison.Ordinal)))
        {
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(
                new LocalObjectStore(Path.GetDirectoryName(file)!), new ObjectPath(Path.GetFileName(file)), Stop); // not null: the path is whole
            List<byte[]>? others = bySchema.FirstOrDefault(s => s.Schema.Equals(reader.Schema)).Files;
            if (others is null)
            {
                bySchema.Add((reader.Schema, others = []));
            }

            others.Add(await ReadAsync(file, asOfAKnownWriter: true));
        }

        int merged = 0;
        foreach ((_, List<byte[]> files) in bySchema)
        {
            for (int round = 0; round < files.Count; round++)
            {
                byte[][] some = [.. files.OrderBy(_ => random.Next()).Take(random.Next(2, 6))];
                merged += await MergeAsync($"{files.Count} of a schema, round {round}", some) ? 1 : 0;
            }
        }

        Assert.True(merged > 20, $"{merged} were merged");
    }

    private async Task<bool> MergeAsync(string name, IReadOnlyList<byte[]> files)
    {
        var merge = new CraftedMerge(Stop);
        foreach (byte[] file in files)
        {
            await merge.AddAsync(file);
        }

        try
        {
            MergeOutcome outcome = await merge.TryAsync(new MergeOptions { KeepsOrder = true });
            if (outcome == MergeOutcome.Equal)
            {
                await merge.MergeAsync(new MergeOptions { KeepsOrder = true }); // What it says of itself, too.
            }
            else
            {
                output.WriteLine($"{name}: {outcome}");
            }

            return outcome == MergeOutcome.Equal;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            throw new InvalidOperationException(name, failure);
        }
    }

    /// <summary>A file, its pages such as a known writer makes them if they are to be copied.</summary>
    private static async Task<byte[]> ReadAsync(string file, bool asOfAKnownWriter)
    {
        byte[] bytes = await File.ReadAllBytesAsync(file, Stop);
        var store = new MemoryObjectStore("file", TimeProvider.System);
        await store.PutAsync(RandomFile.Path, bytes, Stop);
        try
        {
            SampleFile sample = await SampleFile.OfAsync(store, Stop);
            return asOfAKnownWriter ? sample.WithFooter(static f => f with { CreatedBy = CraftedFile.TrustedWriter }) : bytes;
        }
        catch (ParquetFormatException)
        {
            return bytes;
        }
    }

    private static IEnumerable<string> Files(string below)
    {
        string? folder = Surroundings.Shared("corpus");
        Assert.SkipUnless(folder is not null, "SKIPPED: the corpora of Parquet files are not beside the repository.");
        return Directory.EnumerateFiles(Path.Combine(folder, below), "*.parquet", SearchOption.AllDirectories)
            .Where(static f => new FileInfo(f).Length < BytesMax && !f.Contains("large_string_map", StringComparison.Ordinal)) // 2 GiB of one value.
            .Order(StringComparer.Ordinal);
    }
}
