using System.Globalization;
using System.Text;
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
        await new ForeignValues(folder.Path, output, Stop).CompareAsync([.. (await WriteAllAsync(folder)).Select(static f => f.File)]);
    }

    [Fact]
    public async Task Foreign_readers_lose_no_row_to_statistics_indexes_and_filters()
    {
        using var folder = new TemporaryFolder();
        List<WrittenFile> files = await WriteAllAsync(folder);
        KnownCount[] filters = [.. files.SelectMany(static f => f.Filters)];
        Assert.True(filters.Length > files.Count, $"{filters.Length} filters only");
        await new ForeignValues(folder.Path, output, Stop).CountAsync(filters);
    }

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
            output.WriteLine($"{files[0].File} {files[0].File.Schema}");
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
        KnownCount[] filters =
        [
            .. schema.Fields.SelectMany(f => FiltersOf(Path.Combine(store.Root, name), batches, schema, f, random)),
        ];
        batches.ForEach(static b => b.Dispose());
        return new WrittenFile(new KnownFile(name, $"LAKEHOUSE_SEED={seed} {options}", schema, hashes), filters);
    }

    /// <summary>The sum of a column's values; a second one if maps are lists of pairs, as Polars has them.</summary>
    private static string[] HashesOf(List<RecordBatch> batches, int column) =>
        [.. new[] { false, true }.Select(pairs => ForeignValues.Hash(
            batches.SelectMany(b => Enumerable.Range(0, b.RowCount).Select(r => CanonicalText.Of(b.Columns[column], r, pairs)))))];

    private static IEnumerable<KnownCount> FiltersOf(string file, List<RecordBatch> batches, Schema schema, Field field, Random random)
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
            yield return new KnownCount(
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

    private sealed record WrittenFile(KnownFile File, KnownCount[] Filters);
}
