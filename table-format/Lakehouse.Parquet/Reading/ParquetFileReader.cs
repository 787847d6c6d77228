using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Lakehouse.Columns;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>
/// Reads Parquet files whoever wrote them: every encoding, both versions of data pages, all codecs but LZO, nested columns in their new
/// and old forms. What is damaged or encrypted is refused with a <see cref="ParquetFormatException"/> that names file, row group, column
/// and offset. Immutable; several reads may run at a time.
/// </summary>
public sealed class ParquetFileReader
{
    private const int TailBytes = 64 * 1024;
    private const int BatchRowCountMax = 16 * 1024;
    private const int DictionaryHeaderBytesMax = 100;
    private readonly IObjectStore _store;
    private readonly ObjectPath _path;
    private readonly long _dataEnd;
    private readonly ParquetReadOptions _options;
    private readonly ImmutableArray<ColumnShape> _columns;
    private readonly int _leafCount;
    private readonly bool _leavesOutDictionaryHeader;

    private ParquetFileReader(
        IObjectStore store, ObjectPath path, ParquetReadOptions options, long byteCount, long dataEnd, FileMetaData metaData)
    {
        (_store, _path, _options, ByteCount, _dataEnd, MetaData) = (store, path, options, byteCount, dataEnd, metaData);
        _columns = FileShape.Of(metaData.Schema);
        _leafCount = _columns.Sum(static c => c.Leaves.Count());
        _leavesOutDictionaryHeader = WriterQuirks.LeavesOutDictionaryHeader(metaData.CreatedBy);
        Schema = new Schema([.. _columns.Select(static c => c.Field)]);
    }

    /// <summary>The footer.</summary>
    public FileMetaData MetaData { get; }

    /// <summary>The columns of the file.</summary>
    public Schema Schema { get; }

    /// <summary>Bytes of the file.</summary>
    public long ByteCount { get; }

    /// <summary>Reads the footer of a file. Throws when there is no such object or it is not a Parquet file that is read here.</summary>
    public static Task<ParquetFileReader> OpenAsync(IObjectStore store, ObjectPath path, CancellationToken cancellation) =>
        OpenAsync(store, path, new ParquetReadOptions(), cancellation);

    /// <summary>Reads the footer of a file. Throws when there is no such object or it is not a Parquet file that is read here.</summary>
    public static async Task<ParquetFileReader> OpenAsync(
        IObjectStore store, ObjectPath path, ParquetReadOptions options, CancellationToken cancellation)
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
        if (tail.AsSpan(tail.Length - 4).SequenceEqual(FooterFormat.EncryptedMagic))
        {
            throw new ParquetFormatException($"'{path}' in {store.Root} is encrypted at byte {size - 4}; encrypted files are not read.");
        }

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
            return new ParquetFileReader(store, path, options, size, size - 8 - length, metaData);
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

            if (group.Columns.Length != _leafCount || group.NumRows < 0)
            {
                throw new ParquetFormatException(
                    $"'{_path}' in {_store.Root}, row group {g}: {group.Columns.Length} chunks of {group.NumRows} rows "
                    + $"for {_leafCount} columns.");
            }

            if (group.NumRows == 0)
            {
                continue;
            }

