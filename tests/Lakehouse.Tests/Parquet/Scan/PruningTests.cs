using Lakehouse.Columns;
using Lakehouse.Ingest;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>What is left out by statistics, page indexes and bloom filters holds no row for which the condition is true.</summary>
public sealed class PruningTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_row_of_our_files_is_lost()
    {
        int seed = Seeds.Pick(output);
        var random = new Random(seed);
        var tally = new Tally();
        for (int round = 0; round < Seeds.Count(30); round++)
        {
            MemoryObjectStore store = await RandomFile.WriteAsync(random, RandomOptions.Of(random), 1_500, Stop);
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, Stop);
            await CompareAsync(reader, random, conditions: 8, tally);
        }

        output.WriteLine(tally.ToString());
        Assert.True(tally is { GroupsLeftOut: > 20, GroupsInPart: > 5 } && tally.Conditions > 100, tally.ToString());
    }

    [Fact]
    public async Task No_row_of_foreign_files_is_lost()
    {
        string? folder = Surroundings.Shared("corpus");
        Assert.SkipUnless(folder is not null, "SKIPPED: the corpora of Parquet files are not beside the repository.");
        int seed = Seeds.Pick(output);
        var random = new Random(seed);
        var tally = new Tally();
        foreach (string file in Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories).Order())
        {
            if (file.Contains("bad_data", StringComparison.Ordinal) || new FileInfo(file).Length > 1 << 20)
            {
                continue;
            }

            try
            {
                ParquetFileReader reader = await ParquetFileReader.OpenAsync(
                    new LocalObjectStore(folder), new ObjectPath(Path.GetRelativePath(folder, file)),
                    Stop);
                await CompareAsync(reader, random, conditions: 6, tally);
            }
            catch (ParquetFormatException e)
            {
                output.WriteLine(e.Message);
            }
        }

        output.WriteLine(tally.ToString());
        Assert.True(tally is { GroupsLeftOut: > 20, GroupsInPart: > 2 } && tally.Conditions > 200, tally.ToString());
    }

    [Fact]
    public async Task Not_a_number_and_zeros_of_both_signs_are_not_lost()
    {
        var schema = new Schema(new Field("x", TypeKind.Double), new Field("f", TypeKind.Float));
        double?[] values = [double.NaN, 0.0, -0.0, null, 1, -1, double.PositiveInfinity, double.NegativeInfinity];
        var random = new Random(7);
        for (int round = 0; round < 40; round++)
        {
            using var writer = new ParquetFileWriter(
                schema, new ParquetWriterOptions { PageRowCount = 3 }, new Dictionary<string, ConstantColumn>(), null);
            using var doubles = new ColumnBuilder(TypeKind.Double);
            using var floats = new ColumnBuilder(TypeKind.Float);
            for (int i = 0; i < 30; i++)
            {
                if (values[random.Next(values.Length)] is { } value)
                {
                    doubles.Append(value);
                    floats.Append((float)value);
                }
                else
                {
                    doubles.AppendNull();
                    floats.AppendNull();
                }
            }

            writer.Write([doubles.Finish(), floats.Finish()], 30);
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(await RandomFile.StoreAsync(writer, Stop), RandomFile.Path, Stop);
            foreach (string column in (string[])["x", "f"])
            {
                foreach (string condition in (string[])["= 0", "= -0.0", "< 0", "<= 0", ">= 0", "> 0", "= 1", "IS NULL", "IN (0, 1)", "<> 0"])
                {
                    await CompareAsync(reader, $"{column} {condition}", new Tally());
                }
            }
        }
    }

    [Fact]
    public async Task A_bloom_filter_leaves_row_groups_out()
    {
        string? folder = Surroundings.Shared("corpus", "parquet-testing", "data");
        Assert.SkipUnless(folder is not null, "SKIPPED: the corpora of Parquet files are not beside the repository.");
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(
            new LocalObjectStore(folder), new ObjectPath("data_index_bloom_encoding_with_length.parquet"), Stop);
        string column = reader.Schema[0].Name;
        Statistics statistics = reader.MetaData.RowGroups[0].Columns[0].MetaData.Statistics!;
        string low = System.Text.Encoding.UTF8.GetString(statistics.MinValue!);
        var tally = new Tally();
        for (char c = 'a'; c <= 'z'; c++)
        {
            await CompareAsync(reader, $"\"{column}\" = '{low}{c}'", tally); // Within the bounds, and not there.
        }

        Assert.True(tally.GroupsLeftOut > 20, tally.ToString());
        await CompareAsync(reader, $"\"{column}\" IN ('{low}', '{low}x')", tally);
    }

    [Theory]
    [InlineData(TypeKind.Int, "5", true)]
    [InlineData(TypeKind.Long, "5", true)]
    [InlineData(TypeKind.Int, "5000000000", false)]
    [InlineData(TypeKind.Double, "5.5", true)]
    [InlineData(TypeKind.Double, "0.0", false)] // Minus zero equals it.
    [InlineData(TypeKind.Long, "5.5", false)] // Compared as doubles, to which several longs are equal.
    [InlineData(TypeKind.String, "'five'", true)]
    [InlineData(TypeKind.Date, "DATE '2020-01-01'", true)]
    public void An_empty_filter_rules_out_what_it_can_hold(TypeKind kind, string literal, bool isRuledOut)
    {
        ColumnType type = kind;
        ParquetType stored = kind switch
        {
            TypeKind.Long => ParquetType.Int64,
            TypeKind.Double => ParquetType.Double,
            TypeKind.String => ParquetType.ByteArray,
            _ => ParquetType.Int32,
        };
        var leaf = new LeafType(type, stored, 0, LeafConversion.None, IsOrdered: true);
        using var facts = new RowGroupFacts(10, new Dictionary<string, PageBounds>
        {
            ["c"] = PageBounds.OfChunk(leaf, isOrdered: true, new ColumnMetaData { NumValues = 10 }, 10, new BloomFilter(1)),
        });
        var pruning = new ConditionPruning(Expression.Parse($"c = {literal}"), new Schema(new Field("c", type)));
        Assert.Equal(["c"], pruning.EqualityColumns);
        Assert.Equal(isRuledOut ? 0 : 10, pruning.Possible(facts).Count);
    }

    [Theory]
    [InlineData("c LIKE 'b%'", 1)]
    [InlineData("c LIKE 'c%'", 2)]
    [InlineData("c LIKE 'cz_'", 1)]
    [InlineData("c LIKE 'd%'", 0)]
    [InlineData("c LIKE '%b'", 3)]
    [InlineData("c LIKE '\\%b'", 3)]
    [InlineData("c LIKE '\uD7FFx%'", 0)]
    [InlineData("c LIKE '\uD7FF%'", 0)]
    [InlineData("c LIKE ''", 3)]
    public void The_beginning_of_a_pattern_bounds(string condition, int pages)
    {
        var leaf = new LeafType(TypeKind.String, ParquetType.ByteArray, 0, LeafConversion.None, IsOrdered: true);
        var index = new ColumnIndex
        {
            NullPages = [false, false, false],
            MinValues = ["aa"u8.ToArray(), "ba"u8.ToArray(), "cc"u8.ToArray()],
            MaxValues = ["az"u8.ToArray(), "ca"u8.ToArray(), "czz"u8.ToArray()],
        };
        var offsets = new OffsetIndex([new PageLocation(4, 1, 0), new PageLocation(5, 1, 10), new PageLocation(6, 1, 20)]);
        using var facts = new RowGroupFacts(30, new Dictionary<string, PageBounds>
        {
            ["c"] = PageBounds.OfPages(leaf, isOrdered: true, index, offsets, 30, null)!, // not null: the lists fit
        });
        var pruning = new ConditionPruning(Expression.Parse(condition), new Schema(new Field("c", TypeKind.String)));
        Assert.Equal(10 * pages, pruning.Possible(facts).Count);
    }

    [Fact]
    public void Bounds_without_a_meaning_bound_nothing()
    {
        var uint64 = new LeafType(ColumnType.Decimal(20, 0), ParquetType.Int64, 0, LeafConversion.UnsignedLong, IsOrdered: true);
        var statistics = new Statistics { MinValue = BitConverter.GetBytes(1L), MaxValue = BitConverter.GetBytes(ulong.MaxValue) };
        var chunk = new ColumnMetaData { NumValues = 10, Statistics = statistics };
        using PageBounds unsigned = PageBounds.OfChunk(uint64, isOrdered: true, chunk, 10, null);
        Assert.Equal((Int128)1, unsigned.Lower.Values<Int128>()[0]);
        Assert.Equal((Int128)ulong.MaxValue, unsigned.Upper.Values<Int128>()[0]);
        using PageBounds unordered = PageBounds.OfChunk(uint64, isOrdered: false, chunk, 10, null);
        Assert.Equal((1, 1), (unordered.Lower.NullCount, unordered.Upper.NullCount));

        var real = new LeafType(TypeKind.Float, ParquetType.Float, 0, LeafConversion.None, IsOrdered: true);
        Statistics nan = new() { MinValue = BitConverter.GetBytes(float.NaN), MaxValue = BitConverter.GetBytes(1.0) };
        using PageBounds odd = PageBounds.OfChunk(real, isOrdered: true, chunk with { Statistics = nan }, 10, null);
        Assert.Equal((1, 1), (odd.Lower.NullCount, odd.Upper.NullCount)); // Not a number; eight bytes where four are due.
    }

    [Fact]
    public void A_column_index_that_contradicts_itself_bounds_nothing()
    {
        var leaf = new LeafType(TypeKind.Int, ParquetType.Int32, 0, LeafConversion.None, IsOrdered: true);
        var offsets = new OffsetIndex([new PageLocation(4, 10, 0), new PageLocation(14, 10, 6)]);
        var index = new ColumnIndex { NullPages = [true, true], MinValues = [[], []], MaxValues = [[], []], NullCounts = [6, 4] };
        using PageBounds? sound = PageBounds.OfPages(leaf, isOrdered: true, index, offsets, 10, null);
        Assert.Equal([PageNulls.Only, PageNulls.Only], sound!.Nulls.ToArray());
        Assert.Null(PageBounds.OfPages(leaf, isOrdered: true, index with { NullCounts = [-1, -1] }, offsets, 10, null));
        Assert.Null(PageBounds.OfPages(leaf, isOrdered: true, index with { NullPages = [true] }, offsets, 10, null));
        Assert.Null(PageBounds.OfPages(leaf, isOrdered: true, index with { MaxValues = [[]] }, offsets, 10, null));
    }

    private static async Task CompareAsync(ParquetFileReader reader, Random random, int conditions, Tally tally)
    {
        Field[] fields = [.. reader.Schema.Fields.Where(RandomCondition.CanCompare)];
        var sample = new List<(string, ColumnVector)>();
        await foreach (RecordBatch batch in reader.ReadAsync([.. fields.Select(static f => f.Name)], Stop))
        {
            sample.AddRange(fields.Select((f, i) => (f.Name, batch.Columns[i])));
            break;
        }

        for (int i = 0; i < conditions && sample.Count > 0; i++)
        {
            string condition = new RandomCondition(random, sample).Next();
            try
            {
                Expression.Parse(condition).Bind(reader.Schema);
            }
            catch (ExpressionException)
            {
                continue; // A literal that is too large for what it stands beside.
            }

            await CompareAsync(reader, condition, tally);
        }
    }

    private static async Task CompareAsync(ParquetFileReader reader, string condition, Tally tally)
    {
        Expression parsed = Expression.Parse(condition);
        var pruning = new ConditionPruning(parsed, reader.Schema);
        List<string> expected = await MatchesAsync(reader, parsed, new ReadRequest { Columns = pruning.Columns });
        List<string> found = await MatchesAsync(reader, parsed, new ReadRequest
        {
            Columns = pruning.Columns,
            Pruning = pruning,
            Decided = (group, rows) => tally.Add(rows.Count, reader.MetaData.RowGroups[group].NumRows),
        });
        tally.Conditions++;
        Assert.True(expected.SequenceEqual(found), $"{condition}: {found.Count} rows instead of {expected.Count}");
    }

    private static async Task<List<string>> MatchesAsync(ParquetFileReader reader, Expression condition, ReadRequest request)
    {
        List<string> rows = [];
        BoundExpression? bound = null;
        await foreach (RecordBatch batch in reader.ScanAsync(request, Stop))
        {
            bound ??= condition.Bind(batch.Schema);
            using ColumnVector matches = bound.Evaluate(batch);
            using RecordBatch kept = RowSelection.Apply(batch, matches);
            rows.AddRange(Enumerable.Range(0, kept.RowCount).Select(r => string.Join('|', kept.Columns.Select(c => CanonicalText.Of(c, r)))));
        }

        return rows;
    }

    private sealed record Tally
    {
        public int Conditions { get; set; }

        public int GroupsRead { get; private set; }

        public int GroupsInPart { get; private set; }

        public int GroupsLeftOut { get; private set; }

        internal void Add(long rows, long of)
        {
            GroupsRead += rows == of ? 1 : 0;
            GroupsInPart += rows > 0 && rows < of ? 1 : 0;
            GroupsLeftOut += rows == 0 && of > 0 ? 1 : 0;
        }
    }
}
