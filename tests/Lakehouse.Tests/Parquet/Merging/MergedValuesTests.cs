using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>
/// A merged file holds the rows of its sources one after the other, whatever their schemas, encodings, codecs, pages, row groups and
/// dictionaries.
/// </summary>
public sealed class MergedValuesTests(ITestOutputHelper output)
{
    private const int RoundCount = 30;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_are_those_of_the_sources() => await ManyAsync(RoundCount, isFar: false);

    [Fact]
    public async Task A_schema_that_has_changed_a_lot_is_merged_right_or_refused_by_name() => await ManyAsync(RoundCount / 2, isFar: true);

    private async Task ManyAsync(int normally, bool isFar)
    {
        int first = Seeds.One ?? Seeds.First(Random.Shared.Next());
        int count = Seeds.One is null ? Seeds.Count(normally) : 1;
        output.WriteLine($"seeds {first} to {first + count - 1}");
        var tiers = new Dictionary<string, int>();
        int refused = 0;
        for (int seed = first; seed < first + count; seed++)
        {
            try
            {
                await RoundAsync(seed, isFar, tiers);
            }
            catch (ParquetFormatException refusal) when (isFar && refusal.Message.Contains("cannot be merged", StringComparison.Ordinal))
            {
                refused++;
            }
            catch (Exception failure) when (Seeds.One is null && failure is not OperationCanceledException)
            {
                Assert.Fail($"LAKEHOUSE_SEED={seed}: {failure}");
            }
        }

        output.WriteLine($"{refused} refused, " + string.Join(", ", tiers.OrderBy(static t => t.Key).Select(static t => $"{t.Key} {t.Value}")));
        Assert.True(refused <= count * 9 / 10 || count < 10, $"{refused} of {count} refused");
    }

    private static async Task RoundAsync(int seed, bool isFar, Dictionary<string, int> tiers)
    {
        var random = new Random(seed);
        var store = new MemoryObjectStore("merge", TimeProvider.System);
        RandomInputs inputs = await RandomInputs.WriteAsync(store, random, 1_500, Stop, isFar: isFar);
        MergeOptions options = RandomMergeOptions.Of(random, inputs);
        (ParquetFileReader file, MergePlan plan, IReadOnlyList<MergeSource> sources) = await MergedFile.OfAsync(store, inputs.Paths, options, Stop);
        Assert.Equal(inputs.Schema, file.Schema);
        int[] order = [.. inputs.Order(plan, sources)];
        Assert.Equal(Enumerable.Range(0, order.Length), options.KeepsOrder ? order : order.Order());
        string[] expected = [.. order.Select(inputs.Row)];
        List<string> found = await RandomFile.RowsAsync(file, new ReadRequest(), Stop);
        int wrong = Enumerable.Range(0, Math.Min(expected.Length, found.Count)).FirstOrDefault(i => expected[i] != found[i], -1);
        Assert.True(
            wrong < 0 && expected.Length == found.Count,
            $"{found.Count} rows instead of {expected.Length}; row {wrong}: "
            + $"{(wrong < 0 ? "" : $"{found[wrong]}\ninstead of {expected[wrong]}")}\n{inputs.Schema}");
        foreach (MergedColumn column in plan.RowGroups.SelectMany(static g => g.Columns))
        {
            tiers[column.Tier.ToString()] = tiers.GetValueOrDefault(column.Tier.ToString()) + 1;
        }
    }
}