            var assemblies = new ColumnAssembly[positions.Length];
            try
            {
                var ranges = new List<ReadRange>();
                for (int i = 0; i < positions.Length; i++)
                {
                    assemblies[i] = new ColumnAssembly(_columns[positions[i]], leaf => OpenChunk(group, g, leaf, ranges));
                }

                await _store.ReadAsync(_path, ranges, cancellation);
                for (long row = 0; row < group.NumRows; row += BatchRowCountMax)
                {
                    int rows = (int)Math.Min(BatchRowCountMax, group.NumRows - row);
                    var vectors = ImmutableArray.CreateBuilder<ColumnVector>(positions.Length);
                    foreach (ColumnAssembly assembly in assemblies)
                    {
                        vectors.Add(ReadColumn(assembly, rows, g));
                    }

                    yield return new RecordBatch(schema, vectors.MoveToImmutable(), rows);
                }
            }
            finally
            {
                foreach (ColumnAssembly? assembly in assemblies)
                {
                    assembly?.Dispose();
                }
            }
        }
    }

    /// <summary>The chunk that holds a column of the schema, or -1 when it is nested and so has several.</summary>
    public int ChunkOf(int column) => _columns[column] is ColumnShape.OfLeaf leaf ? leaf.Leaf.Ordinal : -1;

    /// <summary>The column index of a chunk, or null when it has none.</summary>
    public async Task<ColumnIndex?> ReadColumnIndexAsync(int rowGroup, int chunk, CancellationToken cancellation)
    {
        ColumnChunk holder = MetaData.RowGroups[rowGroup].Columns[chunk];
        byte[]? bytes = await ReadIndexAsync(holder.ColumnIndexOffset, holder.ColumnIndexLength, rowGroup, holder, cancellation);
        return bytes is null ? null : PageIndexFormat.ReadColumnIndex(bytes);
    }

    /// <summary>The offset index of a chunk, or null when it has none.</summary>
    public async Task<OffsetIndex?> ReadOffsetIndexAsync(int rowGroup, int chunk, CancellationToken cancellation)
    {
        ColumnChunk holder = MetaData.RowGroups[rowGroup].Columns[chunk];
        byte[]? bytes = await ReadIndexAsync(holder.OffsetIndexOffset, holder.OffsetIndexLength, rowGroup, holder, cancellation);
        return bytes is null ? null : PageIndexFormat.ReadOffsetIndex(bytes);
    }

    private async Task<byte[]?> ReadIndexAsync(long? offset, int? length, int rowGroup, ColumnChunk chunk, CancellationToken cancellation)
    {
        if (offset is not long start || length is not int count)
        {
            return null;
        }

        if (start < 4 || count < 0 || start > _dataEnd - count)
        {
            var outside = new ParquetFormatException($"A page index of {count} bytes outside the data.");
            throw Located(outside, rowGroup, string.Join('.', chunk.MetaData.PathInSchema), start);
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

    /// <summary>A reader over a buffer; what has to be read into it first is added to the ranges.</summary>
    private LeafReader OpenChunk(RowGroup group, int groupIndex, Leaf leaf, List<ReadRange> ranges)
    {
        ColumnMetaData chunk = group.Columns[leaf.Ordinal].MetaData;
        long start = chunk.DictionaryPageOffset is long dictionary && dictionary >= 4
            ? Math.Min(dictionary, chunk.DataPageOffset)
            : chunk.DataPageOffset;
        long length = chunk.TotalCompressedSize;
        if (_leavesOutDictionaryHeader && start <= _dataEnd - length)
        {
            length = Math.Min(length + DictionaryHeaderBytesMax, _dataEnd - start);
        }

        if (start < 4 || length is < 0 or > int.MaxValue || start > _dataEnd - length || chunk.Type != leaf.Type.Stored
            || (leaf.MaxRepetition == 0 && chunk.NumValues != group.NumRows) || !chunk.PathInSchema.SequenceEqual(leaf.Path))
        {
            throw Located(
                new ParquetFormatException(
                    $"The chunk ({chunk.Type}, {chunk.NumValues} values, {length} bytes, path "
                    + $"{string.Join('.', chunk.PathInSchema)}) does not fit the file of {ByteCount} bytes or the row group of {group.NumRows} rows."),
                groupIndex,
                leaf.Name,
                start);
        }

        if (!PageCodec.Reads(chunk.Codec))
        {
            throw Located(new ParquetFormatException($"Codec {chunk.Codec} is not read here."), groupIndex, leaf.Name, start);
        }

        byte[] bytes = ArrayPool<byte>.Shared.Rent(Math.Max(1, (int)length));
        ranges.Add(new ReadRange(start, bytes.AsMemory(0, (int)length)));
        return new LeafReader(leaf, new PageReader(chunk.Codec, _options.VerifyChecksums, start, bytes, (int)length), chunk.NumValues);
    }

    private ColumnVector ReadColumn(ColumnAssembly assembly, int rows, int groupIndex)
    {
        try
        {
            return assembly.Read(rows);
        }
        catch (LeafException e)
        {
            throw Located(e.Reason, groupIndex, e.Leaf.Name, e.Offset);
        }
    }

    private ParquetFormatException Located(ParquetFormatException e, int groupIndex, string column, long offset) =>
        new($"'{_path}' in {_store.Root}, row group {groupIndex}, column '{column}', byte {offset}: {e.Message}", e);
}
