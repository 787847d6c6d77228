using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>Columns that idle cores encode beside the writer's thread.</summary>
public sealed class ColumnsAtOnceTests(ITestOutputHelper output)
{
    private const int RoundCount = 12;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_have_the_same_bytes_with_and_without_idle_cores()
    {
        int seed = Seeds.Pick(output);
        var cores = new IdleCores(3);
        for (int round = 0; round < RoundCount; round++)
        {
            byte[][] alone = await WriteAsync(new Random(seed + round), cores: null);
            byte[][] helped = await WriteAsync(new Random(seed + round), cores);
            Assert.Equal(alone.Length, helped.Length);
            for (int file = 0; file < alone.Length; file++)
            {
                Assert.True(alone[file].AsSpan().SequenceEqual(helped[file]), $"seed {seed}, round {round}, file {file}");
            }
        }

        Assert.True(SpinWait.SpinUntil(() => cores.FreeCount == 3, Patience), "borrowed cores are given back");
    }

    [Fact]
    public void An_idle_core_takes_columns_while_the_caller_works_on_its_own()
    {
        using var both = new Barrier(2);
        var columns = new ColumnsAtOnce(new IdleCores(1));
        for (int round = 0; round < 100; round++)
        {
            // < Each column waits for the other: one thread alone would never get past the first.
            columns.Run(2, _ => Assert.True(both.SignalAndWait(Patience, Stop)));
        }
    }

    [Fact]
    public async Task Never_more_help_than_there_are_cores_and_each_column_is_done_once()
    {
        var cores = new IdleCores(2);
        int inside = 0;
        int most = 0;
        Task[] writers =
        [
            .. Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    var columns = new ColumnsAtOnce(cores);
                    int[] done = new int[20];
                    for (int round = 1; round <= 200; round++)
                    {
                        columns.Run(done.Length, column =>
                        {
                            int now = Interlocked.Increment(ref inside);
                            for (int seen = most; now > seen; seen = most)
                            {
                                Interlocked.CompareExchange(ref most, now, seen);
                            }

                            done[column]++;
                            Thread.SpinWait(100);
                            Interlocked.Decrement(ref inside);
                        });
                        Assert.All(done, d => Assert.Equal(round, d));
                    }
                },
                Stop, TaskCreationOptions.LongRunning, TaskScheduler.Default)),
        ];
        await Task.WhenAll(writers);
        Assert.InRange(most, 1, 4 + 2);
        Assert.True(SpinWait.SpinUntil(() => cores.FreeCount == 2, Patience), "borrowed cores are given back");
    }

    [Fact]
    public void The_failure_of_the_first_column_is_thrown_and_the_next_call_works_again()
    {
        using var both = new Barrier(2);
        var columns = new ColumnsAtOnce(new IdleCores(1));
        for (int round = 0; round < 20; round++)
        {
            InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() => columns.Run(2, column =>
            {
                Assert.True(both.SignalAndWait(Patience, Stop));
                throw new InvalidOperationException($"column {column}");
            }));
            Assert.Equal("column 0", thrown.Message);
            int sum = 0;
            columns.Run(5, column => Interlocked.Add(ref sum, column));
            Assert.Equal(10, sum);
        }
    }

    /// <summary>Two files of one sink, open side by side, of random columns, rows and options, all of them from the random numbers given.</summary>
    private static async Task<byte[][]> WriteAsync(Random random, IdleCores? cores)
    {
        Schema schema = RandomRows.Schema(random);
        ParquetWriterOptions options = RandomOptions.Of(random).WithFilters(random, schema) with { RowGroupRowCountMax = 4_000 };
        var state = new ColumnWriterState(cores);
        var store = new MemoryObjectStore("at-once", TimeProvider.System);
        ParquetFileWriter[] writers =
            [.. Enumerable.Range(0, 2).Select(_ => new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), state))];
        for (int batch = 0; batch < 6; batch++)
        {
            int rows = random.Next(500, 3_000);
            using RecordBatch written = RandomRows.Batch(random, schema, rows, distinct: random.Next(2) == 0 ? 30 : 100_000);
            writers[batch % 2].Write([.. written.Columns], rows);
        }

        var files = new List<byte[]>();
        foreach (ParquetFileWriter writer in writers)
        {
            var path = new ObjectPath($"{files.Count}.parquet");
            await using IObjectUpload upload = await store.BeginUploadAsync(path, Stop);
            await writer.CompleteAsync(upload, Stop);
            await upload.CompleteAsync(Stop);
            files.Add((await store.GetAsync(path, Stop))!);
        }

        return [.. files];
    }
}
