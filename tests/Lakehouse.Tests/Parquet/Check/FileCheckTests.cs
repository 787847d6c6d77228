using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>A sound file has no finding, and each kind of damage is found and named with its place.</summary>
public sealed class FileCheckTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string> EveryDamage => [.. Damages.Names];

    [Theory]
    [MemberData(nameof(EveryDamage))]
    public async Task Damage_is_found(string damage)
    {
        (FileFindingKind kind, bool pagesV2) = Damages.Of(damage);
        SampleFile sample = await SampleFile.MakeAsync(pagesV2, Stop);
        Assert.Empty((await CheckAsync(sample.Bytes)).Findings);
        Assert.Empty((await CheckAsync(sample.WithFooter(static f => f))).Findings);

        byte[] damaged = Damages.Bring(damage, sample);
        FileCheckReport report = await CheckAsync(damaged);
        foreach (FileFinding finding in report.Findings)
        {
            output.WriteLine($"{finding.Kind}: {finding}");
        }

        FileFinding found = report.Findings.First(f => f.Kind == kind);
        Assert.InRange(found.Offset, 0, 1 << 30);
        Assert.Contains("byte", found.ToString(), StringComparison.Ordinal);
        bool isOfTheFile = kind is FileFindingKind.StartMagic or FileFindingKind.Unreadable or FileFindingKind.ColumnOrders
            || (kind == FileFindingKind.RowCount && found.Column is null);
        Assert.Equal(isOfTheFile, found.RowGroup is null);
        Assert.Equal(isOfTheFile || kind == FileFindingKind.RowGroup, found.Column is null);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_page_within_a_row_may_not_have_an_offset_index(bool hasIndex)
    {
        var schema = new Schema(new Field("list", ColumnType.List(TypeKind.Long, false)));
        var options = new ParquetWriterOptions { PageBytes = 1_000, PageRowCount = 50, Dictionaries = false };
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
        using var lists = new ColumnBuilder(schema[0].Type);
        for (int row = 0; row < 5; row++)
        {
            for (long i = 0; i < 20_000; i++)
            {
                lists.Children[0].Append(i * i);
            }

            lists.AppendNested();
        }

        writer.Write([lists.Finish()], 5);
        MemoryObjectStore store = await RandomFile.StoreAsync(writer, Stop);
        FileCheckReport sound = await FileCheck.RunAsync(store, RandomFile.Path, Stop);
        Assert.Empty(sound.Findings);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, Stop);
        Assert.Null(reader.MetaData.RowGroups[0].Columns[0].OffsetIndexOffset); // The writer has split a row.
        if (hasIndex)
        {
            var sample = await SampleFile.OfAsync(store, Stop);
            IReadOnlyList<PageFacts> pages = await PageListing.ReadAsync(store, RandomFile.Path, sample.Chunk(0).MetaData, Stop);
            var index = new OffsetIndex([.. pages.Select((p, i) => new PageLocation(p.Offset, p.HeaderByteCount + p.Header.CompressedPageSize, i))]);
            Assert.Contains((await CheckAsync(sample.With(0, index))).Findings, static f => f.Kind == FileFindingKind.SplitRow);
        }
    }

    /// <summary>What the makers of these files, or the versions that wrote them, did wrong; each was looked at.</summary>
    [Fact]
    public async Task Foreign_files_have_the_findings_that_are_known()
    {
        string? folder = Surroundings.Shared("corpus");
        Assert.SkipUnless(folder is not null, "SKIPPED: the corpora of Parquet files are not beside the repository.");
        string golden = Path.Combine(Surroundings.RepositoryRoot, "tests", "Lakehouse.Tests", "Parquet", "Check", "known-findings.txt");
        List<string> found = [];
        int sound = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "*.parquet*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(folder, file);
            if (name.Contains("large_string_map", StringComparison.Ordinal))
            {
                continue; // 2 GiB of one value.
            }

            FileCheckReport report = await FileCheck.RunAsync(new LocalObjectStore(folder), new ObjectPath(name), Stop);
            sound += report.Findings.IsEmpty ? 1 : 0;
            found.AddRange(report.Findings.CountBy(static f => f.Kind).OrderBy(static k => k.Key).Select(k => $"{name}: {k.Value} x {k.Key}"));
        }

        output.WriteLine(string.Join('\n', found));
        Assert.True(sound > 150, $"Only {sound} files without a finding.");
        Assert.Equal(await File.ReadAllLinesAsync(golden, Stop), found);
    }

    [Fact]
    public async Task A_value_outside_its_bloom_filter_is_found()
    {
        string? folder = Surroundings.Shared("corpus", "parquet-testing", "data");
        Assert.SkipUnless(folder is not null, "SKIPPED: the corpora of Parquet files are not beside the repository.");
        byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(folder, "data_index_bloom_encoding_with_length.parquet"), Stop);
        Assert.Empty((await CheckAsync(bytes)).Findings);
        var store = new MemoryObjectStore("file", TimeProvider.System);
        await store.PutAsync(RandomFile.Path, bytes, Stop);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, Stop);
        ColumnMetaData chunk = reader.MetaData.RowGroups[0].Columns[0].MetaData;
        int size = BloomFilter.ReadHeader(bytes.AsSpan((int)chunk.BloomFilterOffset!), out int headerBytes);
        bytes.AsSpan((int)chunk.BloomFilterOffset + headerBytes, size).Clear();
        FileFinding finding = Assert.Single((await CheckAsync(bytes)).Findings);
        Assert.Equal(FileFindingKind.BloomFilter, finding.Kind);
        Assert.Equal(chunk.BloomFilterOffset, finding.Offset);
        bytes[(int)chunk.BloomFilterOffset] ^= 0xFF;
        Assert.Equal(FileFindingKind.BloomFilter, Assert.Single((await CheckAsync(bytes)).Findings).Kind);
    }

    [Fact]
    public async Task Damage_anywhere_is_no_crash()
    {
        int seed = Seeds.Pick(output);
        var random = new Random(seed);
        SampleFile sample = await SampleFile.MakeAsync(pagesV2: random.Next(2) == 0, Stop);
        int found = 0;
        for (int round = 0; round < 150; round++)
        {
            byte[] damaged = [.. sample.Bytes];
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            found += (await CheckAsync(damaged)).Findings.IsEmpty ? 0 : 1;
        }

        Assert.True(found > 120, $"Of 150 flipped bits {found} were found; those in names and annotations may pass.");
    }

    private static async Task<FileCheckReport> CheckAsync(byte[] bytes)
    {
        var store = new MemoryObjectStore("file", TimeProvider.System);
        await store.PutAsync(RandomFile.Path, bytes, Stop);
        return await FileCheck.RunAsync(store, RandomFile.Path, Stop);
    }
}
