using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Parquet.Zstandard;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Fuzz;

/// <summary>The targets of <c>Lakehouse.Parquet</c>, from single encodings to whole files.</summary>
public static class ParquetTargets
{
    private const int FileBytesMax = 32 << 10;
    private const int RowsAtATime = 1024;

    /// <summary>All targets, their samples taken from Parquet files.</summary>
    public static IReadOnlyList<FuzzTarget> All(IReadOnlyList<byte[]> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        byte[][] small = [.. files.Where(static f => f.Length <= FileBytesMax)];
        var samples = PageSamples.Of(small);
        return
        [
            new FuzzTarget("footer", samples.Footers, static input => FileShape.Of(FooterFormat.Read(input).Schema)),
            new FuzzTarget("thrift", [.. samples.Footers, .. samples.Headers], static input =>
            {
                var reader = new ThriftReader(input);
                reader.Skip(ThriftWriter.StructType);
            }),
            new FuzzTarget("page-header", samples.Headers, static input => PageHeaderFormat.Read(input, out _)),
            new FuzzTarget("page-index", samples.Indexes, static input =>
            {
                PageIndexFormat.ReadOffsetIndex(input);
                PageIndexFormat.ReadColumnIndex(input);
            }),
            new FuzzTarget("levels", samples.Levels, Levels),
            .. samples.Values.Select(static v => new FuzzTarget($"encoding-{v.Key}", v.Value.Inputs, v.Value.Decode)),
            .. samples.Packed.Select(static c => new FuzzTarget($"codec-{c.Key}", c.Value, input => Decompress(c.Key, input))),
            new FuzzTarget("zstd-columns", small, CompressColumns),
            new FuzzTarget("chunk", samples.Chunks.Inputs, samples.Chunks.Read),
            new FuzzTarget("file", small, static input => ReadFile(input, new ReadRequest())),
            new FuzzTarget("pruned", small, static input => ReadFile(input, new ReadRequest { Pruning = new EveryOtherPage() })),
            new FuzzTarget("check", small, CheckFile),
            MergeTarget.Create(small),
            CanaryTarget.Create(),
        ];
    }

    private static void Levels(byte[] input)
    {
        int max = input.Length == 0 ? 1 : 1 + (input[0] % 7);
        int start = 0;
        LevelStream levels = LevelStream.OfV1(ParquetEncoding.Rle, max, 1 << 20, input, ref start, input.Length);
        Span<uint> target = stackalloc uint[RowsAtATime];
        for (int i = 0; i < 4; i++)
        {
            levels.Read(input, target);
        }
    }

    private static void Decompress(CompressionCodec codec, byte[] input)
    {
        int size = input.Length < 4 ? 0 : BitConverter.ToInt32(input) & 0xFFFF;
        PageCodec.Decompress(codec, input.AsSpan(Math.Min(4, input.Length)), new byte[size]);
    }

    // < The input as values of a width that it names: whatever the bytes, libzstd has to read them from the frame.
    private static void CompressColumns(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        int stride = 4 + (input[0] % 61);
        byte[] page = new byte[Math.Max(input.Length, ColumnFrame.BytesMin)];
        for (int at = 0; at < page.Length; at += input.Length)
        {
            input.AsSpan(0, Math.Min(input.Length, page.Length - at)).CopyTo(page.AsSpan(at));
        }

        if (ColumnFrameReading.Fault(page, stride) is { } fault)
        {
            throw new InvalidOperationException(fault); // < Nothing may be refused here.
        }
    }

    private static void CheckFile(byte[] input)
    {
        var store = new MemoryObjectStore("fuzz", TimeProvider.System);
        var path = new ObjectPath("file.parquet");
        store.PutAsync(path, input, CancellationToken.None).GetAwaiter().GetResult();
        FileCheck.RunAsync(store, path, CancellationToken.None).GetAwaiter().GetResult();
    }

    private static void ReadFile(byte[] input, ReadRequest request) => ReadFileAsync(input, request).GetAwaiter().GetResult();

    private static async Task ReadFileAsync(byte[] input, ReadRequest request)
    {
        var store = new MemoryObjectStore("fuzz", TimeProvider.System);
        var path = new ObjectPath("file.parquet");
        await store.PutAsync(path, input, CancellationToken.None);
        var reader = await ParquetFileReader.OpenAsync(
            store, path, new ParquetReadOptions { VerifyChecksums = false }, CancellationToken.None);
        await foreach (RecordBatch batch in reader.ScanAsync(request, CancellationToken.None))
        {
            batch.Dispose();
        }
    }
}
