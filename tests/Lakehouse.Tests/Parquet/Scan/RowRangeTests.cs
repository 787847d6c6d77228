using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Rows chosen by their numbers are the rows that a whole read has there, whatever is read of the file for them.</summary>
public sealed class RowRangeTests(ITestOutputHelper output)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Ranges_are_sets_of_rows()
    {
        int seed = Seeds.Pick(output);
        var random = new Random(seed);
        for (int round = 0; round < 2_000; round++)
        {
            int count = random.Next(1, 60);
            (RowRanges a, RowRanges b) = (RandomFile.Ranges(random, count), RandomFile.Ranges(random, count));
            Assert.Equal(Rows(a).Union(Rows(b)).Order(), Rows(a.Or(b)));
            Assert.Equal(Rows(a).Intersect(Rows(b)).Order(), Rows(a.And(b)));
            Assert.Equal(Rows(a).Count(), a.Count);
            long from = random.Next(count);
            var range = new RowRange(from, from + random.Next(1, 9));
            Assert.Equal(Rows(a).Any(r => r >= range.From && r < range.To), a.Overlaps(range));
        }

        static IEnumerable<long> Rows(RowRanges ranges) => ranges.Spans.ToArray()
            .SelectMany(static r => Enumerable.Range(0, (int)r.Count).Select(i => r.From + i));
    }

    [Theory]
    [InlineData(CompressionCodec.Zstd, 64 << 20)]
    [InlineData(CompressionCodec.Uncompressed, 64 << 20)]
    [InlineData(CompressionCodec.Zstd, 0)]
    [InlineData(CompressionCodec.Uncompressed, 150_000)]
    public async Task Rows_of_our_files_are_read_by_their_numbers(CompressionCodec codec, int bufferBytes)
    {
        int seed = Seeds.Pick(output);
        var random = new Random(seed);
        for (int round = 0; round < Seeds.Count(9); round++)
        {
            var options = new ParquetWriterOptions
            {
                Codec = codec,
                PageRowCount = round % 3 == 0 ? 7 : round % 3 == 1 ? 100 : 3_000,
                RowGroupRowCountMax = random.Next(2) == 0 ? 900 : 1 << 20,
            };
            MemoryObjectStore store = await RandomFile.WriteAsync(random, options, 1_500, Stop);
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(
                store, RandomFile.Path, new ParquetReadOptions { BufferBytesMax = bufferBytes }, Stop);
            await CompareAsync(reader, random, rounds: 3);
        }
    }

    [Fact]
    public async Task Rows_of_foreign_files_are_read_by_their_numbers()
    {
        string? folder = Surroundings.Shared("corpus");
        Assert.SkipUnless(folder is not null, "SKIPPED: the corpora of Parquet files are not beside the repository.");
        int seed = Seeds.Pick(output);
        var random = new Random(seed);
        int compared = 0;
        foreach (string file in Directory.EnumerateFiles(folder, "*.parquet", SearchOption.AllDirectories).Order())
        {
            if (file.Contains("bad_data", StringComparison.Ordinal) || file.Contains("large_string_map", StringComparison.Ordinal)
                || new FileInfo(file).Length > 1 << 20)
            {
                continue;
            }

            var options = new ParquetReadOptions { VerifyChecksums = false, BufferBytesMax = random.Next(2) == 0 ? 0 : 1 << 24 };
            ParquetFileReader reader;
            try
            {
                reader = await ParquetFileReader.OpenAsync(
                    new LocalObjectStore(folder), new ObjectPath(Path.GetRelativePath(folder, file)), options, Stop);
                await CompareAsync(reader, random, rounds: 1);
                compared++;
            }
            catch (ParquetFormatException e)
            {
                // Wrong on purpose, or encrypted; what is refused is the business of other tests.
                output.WriteLine(e.Message);
            }
        }

        Assert.True(compared > 200, $"Only {compared} files.");
    }

    [Fact]
    public async Task Pages_without_a_wanted_row_are_not_read()
    {
        var schema = new Schema(new Field("n", TypeKind.Long, Required: true), new Field("list", ColumnType.List(TypeKind.Long, false)));
        using var writer = new ParquetFileWriter(
            schema,
            new ParquetWriterOptions { Codec = CompressionCodec.Uncompressed, PageRowCount = 100, Dictionaries = false },
            new Dictionary<string, ConstantColumn>(),
            null);
        var random = new Random(1);
        ColumnVector[] columns =
        [
            RandomRows.Column(random, schema[0], 10_000, 1_000_000, runs: false),
            RandomNested.Column(random, schema[1], 10_000, 1_000_000, longest: 5),
        ];
        writer.Write(columns, 10_000);
        MemoryObjectStore memory = await RandomFile.StoreAsync(writer, Stop);

        ParquetFileReader whole = await ParquetFileReader.OpenAsync(memory, RandomFile.Path, Stop);
        List<string> all = await RandomFile.RowsAsync(whole, new ReadRequest(), Stop);
        var recorded = new RecordedReads(memory);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(recorded, RandomFile.Path, Stop);
        long before = recorded.ByteCount;
        RowRanges rows = RowRanges.Of(new RowRange(150, 160), new RowRange(9_899, 9_901));
        Assert.Equal(RandomFile.Chosen(reader, all, [rows]), await RandomFile.RowsAsync(reader, new ReadRequest { Rows = _ => rows }, Stop));

        long chunks = reader.MetaData.RowGroups[0].Columns.Sum(static c => c.MetaData.TotalCompressedSize);
        long indexes = reader.MetaData.RowGroups[0].Columns.Sum(static c => (long)c.OffsetIndexLength!);
        long read = recorded.ByteCount - before - indexes;
        Assert.True(read < chunks * 4 / 100, $"{read} bytes of {chunks} for three pages of a hundred.");
    }

    [Fact]
    public async Task An_offset_index_that_lies_about_rows_is_refused_or_left_aside()
    {
        var random = new Random(3);
        MemoryObjectStore store = await RandomFile.WriteAsync(
            random, new ParquetWriterOptions { PageRowCount = 50, Codec = CompressionCodec.Uncompressed }, 2_000, Stop);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, Stop);
        List<string> all = await RandomFile.RowsAsync(reader, new ReadRequest(), Stop);
        ColumnChunk chunk = reader.MetaData.RowGroups[0].Columns[0];
        byte[] file = (await store.GetAsync(RandomFile.Path, Stop))!;
        int refused = 0;
        for (int i = 0; i < (int)chunk.OffsetIndexLength!; i++)
        {
            byte[] damaged = [.. file];
            damaged[(int)chunk.OffsetIndexOffset! + i] ^= 1;
            await store.PutAsync(RandomFile.Path, damaged, Stop);
            RowRanges rows = RandomFile.Ranges(random, reader.MetaData.RowGroups[0].NumRows);
            try
            {
                Assert.Equal(
                    RandomFile.Chosen(reader, all, [rows]), await RandomFile.RowsAsync(reader, new ReadRequest { Rows = _ => rows }, Stop));
            }
            catch (ParquetFormatException e)
            {
                Assert.Contains("row group 0, column 'id', byte", e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.True(refused > 10, $"Only {refused} of {chunk.OffsetIndexLength} damages were seen.");
    }

    [Fact]
    public async Task Memory_for_bytes_of_the_file_is_bounded()
    {
        var random = new Random(4);
        MemoryObjectStore memory = await RandomFile.WriteAsync(
            random, new ParquetWriterOptions { PageRowCount = 200, Codec = CompressionCodec.Uncompressed, Dictionaries = false }, 40_000, Stop);
        ParquetFileReader whole = await ParquetFileReader.OpenAsync(memory, RandomFile.Path, Stop);
        long chunks = whole.MetaData.RowGroups.Sum(static g => g.Columns.Sum(static c => c.MetaData.TotalCompressedSize));
        var recorded = new RecordedReads(memory);
        const int Budget = 1 << 20;
        Assert.True(chunks > 2 * Budget, $"The file is too small: {chunks} bytes.");
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(
            recorded, RandomFile.Path, new ParquetReadOptions { BufferBytesMax = Budget }, Stop);
        long before = recorded.ByteCount;
        long rows = 0;
        await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
        {
            rows += batch.RowCount;
            batch.Dispose();

            // What was read and is not decoded yet is held; batches are of rows, so the share of the rows is about that of the bytes.
            double decoded = (double)rows / reader.MetaData.NumRows * chunks;
            Assert.True(recorded.ByteCount - before - decoded < Budget + (chunks * 0.1), $"{recorded.ByteCount} read at row {rows}.");
        }

        Assert.Equal(reader.MetaData.NumRows, rows);
        Assert.Equal(chunks, recorded.ByteCount - before);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64 << 20)]
    public async Task Nothing_is_being_read_any_more_when_a_reader_turns_away(int bufferBytes)
    {
        var random = new Random(5);
        MemoryObjectStore memory = await RandomFile.WriteAsync(
            random, new ParquetWriterOptions { PageRowCount = 100, RowGroupRowCountMax = 2_000 }, 20_000, Stop);
        var recorded = new RecordedReads(memory) { Latency = TimeSpan.FromMilliseconds(5) };
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(
            recorded, RandomFile.Path, new ParquetReadOptions { BufferBytesMax = bufferBytes }, Stop);
        for (int batches = 1; batches < 4; batches++)
        {
            int left = batches;
            await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
            {
                batch.Dispose();
                if (--left == 0)
                {
                    break;
                }
            }

            Assert.Equal(0, recorded.Running);
        }
    }

    [Fact]
    public async Task The_next_row_group_is_fetched_while_one_is_decoded()
    {
        var random = new Random(6);
        MemoryObjectStore memory = await RandomFile.WriteAsync(random, new ParquetWriterOptions { RowGroupRowCountMax = 2_000 }, 20_000, Stop);
        var recorded = new RecordedReads(memory) { Latency = TimeSpan.FromMilliseconds(2) };
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(recorded, RandomFile.Path, Stop);
        int calls = 0;
        await foreach (RecordBatch batch in reader.ReadAsync(null, Stop))
        {
            batch.Dispose();
            calls = calls == 0 ? recorded.CallCount : calls;
            if (recorded.CallCount > calls)
            {
                break;
            }
        }

        Assert.True(recorded.CallCount > calls, "The second row group was asked for only after the first.");
    }

    private static async Task CompareAsync(ParquetFileReader reader, Random random, int rounds)
    {
        List<string> all = await RandomFile.RowsAsync(reader, new ReadRequest(), Stop);
        for (int i = 0; i < rounds; i++)
        {
            RowRanges[] ranges = [.. reader.MetaData.RowGroups.Select(g => g.NumRows == 0 ? RowRanges.None : RandomFile.Ranges(random, g.NumRows))];
            List<string> found = await RandomFile.RowsAsync(reader, new ReadRequest { Rows = g => ranges[g] }, Stop);
            Assert.Equal(RandomFile.Chosen(reader, all, ranges), found);
        }
    }
}
