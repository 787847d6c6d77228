using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>Reads the page indexes and bloom filters of a file, several with one call to the store. Keeps nothing.</summary>
public sealed class PageIndexReader
{
    /// <summary>What is fetched of a filter whose length the file does not say; the rest in a second call.</summary>
    private const int FilterBytesAtFirst = 1 << 10;

    private readonly IObjectStore _store;
    private readonly ObjectPath _path;
    private readonly FileMetaData _metaData;
    private readonly long _dataEnd;

    internal PageIndexReader(IObjectStore store, ObjectPath path, FileMetaData metaData, long dataEnd) =>
        (_store, _path, _metaData, _dataEnd) = (store, path, metaData, dataEnd);

    /// <summary>The column indexes of those of some chunks of a row group that have one.</summary>
    public async Task<ImmutableDictionary<int, ColumnIndex>> ReadColumnsAsync(
        int rowGroup, IReadOnlyCollection<int> chunks, CancellationToken cancellation) =>
        (await ReadAsync(rowGroup, chunks, [], [], cancellation)).Columns;

    /// <summary>The offset indexes of those of some chunks of a row group that have one.</summary>
    public async Task<ImmutableDictionary<int, OffsetIndex>> ReadOffsetsAsync(
        int rowGroup, IReadOnlyCollection<int> chunks, CancellationToken cancellation) =>
        (await ReadAsync(rowGroup, [], chunks, [], cancellation)).Offsets;

    /// <summary>The column indexes, offset indexes and bloom filters of those of some chunks of a row group that have one.</summary>
    public async Task<PageIndexes> ReadAsync(
        int rowGroup,
        IReadOnlyCollection<int> columns,
        IReadOnlyCollection<int> offsets,
        IReadOnlyCollection<int> filters,
        CancellationToken cancellation)
    {
        var wanted = new List<Wanted>();
        wanted.AddRange(columns.Select(c => Locate(rowGroup, c, Kind.Column)).OfType<Wanted>());
        wanted.AddRange(offsets.Select(c => Locate(rowGroup, c, Kind.Offset)).OfType<Wanted>());
        wanted.AddRange(filters.Select(c => Locate(rowGroup, c, Kind.Filter)).OfType<Wanted>());
        if (wanted.Count == 0)
        {
            return PageIndexes.None;
        }

        await _store.ReadAsync(_path, [.. wanted.Select(static w => new ReadRange(w.Offset, w.Bytes))], cancellation);
        PageIndexes read = PageIndexes.None;
        foreach (Wanted found in wanted)
        {
            try
            {
                read = found.Kind switch
                {
                    Kind.Column => read with { Columns = read.Columns.SetItem(found.Chunk, PageIndexFormat.ReadColumnIndex(found.Bytes)) },
                    Kind.Offset => read with { Offsets = read.Offsets.SetItem(found.Chunk, PageIndexFormat.ReadOffsetIndex(found.Bytes)) },
                    _ => read with { Filters = read.Filters.SetItem(found.Chunk, await FilterAsync(found, cancellation)) },
                };
            }
            catch (ParquetFormatException e)
            {
                throw Located(rowGroup, found.Chunk, found.Kind, found.Offset, e.Message, e);
            }
        }

        return read;
    }

    private Wanted? Locate(int rowGroup, int chunk, Kind kind)
    {
        ColumnChunk holder = _metaData.RowGroups[rowGroup].Columns[chunk];
        (long? at, int? length) = kind switch
        {
            Kind.Column => (holder.ColumnIndexOffset, holder.ColumnIndexLength),
            Kind.Offset => (holder.OffsetIndexOffset, holder.OffsetIndexLength),
            _ => (holder.MetaData.BloomFilterOffset,
                holder.MetaData.BloomFilterLength ?? (int)Math.Clamp(_dataEnd - holder.MetaData.BloomFilterOffset.GetValueOrDefault(), 0, FilterBytesAtFirst)),
        };
        if (at is not { } offset || length is not { } count)
        {
            return null;
        }

        return offset >= 4 && count >= 0 && offset <= _dataEnd - count
            ? new Wanted(kind, chunk, offset, new byte[count])
            : throw Located(rowGroup, chunk, kind, offset, $"{count} bytes that lie outside the data.", null);
    }

    private async Task<BloomFilter> FilterAsync(Wanted found, CancellationToken cancellation)
    {
        int bytes = BloomFilter.ReadHeader(found.Bytes, out int headerBytes);
        if (headerBytes + bytes <= found.Bytes.Length)
        {
            return BloomFilter.Of(found.Bytes.AsSpan(headerBytes, bytes));
        }

        if (found.Offset + headerBytes > _dataEnd - bytes)
        {
            throw new ParquetFormatException($"{bytes} bytes that lie outside the data.");
        }

        byte[] blocks = new byte[bytes];
        await _store.ReadAsync(_path, found.Offset + headerBytes, blocks, cancellation);
        return BloomFilter.Of(blocks);
    }

    private ParquetFormatException Located(int rowGroup, int chunk, Kind kind, long offset, string what, Exception? inner)
    {
        string column = string.Join('.', _metaData.RowGroups[rowGroup].Columns[chunk].MetaData.PathInSchema);
        string name = kind switch { Kind.Column => "column index", Kind.Offset => "offset index", _ => "bloom filter" };
        return new ParquetFormatException(
            $"'{_path}' in {_store.Root}, row group {rowGroup}, column '{column}', byte {offset}: The {name}: {what}", inner);
    }

    private enum Kind
    {
        Column,
        Offset,
        Filter,
    }

    private sealed record Wanted(Kind Kind, int Chunk, long Offset, byte[] Bytes);
}
