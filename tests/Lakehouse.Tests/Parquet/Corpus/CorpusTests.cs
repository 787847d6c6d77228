using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Files that other programs wrote, against what other programs read in them.</summary>
public sealed class CorpusTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Where foreign readers err; what is right stands in a test of its own, or the two others agree.</summary>
    private static readonly HashSet<(string Reader, string File)> Err =
    [
        ("pyarrow", "data/old_list_structure.parquet"), // It takes the inner list of a two-level list for a struct.
        ("pyarrow", "data/int96_from_spark.parquet"), // The year 290000 overflows.
        ("duckdb", "data/int96_from_spark.parquet"), // The same.
        ("arrow_rs", "data/repeated_no_annotation.parquet"), // No rows come out of parquet-wasm.
    ];

    public static TheoryData<string, string> ByReader =>
    [
        .. new[] { "pyarrow", "duckdb", "arrow_rs" }
            .SelectMany(static r => Goldens.Load(r).Keys.Select(f => (Reader: r, File: f)))
            .Except(Err)
            .Select(static c => new TheoryDataRow<string, string>(c.Reader, c.File)),
    ];

    [Theory]
    [MemberData(nameof(ByReader))]
    public async Task A_foreign_file_reads_as_others_read_it(string reader, string file) =>
        Compare(Goldens.Load(reader)[file], await Goldens.ReadAsync(Folder(file), file, Stop));

    [Fact]
    public void Two_others_have_read_every_file()
    {
        Dictionary<string, int> readers = new[] { "pyarrow", "duckdb", "arrow_rs" }
            .SelectMany(static r => Goldens.Load(r).Keys)
            .CountBy(static f => f)
            .ToDictionary();
        string[] files =
        [
            .. Directory.EnumerateFiles(Path.Combine(Folder("data/"), "data"), "*.parquet", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(Folder("data/"), f))
                .Where(static f => f != "data/large_string_map.brotli.parquet"), // 2 GiB of one value.
        ];
        Assert.DoesNotContain(files, f => readers.GetValueOrDefault(f) < 2);
    }

    [Fact]
    public async Task Merged_files_read_as_their_sources()
    {
        string folder = Folder("page-merged/");
        foreach ((string file, FileGolden expected) in Goldens.LoadPageMerged(Path.Combine(folder, "page-merged", "expected.json")))
        {
            // A page without an index run, and levels that make structs null, are wrong on purpose.
            if (Path.GetFileNameWithoutExtension(file) is not ("neg-const-width0-bare" or "neg-pad-member-zero"))
            {
                Compare(expected, await Goldens.ReadAsync(folder, file, Stop));
            }
        }
    }

    [Fact]
    public async Task Variants_read_as_their_binaries()
    {
        string folder = Folder("data/");
        int read = 0;
        foreach (string kind in new[] { "variant", "shredded_variant" })
        {
            foreach (string path in Directory.EnumerateFiles(Path.Combine(folder, kind), "*.parquet", SearchOption.AllDirectories))
            {
                FileGolden found = await Goldens.ReadAsync(folder, Path.GetRelativePath(folder, path), Stop);
                Assert.NotEmpty(found.Columns);
                read++;
            }
        }

        Assert.True(read > 100, $"Only {read} files.");
    }

    [Fact]
    public async Task An_index_run_that_is_missing_is_damage()
    {
        string folder = Folder("page-merged/");
        var refused = await Assert.ThrowsAsync<ParquetFormatException>(
            () => Goldens.ReadAsync(folder, "page-merged/neg-const-width0-bare.parquet", Stop));
        Assert.Contains("row group 0, column", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data/old_list_structure.parquet", "[[1,2],[3,4]]")]
    [InlineData(
        "data/int96_from_spark.parquet",
        "1704141296123456",
        "1704070800000000",
        "253402225200000000",
        "1735599600000000",
        "N",
        "9089380393200000000")]
    public async Task A_foreign_file_reads_as_its_makers_say(string file, params string[] values)
    {
        string folder = Folder(file);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(new LocalObjectStore(folder), new ObjectPath(file), Stop);
        var found = new List<string>();
        await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
        {
            found.AddRange(Enumerable.Range(0, batch.RowCount).Select(r => CanonicalText.Of(batch.Columns[0], r)));
            batch.Dispose();
        }

        Assert.Equal(values, found);
    }

    [Fact]
    public async Task What_is_damaged_or_encrypted_is_refused_with_a_reason_and_a_place()
    {
        string folder = Folder("data/");
        string[] files =
        [
            .. Directory.EnumerateFiles(Path.Combine(folder, "data"), "*.parquet.encrypted").Select(f => Path.GetRelativePath(folder, f)),
            .. Directory.EnumerateFiles(Path.Combine(folder, "data", "aes256"), "*.encrypted").Select(f => Path.GetRelativePath(folder, f)),
            .. Directory.EnumerateFiles(Path.Combine(folder, "bad_data"), "*.parquet").Select(f => Path.GetRelativePath(folder, f)),
        ];
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            Exception? failure = await Record.ExceptionAsync(() => Goldens.ReadAsync(folder, file, Stop));
            if (file.EndsWith("ARROW-GH-43605.parquet", StringComparison.Ordinal))
            {
                Assert.Null(failure); // Only a suboptimal bit width.
                continue;
            }

            var refused = Assert.IsType<ParquetFormatException>(failure);
            Assert.Contains(Path.GetFileName(file), refused.Message, StringComparison.Ordinal);
            Assert.Contains("byte", refused.Message, StringComparison.Ordinal);
        }
    }

    private static string Folder(string file)
    {
        string? folder = Surroundings.Shared("corpus", file.StartsWith("data/", StringComparison.Ordinal) ? "parquet-testing" : "");
        Assert.SkipUnless(folder is not null, "SKIPPED: the corpora of Parquet files are not beside the repository.");
        return folder;
    }

    private static void Compare(FileGolden expected, FileGolden found)
    {
        Assert.Equal(expected.Rows, found.Rows);
        foreach ((string column, string sum) in expected.Columns)
        {
            Assert.True(sum == found.Columns.GetValueOrDefault(column), $"The values of column '{column}' differ.");
        }
    }
}
