using Lakehouse.Columns;
using Lakehouse.Ingest;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>What statistics, page indexes and bloom filters of a merged file leave out holds no row for which a condition is true.</summary>
public sealed class MergedPruningTests(ITestOutputHelper output)
{
    private const int ConditionsPerFile = 8;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_row_of_a_merged_file_is_lost()
    {
        int first = Seeds.One ?? Seeds.First(Random.Shared.Next());
        int count = Seeds.One is null ? Seeds.Count(20) : 1;
        output.WriteLine($"seeds {first} to {first + count - 1}");
        long leftOut = 0;
        int conditions = 0;
        for (int seed = first; seed < first + count; seed++)
        {
            var random = new Random(seed);
            var store = new MemoryObjectStore("merge", TimeProvider.System);
            RandomInputs inputs = await RandomInputs.WriteAsync(store, random, 1_500, Stop);
            (ParquetFileReader file, _, _) = await MergedFile.OfAsync(store, inputs.Paths, RandomMergeOptions.Of(random, inputs), Stop);
            foreach (string condition in await ConditionsAsync(file, random))
            {
                Expression parsed = Expression.Parse(condition);
                var pruning = new ConditionPruning(parsed, file.Schema);
                List<string> expected = await MatchesAsync(file, parsed, new ReadRequest { Columns = pruning.Columns });
                List<string> found = await MatchesAsync(file, parsed, new ReadRequest
                {
                    Columns = pruning.Columns,
                    Pruning = pruning,
                    Decided = (group, rows) => leftOut += file.MetaData.RowGroups[group].NumRows - rows.Count,
                });
                Assert.True(expected.SequenceEqual(found), $"LAKEHOUSE_SEED={seed} {condition}: {found.Count} rows instead of {expected.Count}");
                conditions++;
            }
        }

        output.WriteLine($"{conditions} conditions, {leftOut} rows left out");
        Assert.True((leftOut > 2_000 && conditions > 25) || count < 20, $"{conditions} conditions, {leftOut} rows left out");
    }

    private static async Task<List<string>> ConditionsAsync(ParquetFileReader file, Random random)
    {
        Field[] fields = [.. file.Schema.Fields.Where(RandomCondition.CanCompare)];
        var conditions = new List<string>();
        if (fields.Length == 0)
        {
            return conditions;
        }

        await foreach (RecordBatch batch in file.ReadAsync([.. fields.Select(static f => f.Name)], Stop))
        {
            using (batch)
            {
                var source = new RandomCondition(random, [.. fields.Select((f, i) => (f.Name, batch.Columns[i]))]);
                conditions.AddRange(Enumerable.Range(0, ConditionsPerFile).Select(_ => source.Next()).Where(c => Binds(c, file.Schema)));
            }
        }

        return [.. conditions.OrderBy(_ => random.Next()).Take(ConditionsPerFile)];
    }

    /// <summary>Not a literal that is too large for what it stands beside.</summary>
    private static bool Binds(string condition, Schema schema)
    {
        try
        {
            Expression.Parse(condition).Bind(schema);
            return true;
        }
        catch (ExpressionException)
        {
            return false;
        }
    }

    private static async Task<List<string>> MatchesAsync(ParquetFileReader reader, Expression condition, ReadRequest request)
    {
        List<string> rows = [];
        await foreach (RecordBatch batch in reader.ScanAsync(request, Stop))
        {
            using ColumnVector matches = condition.Bind(batch.Schema).Evaluate(batch);
            using RecordBatch kept = RowSelection.Apply(batch, matches);
            rows.AddRange(Enumerable.Range(0, kept.RowCount).Select(r => string.Join('|', kept.Columns.Select(c => CanonicalText.Of(c, r)))));
        }

        return rows;
    }
}
