using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>
/// Chunks of a row group that follow each other and are fetched together, with their indexes: so many that a distant store is asked seldom,
/// so few that several such can be held. Owns the readers. Not thread safe.
/// </summary>
internal sealed class CheckedChunks : IAsyncDisposable
{
    /// <summary>Chunks of more bytes together are fetched one after the other, and one that has more alone, by windows.</summary>
    internal const int ByteCountMax = 16 << 20;

    private const int WindowBytes = 8 << 20;
    private readonly ParquetFileReader _reader;
    private readonly List<(Leaf Leaf, LeafReader? Values, ParquetFormatException? Fault)> _chunks = [];
    private Task _loading = Task.CompletedTask;

    private CheckedChunks(ParquetFileReader reader, int group) => (_reader, Group) = (reader, group);

    /// <summary>The row group's position in the file.</summary>
    internal int Group { get; }

    /// <summary>The chunks; one that cannot lie where the footer says has a fault instead of a reader.</summary>
    internal IReadOnlyList<(Leaf Leaf, LeafReader? Values, ParquetFormatException? Fault)> Chunks => _chunks;

    /// <summary>Their indexes; null when one of them is damaged.</summary>
    internal PageIndexes? Indexes { get; private set; }

    /// <summary>All chunks of a file, those of a row group in the order of its leaves; row groups that cannot be read have none.</summary>
    internal static IEnumerable<CheckedChunks> Of(ParquetFileReader reader)
    {
        for (int g = 0; g < reader.MetaData.RowGroups.Length; g++)
        {
            if (reader.MetaData.RowGroups[g].Columns.Length != reader.Leaves.Length)
            {
                continue; // which the footer's check has said
            }

            CheckedChunks open = new(reader, g);
            long byteCount = 0;
            foreach (Leaf leaf in reader.Leaves)
            {
                (LeafReader? values, ParquetFormatException? fault) = Open(reader, g, leaf);
                long more = values?.Bytes.Total ?? 0;
                if (byteCount + more > ByteCountMax && open._chunks.Count > 0)
                {
                    yield return open;
                    (open, byteCount) = (new CheckedChunks(reader, g), 0);
                }

                open._chunks.Add((leaf, values, fault));
                byteCount += more;
            }

            yield return open;
        }
    }

    /// <summary>Fetches the bytes, or the first window of them, and the indexes.</summary>
    internal Task LoadAsync(CancellationToken cancellation) => _loading = FetchAsync(cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Nothing may write into pooled arrays any more when they are given back.
        await Task.WhenAny(_loading);
        _ = _loading.Exception;
        foreach ((_, LeafReader? values, _) in _chunks)
        {
            if (values is not null)
            {
                await values.Bytes.SettleAsync();
                values.Dispose();
            }
        }

        _chunks.Clear();
    }

    private async Task FetchAsync(CancellationToken cancellation)
    {
        var ranges = new List<ReadRange>();
        ChunkBytes[] bytes = [.. _chunks.Select(static c => c.Values?.Bytes).OfType<ChunkBytes>()];
        foreach (ChunkBytes chunk in bytes)
        {
            chunk.WindowBytes = chunk.Total > ByteCountMax ? WindowBytes : int.MaxValue;
            chunk.Request(chunk.WindowBytes, ranges);
        }

        await Task.WhenAll(_reader.Store.ReadAsync(_reader.Path, ranges, cancellation), LoadIndexesAsync(cancellation));
        Array.ForEach(bytes, static chunk => chunk.Arrive());
    }

    private async Task LoadIndexesAsync(CancellationToken cancellation)
    {
        int[] leaves = [.. _chunks.Select(static c => c.Leaf.Ordinal)];
        try
        {
            Indexes = await _reader.Indexes.ReadAsync(Group, leaves, leaves, leaves, cancellation);
        }
        catch (ParquetFormatException)
        {
            Indexes = null; // They are read one by one then, which tells the damaged one.
        }
    }

    private static (LeafReader? Values, ParquetFormatException? Fault) Open(ParquetFileReader reader, int group, Leaf leaf)
    {
        try
        {
            RowRanges all = RowRanges.All(reader.MetaData.RowGroups[group].NumRows);
            return (reader.OpenChunk(group, leaf, all, index: null, Checksums.Noted), null);
        }
        catch (ParquetFormatException e)
        {
            return (null, e);
        }
    }
}
