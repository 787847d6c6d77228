using Lakehouse.Columns;
using Lakehouse.Parquet;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Whatever pages the sources have, those of a merged chunk are legal, and their values the same.</summary>
public sealed class MergedPagesTests
{
    // Pages of the first size are too small to be copied as they are, those of the second are not.
    private const int Few = 10;
    private const int Many = 6_000;

    private static readonly MergeOptions InOrder = new() { KeepsOrder = true };
    private static readonly Schema Numbers = new(new Field("x", TypeKind.Int, Required: true));

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<int> Sizes => [Few, Many];

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Pages_of_one_encoding_from_many_files_share_a_chunk(int count)
    {
        var merge = new CraftedMerge(Stop);
        for (int i = 0; i < 5; i++)
        {
            await merge.AddAsync(new CraftedFile().Plain(Values(count, i)));
        }

        (ParquetFileReader file, _) = await merge.MergeAsync();
        Assert.Equal(5 * count, Assert.Single(file.MetaData.RowGroups).NumRows);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Pages_of_different_encodings_share_a_chunk(int count)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Plain(Values(count, 1)));
        using ColumnVector rising = Vector([.. Enumerable.Range(0, 30_000)]);
        await merge.AddAsync(
            Numbers,
            new ParquetWriterOptions { Encodings = FurtherEncodings.Delta, Dictionaries = false, Codec = CompressionCodec.Uncompressed },
            [rising]);
        await merge.AddAsync(new CraftedFile().Plain(Values(count, 2)));
        (ParquetFileReader file, MergePlan plan) = await merge.MergeAsync(InOrder);
        Assert.Single(file.MetaData.RowGroups);
        if (plan.RowGroups[0].Columns[0].Tier == MergeTier.Copy)
        {
            Assert.Superset(
                new HashSet<ParquetEncoding> { ParquetEncoding.Plain, ParquetEncoding.DeltaBinaryPacked },
                file.MetaData.RowGroups[0].Columns[0].MetaData.Encodings.ToHashSet());
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Pages_of_version_1_and_2_share_a_chunk(int count)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile(required: false).Plain(Values(count, 1, nullEvery: 7)));
        await merge.AddAsync(new CraftedFile(required: false).PlainV2(Values(count, 2, nullEvery: 5)));
        await merge.AddAsync(new CraftedFile(required: false).Plain(Values(count, 3)));
        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder);
        Assert.Single(file.MetaData.RowGroups);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Dictionary_pages_come_before_the_plain_ones_of_a_writer_that_gave_up(int count)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Dictionary(10, 20, 30).Indexes(2, Indexes(count, 3)));
        await merge.AddAsync(new CraftedFile().Dictionary(10, 20).Indexes(1, Indexes(count, 2)).Plain(Values(count, 4)));
        await merge.AddAsync(new CraftedFile().Plain(Values(count, 5)));
        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder);
        await AssertDictionaryFirstAsync(merge, file);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Two_files_that_gave_up_their_dictionaries_do_not_alternate(int count)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Dictionary(10, 20).Indexes(1, Indexes(count, 2)).Plain(Values(count, 4)));
        await merge.AddAsync(new CraftedFile().Dictionary(10, 20).Indexes(1, Indexes(count, 2)).Plain(Values(count, 5)));
        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder);
        await AssertDictionaryFirstAsync(merge, file);
    }

    [Theory]
    [InlineData(Few, true)]
    [InlineData(Many, true)]
    [InlineData(Few, false)]
    [InlineData(Many, false)]
    public async Task A_plain_page_is_never_followed_by_one_of_a_dictionary(int count, bool keepsOrder)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Plain(Values(count, 1)));
        await merge.AddAsync(new CraftedFile().Dictionary(1, 2, 3).Indexes(2, Indexes(count, 3)));
        (ParquetFileReader file, MergePlan plan) = await merge.MergeAsync(new MergeOptions { KeepsOrder = keepsOrder });
        await AssertDictionaryFirstAsync(merge, file);
        Assert.True(!keepsOrder || plan.RowGroups[0].Inputs[0].Source == 0);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task One_dictionary_page_remains_of_several(int count)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Dictionary(1, 2, 3).Indexes(2, Indexes(count, 3)));
        await merge.AddAsync(new CraftedFile().Dictionary(3, 4).Indexes(1, Indexes(count, 2)));
        await merge.AddAsync(new CraftedFile().Dictionary(1, 2, 3, 4, 5).Indexes(3, Indexes(count, 5)));
        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder);
        Assert.True(await AssertDictionaryFirstAsync(merge, file) <= 1);
    }

    [Fact]
    public async Task A_source_with_two_dictionary_pages_is_refused()
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Dictionary(1, 2).Indexes(1, Indexes(Many, 2)).Dictionary(3, 4).Indexes(1, Indexes(Many, 2)));
        await merge.AddAsync(new CraftedFile().Plain(Values(Many, 1)));
        Assert.Equal(MergeOutcome.Refused, await merge.TryAsync(InOrder));
    }

    [Fact]
    public async Task A_source_whose_dictionary_is_not_first_is_refused_or_read()
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Plain(Values(Many, 1)).Dictionary(3, 4).Indexes(1, Indexes(Many, 2)));
        await merge.AddAsync(new CraftedFile().Dictionary(3, 5).Indexes(1, Indexes(Many, 2)));
        await merge.TryAsync(InOrder);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Indexes_of_different_widths_share_a_chunk(int count)
    {
        var merge = new CraftedMerge(Stop);
        foreach (int width in (int[])[2, 1, 9, 20, 32, 3])
        {
            await merge.AddAsync(new CraftedFile().Dictionary(7, 8, 9, 10).Indexes(width, Indexes(count, width == 1 ? 2 : 4)));
        }

        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder);
        await AssertDictionaryFirstAsync(merge, file);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Entries_that_no_page_uses_do_no_harm(int count)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Dictionary([.. Enumerable.Range(0, 500)]).Indexes(9, Indexes(count, 3)));
        await merge.AddAsync(new CraftedFile().Dictionary([.. Enumerable.Range(400, 500)]).Indexes(9, Indexes(count, 4)));
        await merge.MergeAsync(InOrder);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task Equal_entries_of_a_dictionary_do_no_harm(int count)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Dictionary(5, 5, 7).Indexes(2, Indexes(count, 3)));
        await merge.AddAsync(new CraftedFile().Dictionary(7, 5, 7, 9).Indexes(2, Indexes(count, 4)));
        await merge.AddAsync(new CraftedFile().Dictionary(5, 5, 7).Indexes(2, Indexes(count, 3)));
        await merge.MergeAsync(InOrder);
    }

    [Theory]
    [InlineData(Few, true)]
    [InlineData(Many, true)]
    [InlineData(Few, false)]
    [InlineData(Many, false)]
    public async Task An_index_beyond_its_dictionary_does_not_become_one_of_another_file(int count, bool continues)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile(checksums: false).Dictionary(5, 6).Indexes(3, [.. Indexes(count, 2), 5]));
        int[] other = continues ? [5, 6, 7, 8, 9, 10, 11] : [1, 2, 3, 4, 5, 6, 7];
        await merge.AddAsync(new CraftedFile(checksums: false).Dictionary(other).Indexes(3, Indexes(count, 7)));
        Assert.NotEqual(MergeOutcome.Equal, await merge.TryAsync(InOrder));
    }

    [Fact]
    public async Task One_codec_remains_of_several()
    {
        var merge = new CraftedMerge(Stop);
        foreach (CompressionCodec codec in RandomOptions.Codecs)
        {
            foreach (bool isV2 in new[] { false, true })
            {
                using ColumnVector values = Vector([.. Enumerable.Range(0, 30_000).Select(static i => i * 7919 % 10_007)]);
                await merge.AddAsync(Numbers, new ParquetWriterOptions { Codec = codec, Dictionaries = false, PagesV2 = isV2 }, [values]);
            }
        }

        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder);
        Assert.Single(file.MetaData.RowGroups);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rows_that_go_on_in_the_next_page_have_no_offset_index(bool splitsFirst)
    {
        var schema = new Schema(new Field("list", ColumnType.List(TypeKind.Long, false)));
        var options = new ParquetWriterOptions { PageBytes = 1_000, PageRowCount = 50, Dictionaries = false, Codec = CompressionCodec.Uncompressed };
        var merge = new CraftedMerge(Stop);
        foreach (int length in splitsFirst ? new[] { 20_000, 2 } : [2, 20_000])
        {
            using var lists = new ColumnBuilder(schema[0].Type);
            for (int row = 0; row < 200_000 / length / 4; row++)
            {
                for (long i = 0; i < length; i++)
                {
                    lists.Children[0].Append(i * i);
                }

                lists.AppendNested();
            }

            using ColumnVector vector = lists.Finish();
            await merge.AddAsync(schema, options, [vector]);
        }

        await merge.MergeAsync(InOrder); // The check of the merged file finds an index that tells rows to begin where they do not.
    }

    internal static int?[] Values(int count, int seed, int nullEvery = 0) =>
        [.. Enumerable.Range(0, count).Select(i => nullEvery > 0 && i % nullEvery == 0 ? (int?)null : (i * 7919) + (seed * 104_729))];

    internal static int?[] Indexes(int count, int below) => [.. Enumerable.Range(0, count).Select(i => (int?)(i * 11 % below))];

    private static ColumnVector Vector(int[] values)
    {
        using var builder = new ColumnBuilder(TypeKind.Int);
        foreach (int value in values)
        {
            builder.Append(value);
        }

        return builder.Finish();
    }

    /// <summary>How many dictionary pages the chunks have at most.</summary>
    private static async Task<int> AssertDictionaryFirstAsync(CraftedMerge merge, ParquetFileReader file)
    {
        int most = 0;
        for (int g = 0; g < file.MetaData.RowGroups.Length; g++)
        {
            PageHeader[] pages = [.. (await merge.PagesAsync(file, g, 0)).Select(static p => p.Header)];
            int[] dictionaries = [.. Enumerable.Range(0, pages.Length).Where(i => pages[i].Type == PageType.DictionaryPage)];
            int[] indexes =
            [
                .. Enumerable.Range(0, pages.Length).Where(i => pages[i].Encoding is ParquetEncoding.RleDictionary or ParquetEncoding.PlainDictionary),
            ];
            Assert.True(dictionaries.Length == (indexes.Length > 0 ? 1 : 0) || dictionaries is [0], string.Join(',', dictionaries));
            Assert.Equal(Enumerable.Range(1, indexes.Length), indexes);
            most = Math.Max(most, dictionaries.Length);
        }

        return most;
    }
}
