using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Lakehouse.Tests.Parquet;

namespace Lakehouse.Fuzz;

/// <summary>
/// Merges a damaged file with itself and with a sound one of its schema: the merger refuses, or the merged file holds the rows that the
/// reader finds in the sources.
/// </summary>
internal sealed class MergeTarget
{
    private const int RowsMax = 20_000;
    private const int BytesMax = 4 << 20;
    private static readonly ObjectPath Damaged = new("in/damaged.parquet");
    private static readonly ObjectPath Sound = new("in/sound.parquet");
    private static readonly ObjectPath Merged = new("out/merged.parquet");

    private static readonly MergeOptions[] Options =
    [
        new MergeOptions { KeepsOrder = true },
        new MergeOptions { KeepsOrder = true, DictionaryBytesMax = 100, RowGroupRows = 500 },
        new MergeOptions { KeepsOrder = true, Writer = new ParquetWriterOptions { Codec = CompressionCodec.Snappy, PagesV2 = true } },
    ];

    private readonly Dictionary<string, List<byte[]>> _sound = new(StringComparer.Ordinal);

    private MergeTarget(IEnumerable<byte[]> files)
    {
        foreach (byte[] file in files)
        {
            try
            {
                if (IsLarge(Open(file).MetaData))
                {
                    continue;
                }

                List<string> rows = ReadAsync(StoreOf(file), Damaged).GetAwaiter().GetResult();
                string schema = Open(file).Schema.ToString();
                if (rows.Count > 0)
                {
                    (_sound.TryGetValue(schema, out List<byte[]>? of) ? of : _sound[schema] = []).Add(file);
                }
            }
            catch (ParquetFormatException)
            {
                // One of the files that are damaged on purpose.
            }
        }
    }

    internal static FuzzTarget Create(IReadOnlyList<byte[]> files)
    {
        byte[][] made = [.. MergeSamples.Make(), .. MergeSamples.MakeOthers()];

        // As many of ours as of others.
        byte[][] samples = [.. files, .. Enumerable.Repeat(made, 1 + (files.Count / made.Length)).SelectMany(static m => m)];
        return new FuzzTarget("merge", samples, new MergeTarget([.. files, .. made]).Run);
    }

    private void Run(byte[] input)
    {
        int choice = input.Length;
        RunAsync(input, Options[choice % Options.Length], choice / Options.Length).GetAwaiter().GetResult();
    }

    private async Task RunAsync(byte[] input, MergeOptions options, int choice)
    {
        MemoryObjectStore store = StoreOf(input);
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, Damaged, CancellationToken.None);
        if (IsLarge(reader.MetaData))
        {
            return;
        }

        ObjectPath[] paths = [Damaged, Damaged];
        if (_sound.TryGetValue(reader.Schema.ToString(), out List<byte[]>? partners))
        {
            await store.PutAsync(Sound, partners[choice % partners.Count], CancellationToken.None);
            paths = [Sound, Damaged, Sound];
        }

        var sources = new List<MergeSource>();
        foreach (ObjectPath path in paths)
        {
            sources.Add(await MergeSource.OpenAsync(store, path, CancellationToken.None));
        }

        await using (IObjectUpload upload = await store.BeginUploadAsync(Merged, CancellationToken.None))
        {
            await ParquetMerger.MergeAsync(MergePlanning.Plan(sources, options), sources, options, upload, CancellationToken.None);
            await upload.CompleteAsync(CancellationToken.None);
        }

        await CompareAsync(store, paths);
    }

    private static async Task CompareAsync(MemoryObjectStore store, ObjectPath[] paths)
    {
        var expected = new List<string>();
        string? unreadable = null;
        try
        {
            foreach (ObjectPath path in paths)
            {
                expected.AddRange(await ReadAsync(store, path));
            }
        }
        catch (ParquetFormatException e)
        {
            unreadable = e.Message;
        }

        List<string> found;
        try
        {
            found = await ReadAsync(store, Merged);
        }
        catch (ParquetFormatException e) when (unreadable is not null)
        {
            throw new ParquetFormatException($"Damaged pages were copied as they were: {unreadable} {e.Message}");
        }

        if (unreadable is not null)
        {
            throw new InvalidOperationException($"A file that cannot be read, {unreadable}, was merged into one that can be.");
        }

        if (!expected.SequenceEqual(found))
        {
            int at = expected.Zip(found).TakeWhile(static p => p.First == p.Second).Count();
            throw new InvalidOperationException(
                $"{found.Count} rows were merged from {expected.Count}; row {at} is {found.ElementAtOrDefault(at)} "
                + $"instead of {expected.ElementAtOrDefault(at)}.");
        }
    }

    private static MemoryObjectStore StoreOf(byte[] file)
    {
        var store = new MemoryObjectStore("fuzz", TimeProvider.System);
        store.PutAsync(Damaged, file, CancellationToken.None).GetAwaiter().GetResult();
        return store;
    }

    private static ParquetFileReader Open(byte[] file) =>
        ParquetFileReader.OpenAsync(StoreOf(file), Damaged, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>A few bytes may hold very much; comparing that takes long.</summary>
    private static bool IsLarge(FileMetaData file) =>
        file.NumRows > RowsMax || file.RowGroups.Any(static g => g.NumRows > RowsMax || g.Columns.Any(static c => c.MetaData.TotalUncompressedSize > BytesMax));

    private static async Task<List<string>> ReadAsync(MemoryObjectStore store, ObjectPath path)
    {
        // Checksums are looked at: a page that does not match its own may be copied, as whoever reads it is told.
        ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, path, CancellationToken.None);
        var rows = new List<string>();
        await foreach (RecordBatch batch in reader.ScanAsync(new ReadRequest(), CancellationToken.None))
        {
            using (batch)
            {
                rows.AddRange(Enumerable.Range(0, batch.RowCount).Select(r => string.Join('|', batch.Columns.Select(c => CanonicalText.Of(c, r)))));
            }
        }

        return rows;
    }
}
