using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Lakehouse.Columns;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>
/// One row group while it is read: its columns, and how their bytes come in. What fits into the budget is fetched whole; of larger groups
/// each chunk gets its share in windows, two at a time. Not thread safe.
/// </summary>
internal sealed class RowGroupRead : IAsyncDisposable
{
    private const int BatchRowCountMax = 16 * 1024;
    private const int WindowBytesMin = 64 * 1024;
    private readonly IObjectStore _store;
    private readonly ObjectPath _path;
    private readonly int _group;
    private readonly ImmutableArray<ColumnAssembly> _columns;
    private readonly ImmutableArray<ChunkBytes> _chunks;
    private readonly RowRanges _rows;
    private readonly List<RowRange> _batch = [];
    private int _range;
    private long _taken;

    internal RowGroupRead(
        IObjectStore store,
        ObjectPath path,
        int group,
        RowRanges rows,
        ImmutableArray<ColumnAssembly> columns,
        ImmutableArray<ChunkBytes> chunks) =>
        (_store, _path, _group, _rows, _columns, _chunks) = (store, path, group, rows, columns, chunks);

    /// <summary>Fetches the bytes, or the first windows of them.</summary>
    internal async Task LoadAsync(long budgetBytes, CancellationToken cancellation)
    {
        long total = _chunks.Sum(static c => c.Total);
        bool isWhole = total <= budgetBytes;
        var ranges = new List<ReadRange>();
        foreach (ChunkBytes chunk in _chunks)
        {
            chunk.WindowBytes = isWhole
                ? int.MaxValue
                : (int)Math.Clamp(budgetBytes / 2 * ((double)chunk.Total / total), WindowBytesMin, 1 << 30);
            chunk.Request(chunk.WindowBytes, ranges);
        }

        await _store.ReadAsync(_path, ranges, cancellation);
        foreach (ChunkBytes chunk in _chunks)
        {
            chunk.Arrive();
            chunk.FetchAhead(_store, _path, cancellation);
        }
    }

    /// <summary>The next rows; null at the end. Throws <see cref="LeafException"/> for damage.</summary>
    internal async ValueTask<RecordBatch?> NextAsync(Schema schema, CancellationToken cancellation)
    {
        int rows = NextBatch();
        if (rows == 0)
        {
            return null;
        }

        var vectors = ImmutableArray.CreateBuilder<ColumnVector>(_columns.Length);
        foreach (ColumnAssembly column in _columns)
        {
            column.Begin();
            while (column.Read(CollectionsMarshal.AsSpan(_batch)) is { } wanting)
            {
                await wanting.FillAsync(_store, _path, cancellation);
            }

            vectors.Add(column.Build());
        }

        return new RecordBatch(schema, vectors.MoveToImmutable(), rows);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ChunkBytes chunk in _chunks)
        {
            await chunk.SettleAsync();
        }

        foreach (ColumnAssembly column in _columns)
        {
            column.Dispose();
        }
    }

    /// <summary>Where in the file this is, for messages.</summary>
    internal int Ordinal => _group;

    private int NextBatch()
    {
        _batch.Clear();
        int rows = 0;
        ReadOnlySpan<RowRange> ranges = _rows.Spans;
        while (_range < ranges.Length && rows < BatchRowCountMax)
        {
            long from = ranges[_range].From + _taken;
            long to = Math.Min(ranges[_range].To, from + BatchRowCountMax - rows);
            _batch.Add(new RowRange(from, to));
            rows += (int)(to - from);
            (_range, _taken) = to == ranges[_range].To ? (_range + 1, 0) : (_range, _taken + to - from);
        }

        return rows;
    }
}
