using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>Reads the page indexes of a file: several with one call to the store. Keeps nothing.</summary>
public sealed class PageIndexReader
{
    private readonly IObjectStore _store;
    private readonly ObjectPath _path;
    private readonly FileMetaData _metaData;
    private readonly long _dataEnd;

    internal PageIndexReader(IObjectStore store, ObjectPath path, FileMetaData metaData, long dataEnd) =>
        (_store, _path, _metaData, _dataEnd) = (store, path, metaData, dataEnd);

    /// <summary>The column indexes of those of some chunks of a row group that have one.</summary>
    public async Task<Dictionary<int, ColumnIndex>> ReadColumnsAsync(int rowGroup, IEnumerable<int> chunks, CancellationToken cancellation) =>
        await ReadAsync(rowGroup, chunks, "column index", static c => (c.ColumnIndexOffset, c.ColumnIndexLength),
            static bytes => PageIndexFormat.ReadColumnIndex(bytes), cancellation);

    /// <summary>The offset indexes of those of some chunks of a row group that have one.</summary>
    public async Task<Dictionary<int, OffsetIndex>> ReadOffsetsAsync(int rowGroup, IEnumerable<int> chunks, CancellationToken cancellation) =>
        await ReadAsync(rowGroup, chunks, "offset index", static c => (c.OffsetIndexOffset, c.OffsetIndexLength),
            static bytes => PageIndexFormat.ReadOffsetIndex(bytes), cancellation);

    private async Task<Dictionary<int, T>> ReadAsync<T>(
        int rowGroup,
        IEnumerable<int> chunks,
        string what,
        Func<ColumnChunk, (long? Offset, int? Length)> locate,
        Func<byte[], T> parse,
        CancellationToken cancellation)
    {
        var wanted = new Dictionary<int, (long Offset, byte[] Bytes)>();
        foreach (int chunk in chunks)
        {
            ColumnChunk holder = _metaData.RowGroups[rowGroup].Columns[chunk];
            if (locate(holder) is not (long offset, int length))
            {
                continue;
            }

            if (offset < 4 || length < 0 || offset > _dataEnd - length)
            {
                throw Located($"The {what} of {length} bytes lies outside the data.", rowGroup, chunk, offset, null);
            }

            wanted.TryAdd(chunk, (offset, new byte[length]));
        }

        await _store.ReadAsync(_path, [.. wanted.Values.Select(static w => new ReadRange(w.Offset, w.Bytes))], cancellation);
        var parsed = new Dictionary<int, T>();
        foreach ((int chunk, (long offset, byte[] bytes)) in wanted)
        {
            try
            {
                parsed.Add(chunk, parse(bytes));
            }
            catch (ParquetFormatException e)
            {
                throw Located($"The {what}: {e.Message}", rowGroup, chunk, offset, e);
            }
        }

        return parsed;
    }

    private ParquetFormatException Located(string what, int rowGroup, int chunk, long offset, Exception? inner)
    {
        string column = string.Join('.', _metaData.RowGroups[rowGroup].Columns[chunk].MetaData.PathInSchema);
        string message = $"'{_path}' in {_store.Root}, row group {rowGroup}, column '{column}', byte {offset}: {what}";
        return inner is null ? new ParquetFormatException(message) : new ParquetFormatException(message, inner);
    }
}
