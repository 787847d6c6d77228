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

    /// <summary>Where pyarrow 18 errs; what is right stands in tests of their own.</summary>
    private static readonly HashSet<string> PyArrowErrs =
    [
        "data/old_list_structure.parquet", // It takes the inner list of a two-level list for a struct.
        "data/int96_from_spark.parquet", // The year 290000 overflows in it.
    ];

    public static TheoryData<string> PyArrow => [.. Goldens.Load("pyarrow").Keys.Except(PyArrowErrs)];

    [Theory]
    [MemberData(nameof(PyArrow))]
    public async Task A_foreign_file_reads_as_pyarrow_reads_it(string file) => await CompareAsync("pyarrow", file);

    [Theory]
    [InlineData("data/old_list_structure.parquet", "[[1,2],[3,4]]")]
    [InlineData(
        "data/int96_from_spark.parquet",
        "1704141296123456",
        "1704070800000000",
        "253402225200000000",
        "1735599600000000",
        "~",
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

    private static async Task CompareAsync(string reader, string file)
    {
        FileGolden expected = Goldens.Load(reader)[file];
        FileGolden found = await Goldens.ReadAsync(Folder(file), file, Stop);
        Assert.Equal(expected.Rows, found.Rows);
        Assert.Equal(
            expected.Columns.OrderBy(static c => c.Key, StringComparer.Ordinal), found.Columns.OrderBy(static c => c.Key, StringComparer.Ordinal));
    }
}
