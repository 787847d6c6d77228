using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Files of one sink share their dictionaries.</summary>
public sealed class DictionaryEpochTests(ITestOutputHelper output)
{
    private static readonly Schema Columns = new(
        new Field("city", TypeKind.String), new Field("fare", TypeKind.Double, Required: true), new Field("price", ColumnType.Decimal(9, 2)),
        new Field("stops", ColumnType.List(TypeKind.String)));

    private static readonly ParquetWriterOptions Plain = new() { Codec = CompressionCodec.Uncompressed };

    private readonly MemoryObjectStore _store = new("epochs", TimeProvider.System);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_dictionary_of_a_file_is_the_beginning_of_that_of_the_next()
    {
        int seed = Seeds.Pick(output);
        var random = new Random(seed);
        var state = new ColumnWriterState();
        var sizes = new List<int>();
        byte[][] before = [[], [], [], []];
        for (int file = 0; file < 5; file++)
        {
            using RecordBatch rows = Rows(random, 3_000, known: 100 * (file + 1));
            byte[][] pages = await WriteAsync($"{file}.parquet", state, Plain, [[rows]]);
            for (int leaf = 0; leaf < pages.Length; leaf++)
            {
                Assert.True(pages[leaf].AsSpan().StartsWith(before[leaf]), $"seed {seed}, file {file}, leaf {leaf}");
            }

            before = pages;
            sizes.Add(pages[0].Length);
        }

        Assert.True(sizes[4] > sizes[0] && sizes[0] > 500, string.Join(", ", sizes));
    }

    [Fact]
    public async Task Files_that_are_open_side_by_side_share_a_dictionary_and_keep_their_own_bounds()
    {
        int seed = Seeds.Pick(output);
        var random = new Random(seed);
        var state = new ColumnWriterState();
        ParquetWriterOptions options = Plain with { PageRowCount = 500, RowGroupRowCountMax = 2_000 };
        ParquetFileWriter[] writers = [.. Enumerable.Range(0, 3).Select(_ => NewWriter(state, options))];
        List<string>[] expected = [[], [], []];
        for (int batch = 0; batch < 60; batch++)
        {
            int file = random.Next(3);
            using RecordBatch rows = Rows(random, random.Next(1, 400), known: 40 + batch);
            writers[file].Write([.. rows.Columns], rows.RowCount);
            expected[file].AddRange(Texts(rows));
        }

        for (int file = 0; file < 3; file++)
        {
            string name = $"{file}.parquet";
            await CompleteAsync(writers[file], name);
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, new ObjectPath(name), Stop);
            var found = new List<string>();
            await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
            {
                using (batch)
                {
                    found.AddRange(Texts(batch));
                }
            }

            Assert.Empty((await FileCheck.RunAsync(_store, new ObjectPath(name), Stop)).Findings);
            Assert.Equal(expected[file], found);
            // < A row group of a few rows is smaller as PLAIN than the dictionary that the others share.
            Assert.All(reader.MetaData.RowGroups.Where(static g => g.NumRows == 2_000), g => Assert.NotNull(g.Columns[0].MetaData.DictionaryPageOffset));
        }

