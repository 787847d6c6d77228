using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Lakehouse.Columns;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>
/// Reads files of this library's writer: flat columns, PLAIN and dictionary pages, zstd or no compression, checksums verified. What is
/// damaged or of another kind is refused with a <see cref="ParquetFormatException"/> that names file, row group, column and offset.
/// Immutable; several reads may run at a time.
/// </summary>
public sealed class ParquetFileReader
{
    private const int TailBytes = 64 * 1024;
    private const int BatchRowCountMax = 16 * 1024;
    private readonly IObjectStore _store;
    private readonly ObjectPath _path;
    private readonly long _dataEnd;

    private ParquetFileReader(IObjectStore store, ObjectPath path, long byteCount, long dataEnd, FileMetaData metaData, Schema schema) =>
        (_store, _path, ByteCount, _dataEnd, MetaData, Schema) = (store, path, byteCount, dataEnd, metaData, schema);

    /// <summary>The footer.</summary>
    public FileMetaData MetaData { get; }

    /// <summary>The columns of the file.</summary>
    public Schema Schema { get; }

    /// <summary>Bytes of the file.</summary>
    public long ByteCount { get; }

    /// <summary>Reads the footer of a file. Throws when there is no such object or it is not a Parquet file that is read here.</summary>
    public static async Task<ParquetFileReader> OpenAsync(IObjectStore store, ObjectPath path, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ObjectStat stat = await store.StatAsync(path, cancellation)
            ?? throw new ObjectStoreException("open", store.Root, path, "there is no such object");
        long size = stat.Size;
        if (size < 12)
        {
            throw new ParquetFormatException($"'{path}' in {store.Root} is no Parquet file: it has {size} bytes.");
        }

        byte[] tail = new byte[Math.Min(size, TailBytes)];
        await store.ReadAsync(path, size - tail.Length, tail, cancellation);
        if (!tail.AsSpan(tail.Length - 4).SequenceEqual(FooterFormat.Magic))
        {
            throw new ParquetFormatException($"'{path}' in {store.Root} is no Parquet file, or it is cut off: it does not end with PAR1.");
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(tail.AsSpan(tail.Length - 8));
        if (length <= 0 || length > size - 12)
        {
            throw new ParquetFormatException($"'{path}' in {store.Root} has {size} bytes and a footer of {length}.");
        }

        ReadOnlyMemory<byte> footer;
        if (length + 8 <= tail.Length)
        {
            footer = tail.AsMemory(tail.Length - 8 - length, length);
        }
        else
        {
            byte[] whole = new byte[length];
            await store.ReadAsync(path, size - 8 - length, whole, cancellation);
            footer = whole;
        }

        try
        {
            FileMetaData metaData = FooterFormat.Read(footer.Span);
            return new ParquetFileReader(store, path, size, size - 8 - length, metaData, SchemaMapping.FromElements(metaData.Schema));
        }
        catch (ParquetFormatException e)
        {
            throw new ParquetFormatException($"Footer of '{path}' in {store.Root} at byte {size - 8 - length}: {e.Message}", e);
        }
    }

    /// <summary>All rows of some columns, in the order given; null for all columns. The caller disposes the batches.</summary>
    public IAsyncEnumerable<RecordBatch> ReadAsync(IReadOnlyList<string>? columns, CancellationToken cancellation) =>
        ReadAsync(columns, null, cancellation);

    /// <summary>
    /// The rows of those row groups that <paramref name="mayMatch"/> holds possible (null: all), in batches within a row group.
    /// </summary>
    public async IAsyncEnumerable<RecordBatch> ReadAsync(
        IReadOnlyList<string>? columns, Func<RowGroup, bool>? mayMatch, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int[] positions = Positions(columns);
        var schema = new Schema([.. positions.Select(p => Schema[p])]);
        for (int g = 0; g < MetaData.RowGroups.Length; g++)
        {
            RowGroup group = MetaData.RowGroups[g];
            if (mayMatch is not null && !mayMatch(group))
            {
                continue;
            }

            if (group.Columns.Length != Schema.Count || group.NumRows < 0)
            {
                throw new ParquetFormatException(
                    $"'{_path}' in {_store.Root}, row group {g}: {group.Columns.Length} chunks of {group.NumRows} rows "
                    + $"for {Schema.Count} columns.");
            }

            var readers = new ColumnChunkReader[positions.Length];
            try
            {
                var ranges = new ReadRange[positions.Length];
                for (int i = 0; i < positions.Length; i++)
                {
                    (readers[i], ranges[i]) = OpenChunk(group, g, positions[i]);
                }

                await _store.ReadAsync(_path, ranges, cancellation);
                for (long row = 0; row < group.NumRows; row += BatchRowCountMax)
                {
                    int rows = (int)Math.Min(BatchRowCountMax, group.NumRows - row);
                    var vectors = ImmutableArray.CreateBuilder<ColumnVector>(positions.Length);
                    for (int i = 0; i < positions.Length; i++)
                    {
                        vectors.Add(ReadColumn(readers[i], Schema[positions[i]], rows, g));
                    }

                    yield return new RecordBatch(schema, vectors.MoveToImmutable(), rows);
                }
            }
            finally
            {
                foreach (ColumnChunkReader? reader in readers)
                {
                    reader?.Dispose();
                }
            }
        }
    }

    /// <summary>The column index of a chunk, or null when it has none.</summary>
    public async Task<ColumnIndex?> ReadColumnIndexAsync(int rowGroup, int column, CancellationToken cancellation)
    {
        ColumnChunk chunk = MetaData.RowGroups[rowGroup].Columns[column];
        byte[]? bytes = await ReadIndexAsync(chunk.ColumnIndexOffset, chunk.ColumnIndexLength, rowGroup, column, cancellation);
        return bytes is null ? null : PageIndexFormat.ReadColumnIndex(bytes);
    }

    /// <summary>The offset index of a chunk, or null when it has none.</summary>
    public async Task<OffsetIndex?> ReadOffsetIndexAsync(int rowGroup, int column, CancellationToken cancellation)
    {
        ColumnChunk chunk = MetaData.RowGroups[rowGroup].Columns[column];
        byte[]? bytes = await ReadIndexAsync(chunk.OffsetIndexOffset, chunk.OffsetIndexLength, rowGroup, column, cancellation);
        return bytes is null ? null : PageIndexFormat.ReadOffsetIndex(bytes);
    }

    private async Task<byte[]?> ReadIndexAsync(long? offset, int? length, int rowGroup, int column, CancellationToken cancellation)
    {
        if (offset is not long start || length is not int count)
        {
            return null;
        }

        if (start < 4 || count < 0 || start > _dataEnd - count)
        {
            throw Located(new ParquetFormatException($"A page index of {count} bytes outside the data."), rowGroup, Schema[column], start);
        }

        byte[] bytes = new byte[count];
        await _store.ReadAsync(_path, start, bytes, cancellation);
        return bytes;
    }

    private int[] Positions(IReadOnlyList<string>? columns)
    {
        if (columns is null)
        {
            return [.. Enumerable.Range(0, Schema.Count)];
        }

        var positions = new int[columns.Count];
        for (int i = 0; i < positions.Length; i++)
        {
            positions[i] = Schema.IndexOf(columns[i]);
            if (positions[i] < 0)
            {
                throw new ArgumentException($"'{_path}' has no column '{columns[i]}'; it has {Schema}.", nameof(columns));
            }
        }

        return positions;
    }

    /// <summary>A reader over a buffer, and what has to be read into the buffer first.</summary>
    private (ColumnChunkReader Reader, ReadRange Range) OpenChunk(RowGroup group, int groupIndex, int column)
    {
        ColumnMetaData chunk = group.Columns[column].MetaData;
        Field field = Schema[column];
        long start = chunk.DictionaryPageOffset is long dictionary && dictionary >= 4
            ? Math.Min(dictionary, chunk.DataPageOffset)
            : chunk.DataPageOffset;
        long length = chunk.TotalCompressedSize;
        if (start < 4 || length is < 0 or > int.MaxValue || start > _dataEnd - length || chunk.NumValues != group.NumRows
            || chunk.Type != SchemaMapping.PhysicalType(field.Type) || chunk.PathInSchema is not [string name] || name != field.Name)
        {
            throw Located(
                new ParquetFormatException(
                    $"The chunk ({chunk.Type}, {chunk.NumValues} values, {length} bytes, path "
                    + $"{string.Join('.', chunk.PathInSchema)}) does not fit the file of {ByteCount} bytes or the row group of {group.NumRows} rows."),
                groupIndex,
                field,
                start);
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(Math.Max(1, (int)length));
        var reader = new ColumnChunkReader(field, MetaData.Schema[column + 1].TypeLength, chunk, start, bytes, (int)length);
        return (reader, new ReadRange(start, bytes.AsMemory(0, (int)length)));
    }

    private ColumnVector ReadColumn(ColumnChunkReader reader, Field field, int rows, int groupIndex)
    {
        using var builder = new ColumnBuilder(field.Type);
        try
        {
            reader.Read(builder, rows);
            return builder.Finish();
        }
        catch (ParquetFormatException e)
        {
            throw Located(e, groupIndex, field, reader.PageOffset);
        }
    }

    private ParquetFormatException Located(ParquetFormatException e, int groupIndex, Field field, long offset) =>
        new($"'{_path}' in {_store.Root}, row group {groupIndex}, column '{field.Name}', byte {offset}: {e.Message}", e);
}
