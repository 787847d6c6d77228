using System.Globalization;
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
/// Files merged from random ones, of our writer and of four others, whose rows five foreign readers must find as they were in the sources.
/// <c>LAKEHOUSE_SEEDS</c> says how many files, <c>LAKEHOUSE_SEED</c> which.
/// </summary>
public sealed class MergedFilesTests(ITestOutputHelper output)
{
    private const int FileCount = 10;
    private const int FiltersPerColumn = 4;

    private static readonly string[] Codecs = ["none", "snappy", "zstd", "gzip"];

    /// <summary>Types that every foreign writer gives back as it got them.</summary>
    private static readonly ColumnType[] CommonTypes =
    [
        TypeKind.Boolean, TypeKind.Int, TypeKind.Long, TypeKind.Float, TypeKind.Double, TypeKind.Date, TypeKind.String, TypeKind.Binary,
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Foreign_readers_find_the_rows_of_the_sources()
    {
        using var folder = new TemporaryFolder();
        List<Merged> merged = await MergeAllAsync(folder);
        await new ForeignValues(folder.Path, output, Stop).CompareAsync([.. merged.Select(static m => m.File)]);
    }

    [Fact]
    public async Task Foreign_readers_lose_no_row_of_the_sources_to_statistics_indexes_and_filters()
    {
        using var folder = new TemporaryFolder();
        KnownCount[] filters = [.. (await MergeAllAsync(folder)).SelectMany(static m => m.Filters)];
        Assert.True(filters.Length > 10, $"{filters.Length} filters only");
        await new ForeignValues(folder.Path, output, Stop).CountAsync(filters);
    }

    [Fact]
    public async Task Files_of_foreign_writers_merge_with_ours_and_with_each_others()
    {
        await ForeignReaders.Npm.RequireAsync();
        await ForeignReaders.HudiRust.RequireAsync();
        using var folder = new TemporaryFolder();
        using var sources = new TemporaryFolder();
        (int first, int count) = SeedsOf();
        List<Rewritten> files = await RewriteAllAsync(sources, first, count);
        var store = new LocalObjectStore(sources.Path);
        var known = new List<KnownFile>();
        foreach (IGrouping<int, Rewritten> group in files.GroupBy(static f => f.Seed))
        {
            var random = new Random(group.Key);
            Rewritten[] inputs = [.. group.OrderBy(_ => random.Next())];
            Schema schema = inputs[0].Schema;
            var texts = schema.Fields.Select(static _ => new List<(string Text, string WithPairs)>()).ToArray();
            foreach (Rewritten input in inputs)
            {
                await AddTextsAsync(store, input.Path, schema, texts);
            }

            MergeOptions options = new() { Schema = schema, KeepsOrder = true, RowGroupRows = random.Next(2) == 0 ? 1_500 : 1 << 20 };
            string name = FormattableString.Invariant($"{group.Key}.parquet");
            await MergeAsync(store, [.. inputs.Select(static i => i.Path)], options, new LocalObjectStore(folder.Path), name);
            known.Add(new KnownFile(
                name, $"LAKEHOUSE_SEED={group.Key} {string.Join(' ', inputs.Select(static i => i.Writer))}", schema, HashesOf(schema, texts)));
        }

        output.WriteLine(string.Join(", ", files.CountBy(static f => f.Writer).Select(static w => $"{w.Value} files of {w.Key}")));
        Assert.Equal(5, files.Select(static f => f.Writer).Distinct().Count());
        await new ForeignValues(folder.Path, output, Stop).CompareAsync(known);
    }

    /// <summary>The suite's seeds are always the same: what others cannot read whoever wrote it would make it fail at any time.</summary>
    private (int First, int Count) SeedsOf()
    {
        (int first, int count) = (Seeds.One ?? Seeds.First(1), Seeds.One is null ? Seeds.Count(FileCount) : 1);
        output.WriteLine($"seeds {first} to {first + count - 1}");
        return (first, count);
    }

    private async Task<List<Merged>> MergeAllAsync(TemporaryFolder folder)
    {
        (int first, int count) = SeedsOf();
        var to = new LocalObjectStore(folder.Path);
        var merged = new List<Merged>();
        for (int seed = first; seed < first + count; seed++)
        {
            var random = new Random(seed);
            var store = new MemoryObjectStore("merge", TimeProvider.System);
            RandomInputs inputs = await RandomInputs.WriteAsync(store, random, 1_500, Stop);
            string name = FormattableString.Invariant($"{seed}.parquet");
            MergeOptions options = RandomMergeOptions.Of(random, inputs) with { KeepsOrder = true };
            await MergeAsync(store, inputs.Paths, options, to, name);
            var file = new KnownFile(name, $"LAKEHOUSE_SEED={seed}", inputs.Schema, HashesOf(inputs.Schema, inputs.Columns));
            merged.Add(new Merged(file, [.. FiltersOf(Path.Combine(folder.Path, name), inputs, random)]));
        }

        return merged;
    }

    private static async Task MergeAsync(
        IObjectStore from, IReadOnlyList<ObjectPath> inputs, MergeOptions options, LocalObjectStore to, string name)
    {
        var sources = new List<MergeSource>();
        foreach (ObjectPath input in inputs)
        {
            sources.Add(await MergeSource.OpenAsync(from, input, Stop));
        }

        MergePlan plan = MergePlanning.Plan(sources, options);
        await using (IObjectUpload upload = await to.BeginUploadAsync(new ObjectPath(name), Stop))
        {
            await ParquetMerger.MergeAsync(plan, sources, options, upload, Stop);
            await upload.CompleteAsync(Stop);
        }

        FileCheckReport report = await FileCheck.RunAsync(to, new ObjectPath(name), Stop);
        Assert.True(report.Findings.IsEmpty, $"{name}: {string.Join('\n', report.Findings.Take(5))}");
    }

    private static Dictionary<string, string[]> HashesOf(Schema schema, List<(string Text, string WithPairs)>[] texts) =>
        schema.Fields.Select((f, c) => (f.Name, Texts: texts[c])).ToDictionary(
            static c => c.Name,
            static c => (string[])[ForeignValues.Hash(c.Texts.Select(static t => t.Text)), ForeignValues.Hash(c.Texts.Select(static t => t.WithPairs))]);

    private static IEnumerable<KnownCount> FiltersOf(string path, RandomInputs inputs, Random random)
    {
        for (int c = 0; c < inputs.Schema.Count; c++)
        {
            Field field = inputs.Schema[c];
            if (field.Type.Kind is not (TypeKind.Int or TypeKind.Long or TypeKind.Double or TypeKind.String))
            {
                continue;
            }

            Dictionary<string, int> counts = inputs.Columns[c].Where(static t => t.Text != "N").GroupBy(t => Literal(t.Text))
                .ToDictionary(static g => g.Key, static g => g.Count());
            string type = field.Type.Kind switch { TypeKind.String => "text", TypeKind.Double => "double", _ => "long" };
            foreach (string value in counts.Keys.OrderBy(_ => random.Next()).Take(FiltersPerColumn - 1).Append(type == "text" ? "absent" : "123456789"))
            {
                yield return new KnownCount(new FilterRequest(path, field.Name, type, value, field.Type.Width), counts.GetValueOrDefault(value));
            }
        }
    }

    /// <summary>A value from its canonical text.</summary>
    private static string Literal(string text) => text[0] switch
    {
        'x' => Encoding.UTF8.GetString(Convert.FromHexString(text[1..])),
        'd' => BitConverter.Int64BitsToDouble(Convert.ToInt64(text[1..], 16)).ToString("R", CultureInfo.InvariantCulture),
        _ => text,
    };

    /// <summary>For each seed a file of ours and the same kind of rows by others.</summary>
    private async Task<List<Rewritten>> RewriteAllAsync(TemporaryFolder folder, int first, int count)
    {
        var files = new List<Rewritten>();
        var requests = new List<RewriteRequest>();
        var store = new LocalObjectStore(folder.Path);
        for (int seed = first; seed < first + count; seed++)
        {
            var random = new Random(seed);
            var schema = new Schema(
            [
                .. Enumerable.Range(0, random.Next(2, 6)).Select(i => new Field($"flat{i}", CommonTypes[random.Next(CommonTypes.Length)])),
                new Field("list", ColumnType.List(CommonTypes[random.Next(CommonTypes.Length)])),
                new Field("struct", ColumnType.Struct(new Field("a", TypeKind.Long), new Field("b", TypeKind.String))),
            ]);
            foreach (string writer in (string[])["ours", "duckdb", "polars", "arrow-rs", "pyarrow"])
            {
                string name = $"{seed}-{writer}.parquet";
                string path = writer == "ours" ? name : "rows-" + name;
                await WriteAsync(store, path, schema, random);
                files.Add(new Rewritten(seed, writer, schema, new ObjectPath(name)));
                if (writer != "ours")
                {
                    requests.Add(new RewriteRequest(
                        writer, folder[path], folder[name], Codecs[random.Next(Codecs.Length)], random.Next(3) > 0, random.Next(2) == 0,
                        random.Next(2) == 0, random.Next(2) == 0 ? 700 : 100_000, random.Next(2) == 0 ? 2_000 : 1 << 20));
                }
            }
        }

        string python = folder["pyarrow.json"];
        string npm = folder["npm.json"];
        await File.WriteAllTextAsync(python, JsonSerializer.Serialize(requests.Where(static r => r.writer == "pyarrow")), Stop);
        await File.WriteAllTextAsync(npm, JsonSerializer.Serialize(requests.Where(static r => r.writer != "pyarrow")), Stop);
        string scripts = Path.Combine(Surroundings.RepositoryRoot, "tests", "Lakehouse.Conformance.Tests", "Scripts");
        await ForeignReaders.HudiRust.RunAsync(Path.Combine(scripts, "rewrite_pyarrow.py"), [python], Stop);
        string failures = await ForeignReaders.Npm.RunAsync(Path.Combine(scripts, "rewrite_npm.mjs"), [npm], Stop);
        output.WriteLine(failures);
        return [.. files.Where(f => File.Exists(folder[f.Path.Value]))];
    }

    private static async Task WriteAsync(LocalObjectStore store, string name, Schema schema, Random random)
    {
        using var writer = new ParquetFileWriter(schema, RandomOptions.Of(random), new Dictionary<string, ConstantColumn>(), null);
        using RecordBatch rows = RandomRows.Batch(random, schema, random.Next(1, 2_500), random.Next(2) == 0 ? 30 : 200_000);
        writer.Write([.. rows.Columns], rows.RowCount);
        await using IObjectUpload upload = await store.BeginUploadAsync(new ObjectPath(name), Stop);
        await writer.CompleteAsync(upload, Stop);
        await upload.CompleteAsync(Stop);
    }

    private static async Task AddTextsAsync(LocalObjectStore store, ObjectPath path, Schema schema, List<(string Text, string WithPairs)>[] texts)
    {
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, path, Stop);
        await foreach (RecordBatch batch in reader.ReadAsync([.. schema.Fields.Select(static f => f.Name)], Stop))
        {
            using (batch)
            {
                for (int c = 0; c < schema.Count; c++)
                {
                    ColumnType type = schema[c].Type;
                    texts[c].AddRange(Enumerable.Range(0, batch.RowCount).Select(r => (
                        RandomEvolution.Text(batch.Columns[c], r, type), RandomEvolution.Text(batch.Columns[c], r, type, mapsArePairs: true))));
                }
            }
        }
    }

    private sealed record Merged(KnownFile File, KnownCount[] Filters);

    private sealed record Rewritten(int Seed, string Writer, Schema Schema, ObjectPath Path);

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "IDE1006", Justification = "The scripts' names.")]
    private sealed record RewriteRequest(
        string writer, string from, string to, string codec, bool dictionary, bool v2, bool delta, int groupRows, int pageBytes);
}