        byte[][] pages = [.. (await Task.WhenAll(Enumerable.Range(0, 3).Select(f => DictionariesAsync($"{f}.parquet")))).Select(p => p[0])];
        byte[] longest = pages.MaxBy(p => p.Length)!;
        Assert.All(pages, p => Assert.True(longest.AsSpan().StartsWith(p)));
    }

    [Fact]
    public async Task A_dictionary_that_outgrows_its_epoch_is_renewed_and_one_that_is_not_shared_is_each_chunks_own()
    {
        var random = new Random(1);
        var state = new ColumnWriterState();
        ParquetWriterOptions options = Plain with { DictionaryEpochBytes = 2_000 };
        using RecordBatch many = Rows(random, 3_000, known: 400);
        using RecordBatch few = Rows(random, 3_000, known: 10);
        Assert.True((await WriteAsync("many.parquet", state, options, [[many]]))[0].Length > 2_000);

        // < The first file with few values finds out that the dictionary has become too large for what there is.
        Assert.True((await WriteAsync("first.parquet", state, options, [[few]]))[0].Length > 2_000);
        Assert.True((await WriteAsync("few.parquet", state, options, [[few]]))[0].Length < 200);
        byte[] again = (await WriteAsync("again.parquet", state, options, [[few]]))[0];
        Assert.Equal((await DictionariesAsync("few.parquet"))[0], again);

        ParquetWriterOptions none = Plain with { DictionaryEpochBytes = 0 };
        var other = new ColumnWriterState();
        Assert.True((await WriteAsync("own.parquet", other, none, [[many]]))[0].Length > 2_000);
        Assert.True((await WriteAsync("next.parquet", other, none, [[few]]))[0].Length < 200);
    }

    [Fact]
    public async Task A_large_dictionary_goes_on_as_long_as_files_need_most_of_it()
    {
        var random = new Random(2);
        var state = new ColumnWriterState();
        ParquetWriterOptions options = Plain with { DictionaryEpochBytes = 1_000 };
        byte[] before = [];
        for (int file = 0; file < 4; file++)
        {
            using RecordBatch rows = Rows(random, 3_000, known: 400);
            byte[] page = (await WriteAsync($"{file}.parquet", state, options, [[rows]]))[0];
            Assert.True(page.Length > 1_000 && page.AsSpan().StartsWith(before));
            before = page;
        }
    }

    private static ParquetFileWriter NewWriter(ColumnWriterState state, ParquetWriterOptions options) =>
        new(Columns, options, new Dictionary<string, ConstantColumn>(), state);

    private async Task<byte[][]> WriteAsync(string name, ColumnWriterState state, ParquetWriterOptions options, RecordBatch[][] batches)
    {
        using ParquetFileWriter writer = NewWriter(state, options);
        foreach (RecordBatch rows in batches.SelectMany(static b => b))
        {
            writer.Write([.. rows.Columns], rows.RowCount);
        }

        await CompleteAsync(writer, name);
        return await DictionariesAsync(name);
    }

    private async Task CompleteAsync(ParquetFileWriter writer, string name)
    {
        await using IObjectUpload upload = await _store.BeginUploadAsync(new ObjectPath(name), Stop);
        await writer.CompleteAsync(upload, Stop);
        await upload.CompleteAsync(Stop);
    }

    /// <summary>The bodies of the dictionary pages of a file's first row group, leaf by leaf.</summary>
    private async Task<byte[][]> DictionariesAsync(string name)
    {
        byte[] bytes = (await _store.GetAsync(new ObjectPath(name), Stop))!;
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(_store, new ObjectPath(name), Stop);
        return
        [
            .. reader.MetaData.RowGroups[0].Columns.Select(c =>
            {
                int at = (int)(c.MetaData.DictionaryPageOffset ?? throw new InvalidOperationException($"{c.MetaData.PathInSchema[0]} has no dictionary."));
                PageHeader header = PageHeaderFormat.Read(bytes.AsSpan(at), out int headerBytes);
                return bytes.AsSpan(at + headerBytes, header.CompressedPageSize).ToArray();
            }),
        ];
    }

    /// <summary>Rows whose values come from a vocabulary of so many words.</summary>
    private static RecordBatch Rows(Random random, int count, int known)
    {
        var builders = Columns.Fields.Select(static f => new ColumnBuilder(f.Type)).ToArray();
        for (int i = 0; i < count; i++)
        {
            int word = random.Next(known);
            builders[0].Append(Encoding.ASCII.GetBytes($"city {word}"));
            builders[1].Append(word * 0.25);
            builders[2].Append((Int128)(word * 99));
            for (int stop = 0; stop < word % 3; stop++)
            {
                builders[3].Children[0].Append(Encoding.ASCII.GetBytes($"stop {(word + stop) % known}"));
            }

            builders[3].AppendNested();
        }

        var rows = new RecordBatch(Columns, [.. builders.Select(static b => b.Finish())], count);
        Array.ForEach(builders, static b => b.Dispose());
        return rows;
    }

    private static IEnumerable<string> Texts(RecordBatch rows) => Enumerable.Range(0, rows.RowCount)
        .Select(r => string.Join('|', rows.Columns.Select(c => CanonicalText.Of(c, r))));
}
