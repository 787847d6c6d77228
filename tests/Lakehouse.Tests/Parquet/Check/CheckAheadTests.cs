using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Tests.Parquet;

/// <summary>A check of a file in a distant store: it asks seldom, looks ahead, and not too far.</summary>
public sealed class CheckAheadTests
{
    private const int ChunkBytes = 9 << 20; // Two of them are not fetched together.
    private const int RowGroups = 6;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_chunks_of_a_row_group_are_fetched_with_one_call_and_their_indexes_with_another()
    {
        SampleFile sample = await SampleFile.MakeAsync(pagesV2: false, Stop);
        var store = new CountedCalls(await StoreOf(sample.Bytes));
        FileCheckReport report = await FileCheck.RunAsync(store, RandomFile.Path, Stop);
        Assert.Empty(report.Findings);
        Assert.True(report.IndexCount > 0);
        Assert.Equal(2, sample.Footer.RowGroups.Length);
        Assert.Equal((2, 4), (store.SingleCount, store.CallCount)); // The footer and how the file begins; two calls for each row group.
    }

    [Fact]
    public async Task While_a_row_group_is_checked_the_next_two_are_fetched_and_no_more()
    {
        var store = new CountedCalls(await LargeAsync());
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, Stop);
        await using FileCheck check = await FileCheck.BeginAsync(reader, Stop);
        for (int g = 0; g < RowGroups; g++)
        {
            long before = store.ByteCount;
            await check.CheckRowGroupAsync(g, (_, _, _) => before = Math.Max(before, store.ByteCount), Stop);
            int begun = Math.Min(RowGroups, g + 3);
            Assert.InRange(before, (long)begun * ChunkBytes, ((long)begun * ChunkBytes) + (1 << 20));
        }

        Assert.Empty(check.Report().Findings);
    }

    [Fact]
    public async Task A_check_that_is_left_early_leaves_no_read_behind()
    {
        var gate = new TaskCompletionSource();
        var store = new CountedCalls(await LargeAsync()) { FromThirdCallOn = gate.Task };
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, RandomFile.Path, Stop);
        FileCheck check = await FileCheck.BeginAsync(reader, Stop);
        await check.CheckRowGroupAsync(0, null, Stop);
        Assert.Equal(6, store.Running); // Bytes and indexes of the next row group and of the two behind it.
        Task leaving = check.DisposeAsync().AsTask();
        Assert.False(leaving.IsCompleted);
        gate.SetResult();
        await leaving;
        Assert.Equal(0, store.Running);
    }

    private static async Task<MemoryObjectStore> StoreOf(byte[] bytes)
    {
        var store = new MemoryObjectStore("checked", TimeProvider.System);
        await store.PutAsync(RandomFile.Path, bytes, Stop);
        return store;
    }

    /// <summary>Row groups of one value that does not shrink.</summary>
    private static async Task<MemoryObjectStore> LargeAsync()
    {
        var schema = new Schema(new Field("bytes", TypeKind.Binary, Required: true));
        var options = new ParquetWriterOptions { Codec = CompressionCodec.Uncompressed, RowGroupRowCountMax = 1 };
        using var writer = new ParquetFileWriter(schema, options, new Dictionary<string, ConstantColumn>(), null);
        byte[] value = new byte[ChunkBytes];
        new Random(1).NextBytes(value);
        for (int g = 0; g < RowGroups; g++)
        {
            using var builder = new ColumnBuilder(TypeKind.Binary);
            builder.Append(value);
            using ColumnVector column = builder.Finish();
            writer.Write([column], 1);
        }

        return await RandomFile.StoreAsync(writer, Stop);
    }

    private sealed class CountedCalls(IObjectStore inner) : DelegatingStore(inner), IObjectStore
    {
        private int _running;

        /// <summary>What calls wait for that come after those of the first row group.</summary>
        internal Task FromThirdCallOn { get; init; } = Task.CompletedTask;

        internal int SingleCount { get; private set; }

        internal int CallCount { get; private set; }

        internal long ByteCount { get; private set; }

        internal int Running => _running;

        public override Task ReadAsync(ObjectPath path, long offset, Memory<byte> destination, CancellationToken cancellation)
        {
            SingleCount++;
            return Inner.ReadAsync(path, offset, destination, cancellation);
        }

        async Task IObjectStore.ReadAsync(ObjectPath path, IReadOnlyList<ReadRange> ranges, CancellationToken cancellation)
        {
            CallCount++;
            Interlocked.Increment(ref _running);
            ByteCount += ranges.Sum(static r => (long)r.Destination.Length);
            if (CallCount > 2)
            {
                await FromThirdCallOn;
            }

            await Inner.ReadAsync(path, ranges, CancellationToken.None);
            Interlocked.Decrement(ref _running);
        }
    }
}
