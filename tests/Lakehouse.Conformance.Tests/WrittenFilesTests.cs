using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Parquet;
using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>
/// Files of random schemas, values and writer options, whose rows five foreign readers must find as they were written, all of them and by
/// their values. <c>LAKEHOUSE_SEEDS</c> says how many files, <c>LAKEHOUSE_SEED</c> which.
/// </summary>
public sealed class WrittenFilesTests(ITestOutputHelper output)
{
    private const int FileCount = 25;
    private const int FiltersPerColumn = 4;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Foreign_readers_find_the_rows_that_were_written()
    {
        using var folder = new TemporaryFolder();
        List<WrittenFile> files = await WriteAllAsync(folder);
        (string Name, Func<Task<string>> Run)[] readers =
        [
            ("arrow-rs", () => Npm("goldens_arrow_rs.mjs", folder.Path)),
            ("Polars", () => Npm("goldens_arrow_rs.mjs", folder.Path, "polars")),
            ("DuckDB", () => Npm("goldens_duckdb.mjs", folder.Path)),
            ("hyparquet", () => Npm("goldens_hyparquet.mjs", folder.Path)),
            ("pyarrow", () => ForeignReaders.HudiRust.RunAsync(Script("goldens_pyarrow.py"), [folder.Path], Stop)),
        ];
        var wrong = new List<string>();
        foreach ((string reader, Func<Task<string>> run) in readers)
        {
            using JsonDocument found = JsonDocument.Parse(await run());
            int columns = 0;
            foreach (WrittenFile file in files)
            {
                JsonElement golden = found.RootElement.GetProperty("files").GetProperty($"{Path.GetFileName(folder.Path)}/{file.Name}");
                if (golden.TryGetProperty("failure", out JsonElement failure))
                {
                    wrong.Add($"{reader}: {file}: {failure}");
                    continue;
                }

                foreach (JsonProperty column in golden.GetProperty("columns").EnumerateObject())
                {
                    // < DuckDB's instants end at microseconds.
                    if (reader == "DuckDB" && $"{file.Schema[file.Schema.IndexOf(column.Name)].Type}".Contains("timestamp_nanos", StringComparison.Ordinal))
                    {
                        continue;
                    }

                    columns++;
                    if (!file.Hashes[column.Name].Contains(column.Value.GetString()))
                    {
                        wrong.Add($"{reader}: {file}: column {column.Name} of {file.Schema[file.Schema.IndexOf(column.Name)]}");
                    }
                }
            }

            output.WriteLine($"{reader}: {columns} columns of {files.Count} files");
            Assert.True(columns > files.Count, $"{reader} gave {columns} columns only");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task Foreign_readers_lose_no_row_to_statistics_indexes_and_filters()
    {
        using var folder = new TemporaryFolder();
        List<WrittenFile> files = await WriteAllAsync(folder);
        Filter[] filters = [.. files.SelectMany(static f => f.Filters)];
        string requests = folder["filters.json"];
        await File.WriteAllTextAsync(requests, JsonSerializer.Serialize(filters.Select(static f => f.Request)), Stop);
        (string Name, Func<Task<string>> Run)[] readers =
        [
            ("Polars", () => Npm("filters.mjs", "polars", requests)),
            ("DuckDB", () => Npm("filters.mjs", "duckdb", requests)),
            ("hyparquet", () => Npm("filters.mjs", "hyparquet", requests)),
            ("pyarrow", () => ForeignReaders.HudiRust.RunAsync(Script("filters_pyarrow.py"), [requests], Stop)),
        ];
        Assert.True(filters.Length > files.Count, $"{filters.Length} filters only");
        foreach ((string reader, Func<Task<string>> run) in readers)
        {
            long[] counts = JsonSerializer.Deserialize<long[]>(await run())!;
            string[] wrong = [.. filters.Zip(counts).Where(static p => p.First.RowCount != p.Second).Select(static p => $"{p.First}: {p.Second} rows")];
            Assert.True(wrong.Length == 0, $"{reader}:\n{string.Join('\n', wrong.Take(20))}");
            output.WriteLine($"{reader}: {counts.Length} filters");
        }
    }

    private static Task<string> Npm(string script, params string[] arguments) => ForeignReaders.Npm.RunAsync(Script(script), arguments, Stop);

    private static string Script(string name) =>
        Path.Combine(Surroundings.RepositoryRoot, "tests", "Lakehouse.Tests", "Parquet", "Corpus", name);

    private async Task<List<WrittenFile>> WriteAllAsync(TemporaryFolder folder)
    {
        // The suite's seeds are always the same: what others cannot read whoever wrote it would make it fail at any time.
        int first = Seeds.One ?? Seeds.First(1);
        int count = Seeds.One is null ? Seeds.Count(FileCount) : 1;
        output.WriteLine($"seeds {first} to {first + count - 1}");
        var store = new LocalObjectStore(folder.Path);
        var files = new List<WrittenFile>();
        for (int i = 0; i < count; i++)
        {
            files.Add(await WriteAsync(store, first + i));
        }

        if (Seeds.One is not null)
        {
            output.WriteLine($"{files[0]} {files[0].Schema}");
        }

        return files;
    }

    private static async Task<WrittenFile> WriteAsync(LocalObjectStore store, int seed)
    {
        var random = new Random(seed);
        Schema schema = RandomRows.Schema(random);
        ParquetWriterOptions options = RandomOptions.Of(random).WithFilters(random, schema);
        string name = FormattableString.Invariant($"{seed}.parquet");
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
        int distinct = random.Next(3) switch { 0 => 20, 1 => 2_000, _ => 200_000 };
        var batches = new List<RecordBatch>();
        for (int batch = 0; batch < 2; batch++)
        {
            batches.Add(RandomRows.Batch(random, schema, random.Next(1, 1_500), distinct));
            writer.Write([.. batches[^1].Columns], batches[^1].RowCount);
        }

        await using (IObjectUpload upload = await store.BeginUploadAsync(new ObjectPath(name), Stop))
        {
            await writer.CompleteAsync(upload, Stop);
            await upload.CompleteAsync(Stop);
        }

        var hashes = schema.Fields.ToDictionary(f => f.Name, f => HashesOf(batches, schema.IndexOf(f.Name)));
        Filter[] filters =
        [
            .. schema.Fields.SelectMany(f => FiltersOf(Path.Combine(store.Root, name), batches, schema, f, random)),
        ];
        batches.ForEach(static b => b.Dispose());
        return new WrittenFile(name, seed, options, schema, hashes, filters);
    }

    /// <summary>The sum of a column's values; a second one if maps are lists of pairs, as Polars has them.</summary>
    private static string[] HashesOf(List<RecordBatch> batches, int column) =>
        [.. new[] { false, true }.Select(pairs => Md5(string.Concat(
            batches.SelectMany(b => Enumerable.Range(0, b.RowCount).Select(r => CanonicalText.Of(b.Columns[column], r, pairs) + "\n")))))];

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "The sum that the scripts make; it protects nothing.")]
    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));

    private static IEnumerable<Filter> FiltersOf(string file, List<RecordBatch> batches, Schema schema, Field field, Random random)
    {
        if (field.Type.Kind is not (TypeKind.Int or TypeKind.Long or TypeKind.Double or TypeKind.String))
        {
            yield break;
        }

        int column = schema.IndexOf(field.Name);
        Dictionary<string, int> counts = batches
            .SelectMany(b => Enumerable.Range(0, b.RowCount).Where(r => b.Columns[column].IsValid(r)).Select(r => Literal(b.Columns[column], r)))
            .GroupBy(static v => v)
            .ToDictionary(static g => g.Key, static g => g.Count());
        string type = field.Type.Kind switch { TypeKind.String => "text", TypeKind.Double => "double", _ => "long" };
        foreach (string value in counts.Keys.OrderBy(_ => random.Next()).Take(FiltersPerColumn - 1).Append(type == "text" ? "absent" : "123456789"))
        {
            yield return new Filter(
                new FilterRequest(file, field.Name, type, value, field.Type.Width), counts.GetValueOrDefault(value));
        }
    }

    private static string Literal(ColumnVector column, int row) => column.Type.Kind switch
    {
        TypeKind.String => Encoding.UTF8.GetString(column.BytesAt(row)),
        TypeKind.Double => column.Values<double>()[row].ToString("R", CultureInfo.InvariantCulture),
        TypeKind.Int => column.Values<int>()[row].ToString(CultureInfo.InvariantCulture),
        _ => column.Values<long>()[row].ToString(CultureInfo.InvariantCulture),
    };

    private sealed record WrittenFile(
        string Name, int Seed, ParquetWriterOptions Options, Schema Schema, Dictionary<string, string[]> Hashes, Filter[] Filters)
    {
        public override string ToString() => $"LAKEHOUSE_SEED={Seed} {Options}";
    }

    private sealed record Filter(FilterRequest Request, int RowCount);

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "IDE1006", Justification = "The scripts' names.")]
    private sealed record FilterRequest(string file, string column, string type, string value, int width);
}
