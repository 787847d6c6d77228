using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>What a merged file says of itself is true, whatever its sources say of themselves.</summary>
public sealed class MergedMetadataTests
{
    private const int Count = 6_000;

    private static readonly MergeOptions InOrder = new() { KeepsOrder = true };
    private static readonly ParquetWriterOptions Plain = new() { Codec = CompressionCodec.Uncompressed, Dictionaries = false };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dictionary_offset_of_zero_is_not_believed()
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Plain(MergedPagesTests.Values(Count, 1)), static c => c with { DictionaryPageOffset = 0 });
        await merge.AddAsync(new CraftedFile().Plain(MergedPagesTests.Values(Count, 2)), static c => c with { DictionaryPageOffset = 0 });
        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder);
        Assert.Null(file.MetaData.RowGroups[0].Columns[0].MetaData.DictionaryPageOffset);
    }

    [Fact]
    public async Task A_dictionary_of_which_the_chunk_says_nothing_is_found()
    {
        var merge = new CraftedMerge(Stop);
        for (int i = 0; i < 2; i++)
        {
            await merge.AddAsync(
                new CraftedFile().Dictionary(1, 2, 3).Indexes(2, MergedPagesTests.Indexes(Count, 3)),
                static c => c with { DictionaryPageOffset = null, DataPageOffset = 4, EncodingStats = [] });
        }

        await merge.MergeAsync(InOrder); // < The check holds both offsets of the merged chunk against its pages.
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Encoding_stats_that_lie_are_not_believed(bool areMissing)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(
            new CraftedFile().Dictionary(1, 2).Indexes(1, MergedPagesTests.Indexes(Count, 2)).Plain(MergedPagesTests.Values(Count, 3)),
            c => c with
            {
                EncodingStats = areMissing
                    ? []
                    : [new(PageType.DictionaryPage, ParquetEncoding.Plain, 1), new(PageType.DataPage, ParquetEncoding.RleDictionary, 2)],
                Encodings = [ParquetEncoding.Rle, ParquetEncoding.RleDictionary],
            });
        await merge.AddAsync(new CraftedFile().Dictionary(1, 2).Indexes(1, MergedPagesTests.Indexes(Count, 2)));
        Assert.Equal(MergeOutcome.Equal, await merge.TryAsync(InOrder));
    }

    [Theory]
    [InlineData("parquet-mr version 1.7.0 (build a)")]
    [InlineData("parquet-cpp-arrow version 2.0.0")]
    [InlineData("parquet-cpp version 1.2.0")]
    [InlineData("somebody else")]
    [InlineData("")]
    public async Task Pages_of_a_writer_that_may_have_defects_are_not_copied(string createdBy)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Plain(MergedPagesTests.Values(Count, 1)), footer: f => f with { CreatedBy = createdBy });
        await merge.AddAsync(new CraftedFile().Plain(MergedPagesTests.Values(Count, 2)));
        (ParquetFileReader file, MergePlan plan) = await merge.MergeAsync(InOrder);
        Assert.Equal(MergeTier.Reencode, plan.RowGroups[0].Columns[0].Steps[0].Tier);
        Assert.StartsWith("Lakehouse version ", file.MetaData.CreatedBy, StringComparison.Ordinal);
        Assert.NotEqual(MergeTier.Reencode, plan.RowGroups[0].Columns[0].Steps[1].Tier);
    }

    [Theory]
    [InlineData(new byte[] { 0 }, false)]
    [InlineData(new byte[] { 0, 0xE0, 0x5D, 0 }, true)] // A run of 6,000 entries 0, whose value has a byte although it needs none.
    [InlineData(new byte[] { 0, 0xE0, 0x5D }, true)]
    public async Task Indexes_of_no_width_need_a_run(byte[] values, bool isRun)
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Dictionary(42).Data(Enumerable.Repeat(true, Count), ParquetEncoding.RleDictionary, values, isV2: false));
        await merge.AddAsync(new CraftedFile().Dictionary(43).Indexes(1, MergedPagesTests.Indexes(Count, 1)));
        Assert.Equal(isRun, await merge.TryAsync(InOrder) == MergeOutcome.Equal);
    }

    [Fact]
    public async Task A_page_of_nulls_in_a_dictionarys_encoding_without_a_dictionary_is_refused_or_mended()
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(
            new CraftedFile(required: false).Data(Enumerable.Repeat(false, Count), ParquetEncoding.RleDictionary, [1], isV2: false));
        await merge.AddAsync(new CraftedFile(required: false).Plain(MergedPagesTests.Values(Count, 2)));
        await merge.TryAsync(InOrder);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nulls_that_are_made_follow_the_encoding_of_their_chunk(bool padsFirst)
    {
        var narrow = new Schema(new Field("id", TypeKind.Int, Required: true));
        var wide = new Schema(narrow[0], new Field("city", TypeKind.String));
        var merge = new CraftedMerge(Stop);
        using ColumnVector ids = MadeColumn.Rising(Count, 0, 1);
        using ColumnVector cities = MadeColumn.Texts(Count, static i => $"city {i % 9}");
        foreach (bool isNarrow in padsFirst ? new[] { true, false, true } : [false, true, false])
        {
            await (isNarrow ? merge.AddAsync(narrow, new ParquetWriterOptions(), [ids]) : merge.AddAsync(wide, new ParquetWriterOptions(), [ids, cities]));
        }

        (ParquetFileReader file, MergePlan plan) = await merge.MergeAsync(InOrder with { Schema = wide });
        Assert.Contains(plan.RowGroups[0].Columns[1].Steps, static s => s.Tier == MergeTier.Pad);
        IReadOnlyList<PageFacts> pages = await merge.PagesAsync(file, 0, 1);
        Assert.True(pages[0].Header.Type != PageType.DictionaryPage || pages.Skip(1).All(static p => p.Header.Encoding == ParquetEncoding.RleDictionary));
    }

    [Fact]
    public async Task A_member_that_is_new_in_a_struct_does_not_make_the_struct_null()
    {
        ColumnType inner = ColumnType.Struct(new Field("a", TypeKind.Int));
        ColumnType whole = ColumnType.Struct(new Field("a", TypeKind.Int), new Field("b", TypeKind.String), new Field("l", ColumnType.List(TypeKind.Int)));
        var before = new Schema(new Field("s", inner), new Field("e", ColumnType.List(inner)));
        var now = new Schema(new Field("s", whole), new Field("e", ColumnType.List(whole)));
        var merge = new CraftedMerge(Stop);
        foreach (Schema schema in new[] { before, now, before })
        {
            var random = new Random(5);
            ColumnVector[] columns = [.. schema.Fields.Select(f => RandomNested.Column(random, f, 2_000, 30, longest: 9))];
            await merge.AddAsync(schema, new ParquetWriterOptions(), columns);
            Array.ForEach(columns, static c => c.Dispose());
        }

        await merge.MergeAsync(InOrder with { Schema = now });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Elements_of_a_list_whose_layout_has_other_names_are_not_taken_for_new_ones(bool othersFirst)
    {
        var schema = new Schema(
            new Field("l", ColumnType.List(TypeKind.Int)),
            new Field("s", ColumnType.Struct(new Field("l", ColumnType.List(TypeKind.String)), new Field("n", TypeKind.Int))));
        var merge = new CraftedMerge(Stop);
        foreach (bool isOther in new[] { othersFirst, !othersFirst, othersFirst })
        {
            var random = new Random(6);
            ColumnVector[] columns = [.. schema.Fields.Select(f => RandomNested.Column(random, f, 2_000, 30, longest: 9))];
            await merge.AddAsync(schema, new ParquetWriterOptions(), columns, isOther ? Renamed : null);
            Array.ForEach(columns, static c => c.Dispose());
        }

        await merge.TryAsync(InOrder);
        await merge.TryAsync(InOrder with { Schema = schema });
    }

    [Fact]
    public async Task Chunks_lie_in_the_order_of_the_schema()
    {
        Field[] fields = [new("a", TypeKind.Int), new("b", TypeKind.String), new("c", TypeKind.Int)];
        using ColumnVector ints = MadeColumn.Rising(Count, 0, 1);
        using ColumnVector texts = MadeColumn.Texts(Count, static i => $"text {i}");
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new Schema(fields), Plain, [ints, texts, ints]);
        await merge.AddAsync(new Schema(fields[2], fields[1], fields[0]), Plain, [ints, texts, ints]);
        await merge.AddAsync(new Schema(fields[1], fields[0]), Plain, [texts, ints]);
        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder with { Schema = new Schema(fields) });
        Assert.Equal(["a", "b", "c"], file.MetaData.RowGroups[0].Columns.Select(static c => c.MetaData.PathInSchema[0]));
    }

    [Fact]
    public async Task A_schema_of_a_sources_footer_does_not_go_stale()
    {
        var merge = new CraftedMerge(Stop);
        foreach (string key in (string[])["ARROW:schema", "parquet.avro.schema", "org.apache.spark.sql.parquet.row.metadata", "pandas", "iceberg.schema"])
        {
            await merge.AddAsync(
                new CraftedFile().Plain(MergedPagesTests.Values(Count, 1)), footer: f => f with { KeyValueMetadata = [new KeyValue(key, "of the source")] });
        }

        (ParquetFileReader file, _) = await merge.MergeAsync();
        Assert.DoesNotContain(file.MetaData.KeyValueMetadata, static k => k.Value == "of the source");
    }

    [Fact]
    public async Task Offset_indexes_lead_to_the_pages()
    {
        var merge = new CraftedMerge(Stop);
        using ColumnVector texts = MadeColumn.Texts(50_000, static i => $"text {i * 7919 % 1_009}");
        var schema = new Schema(new Field("t", TypeKind.String));
        for (int i = 0; i < 3; i++)
        {
            await merge.AddAsync(schema, Plain, [texts]);
        }

        (ParquetFileReader file, _) = await merge.MergeAsync(InOrder);
        OffsetIndex index = (await file.Indexes.ReadOffsetsAsync(0, [0], Stop))[0];
        IReadOnlyList<PageFacts> pages = await merge.PagesAsync(file, 0, 0);
        Assert.Equal(
            pages.Where(static p => p.Header.Type != PageType.DictionaryPage).Select(static p => p.Offset),
            index.PageLocations.Select(static l => l.Offset));
        Assert.True(index.PageLocations.Length >= 3);
    }

    [Fact]
    public async Task More_row_groups_than_ordinals_have_none()
    {
        const int Groups = 33_000;
        var merge = new CraftedMerge(Stop);
        using ColumnVector ids = MadeColumn.Rising(Groups, 0, 1);
        var schema = new Schema(new Field("id", TypeKind.Int, Required: true));
        await merge.AddAsync(schema, Plain with { RowGroupRowCountMax = 1 }, [ids]);
        (ParquetFileReader file, _, _) = await MergedFile.OfAsync(merge.Store, merge.Sources, InOrder with { RowGroupRows = 1 }, Stop);
        Assert.Equal(Groups, file.MetaData.RowGroups.Length);
        Assert.Equal(
            Enumerable.Range(0, Groups).Select(static i => i.ToString(CultureInfo.InvariantCulture)),
            await RandomFile.RowsAsync(file, new ReadRequest(), Stop));
        Assert.All(file.MetaData.RowGroups, static g => Assert.Null(g.Ordinal));
    }

    [Fact]
    public async Task A_checksum_that_is_wrong_is_not_made_right()
    {
        var merge = new CraftedMerge(Stop);
        var good = new CraftedFile().Plain(MergedPagesTests.Values(Count, 1));
        await good.PutAsync(merge.Store, RandomFile.Path, Stop);
        byte[] bytes = (await merge.Store.GetAsync(RandomFile.Path, Stop))!; // not null: it was put
        bytes[1_000] ^= 1;
        await merge.AddAsync(bytes);
        await merge.AddAsync(new CraftedFile().Plain(MergedPagesTests.Values(Count, 2)));
        try
        {
            await MergedFile.WriteAsync(merge.Store, merge.Sources, InOrder, Stop);
        }
        catch (ParquetFormatException refusal)
        {
            Assert.Contains("in/0.parquet", refusal.Message, StringComparison.Ordinal);
            Assert.Null(await merge.Store.StatAsync(MergedFile.Path, Stop));
            return;
        }

        Assert.Contains((await FileCheck.RunAsync(merge.Store, MergedFile.Path, Stop)).Findings, static f => f.Kind == FileFindingKind.Checksum);
    }

    [Fact]
    public async Task Times_of_another_unit_are_converted_or_refused()
    {
        var merge = new CraftedMerge(Stop);
        var millis = new Schema(new Field("t", TypeKind.TimestampMillis));
        var micros = new Schema(new Field("t", TypeKind.TimestampMicros));
        using ColumnVector first = RandomRows.Ascending(new Random(1), millis[0], Count);
        using ColumnVector second = RandomRows.Ascending(new Random(2), micros[0], Count);
        await merge.AddAsync(millis, Plain, [first]);
        await merge.AddAsync(micros, Plain, [second]);
        await merge.TryAsync(InOrder);
    }

    [Fact]
    public async Task A_merge_that_fails_leaves_no_file()
    {
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(new CraftedFile().Plain(MergedPagesTests.Values(Count, 1)));
        await merge.AddAsync(new CraftedFile(checksums: false).Dictionary(1).Indexes(3, MergedPagesTests.Indexes(Count, 7))); // Indexes beyond.
        await merge.AddAsync(new CraftedFile().Dictionary(1, 2).Indexes(1, MergedPagesTests.Indexes(Count, 2)));
        await Assert.ThrowsAsync<ParquetFormatException>(() => MergedFile.WriteAsync(merge.Store, merge.Sources, InOrder, Stop));
        Assert.Null(await merge.Store.StatAsync(MergedFile.Path, Stop));
    }

    [Theory]
    [InlineData("datapage_v2_empty_datapage.snappy.parquet")] // Pages without a byte of values, which are not decompressed.
    [InlineData("page_v2_empty_compressed.parquet")]
    [InlineData("datapage_v2.snappy.parquet")] // Pages that do not say whether they are compressed.
    [InlineData("dict-page-offset-zero.parquet")]
    public async Task Pages_of_version_2_mean_in_a_merged_file_what_they_meant(string name)
    {
        string? folder = Surroundings.Shared("corpus", "parquet-testing", "data");
        Assert.SkipUnless(folder is not null, "SKIPPED: the corpora of Parquet files are not beside the repository.");
        byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(folder, name), Stop);
        var merge = new CraftedMerge(Stop);
        await merge.AddAsync(bytes);
        await merge.AddAsync(bytes);
        await merge.MergeAsync(InOrder);
    }

    /// <summary>The names that Hive gives to the inner nodes of lists.</summary>
    private static FileMetaData Renamed(FileMetaData file) => file with
    {
        Schema = [.. file.Schema.Select(static e => e with { Name = Renamed(e.Name) })],
        RowGroups =
        [
            .. file.RowGroups.Select(static g => g with
            {
                Columns =
                [
                    .. g.Columns.Select(static c => c with { MetaData = c.MetaData with { PathInSchema = [.. c.MetaData.PathInSchema.Select(Renamed)] } }),
                ],
            }),
        ],
    };

    private static string Renamed(string name) => name switch { "list" => "bag", "element" => "array_element", _ => name };
}
