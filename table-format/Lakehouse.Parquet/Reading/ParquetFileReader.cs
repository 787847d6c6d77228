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
    private const int DictionaryHeaderBytesMax = 100;
    private readonly ParquetReadOptions _options;
    private readonly ImmutableArray<ColumnShape> _columns;
    private readonly bool _leavesOutDictionaryHeader;
    private readonly PageIndexReader _indexes;
    private readonly RowGroupPruning _pruning;

    private ParquetFileReader(
        IObjectStore store, ObjectPath path, ParquetReadOptions options, long byteCount, long dataEnd, FileMetaData metaData)
    {
        (Store, Path, _options, ByteCount, DataEnd, MetaData) = (store, path, options, byteCount, dataEnd, metaData);
        _columns = FileShape.Of(metaData.Schema);
        Leaves = [.. _columns.SelectMany(static c => c.Leaves)];
        _leavesOutDictionaryHeader = WriterQuirks.LeavesOutDictionaryHeader(metaData.CreatedBy);
        _indexes = new PageIndexReader(store, path, metaData, dataEnd);
        _pruning = new RowGroupPruning(metaData, _indexes, LeafOf);
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
        ScanAsync(new ReadRequest { Columns = columns }, cancellation);

    /// <summary>
    /// What is requested, in batches within a row group, which the caller disposes. While one row group is decoded the next is fetched.
    /// </summary>
    public async IAsyncEnumerable<RecordBatch> ScanAsync(
        ReadRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        int[] positions = Positions(request.Columns);
        var schema = new Schema([.. positions.Select(p => Schema[p])]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        RowGroupRead? group = null;
        Task<RowGroupRead?>? ahead = OpenNextAsync(request, positions, 0, stop.Token);
        try
        {
            while (true)
            {
                group = await ahead;
                ahead = null;
                if (group is null)
                {
                    break;
                }

                while (await NextAsync(group, schema, stop.Token) is { } batch)
                {
                    yield return batch;

                    // < Not before the first batch was taken: who wants only some rows does not come back.
                    ahead ??= OpenNextAsync(request, positions, group.Ordinal + 1, stop.Token);
                }

                ahead ??= OpenNextAsync(request, positions, group.Ordinal + 1, stop.Token);
                await group.DisposeAsync();
                group = null;
            }
        }
        finally
        {
            await stop.CancelAsync();
            await CloseAsync(group, ahead);
        }
    }

    /// <summary>The leaves of all columns, in the order of chunks.</summary>
    internal ImmutableArray<Leaf> Leaves { get; }

    /// <summary>The store that the file lies in.</summary>
    internal IObjectStore Store { get; }

    /// <summary>The file.</summary>
    internal ObjectPath Path { get; }

    /// <summary>Where the footer begins.</summary>
    internal long DataEnd { get; }

    /// <summary>The page indexes of the file.</summary>
    public PageIndexReader Indexes => _indexes;

    /// <summary>The chunk that holds a column of the schema, or -1 when it is nested and so has several.</summary>
    public int ChunkOf(int column) => _columns[column] is ColumnShape.OfLeaf leaf ? leaf.Leaf.Ordinal : -1;

    private Leaf? LeafOf(string column) =>
        Schema.IndexOf(column) is >= 0 and int position && _columns[position] is ColumnShape.OfLeaf of ? of.Leaf : null;

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
                throw new ArgumentException($"'{Path}' has no column '{columns[i]}'; it has {Schema}.", nameof(columns));
            }
        }

        return positions;
    }

    /// <summary>Opens the next row group with a wanted row and fetches its first bytes; null when there is none.</summary>
    private async Task<RowGroupRead?> OpenNextAsync(ReadRequest request, int[] positions, int from, CancellationToken cancellation)
    {
        for (int g = from; g < MetaData.RowGroups.Length; g++)
        {
            RowGroup group = MetaData.RowGroups[g];
            CheckRowGroup(g);
            RowRanges all = RowRanges.All(group.NumRows);
            RowRanges rows = request.Rows?.Invoke(g)?.And(all) ?? all;
            if (request.Pruning is { } pruning && rows.Count > 0)
            {
                rows = rows.And(await _pruning.RowsAsync(g, pruning, cancellation));
            }

            request.Decided?.Invoke(g, rows);
            if (rows.Count > 0)
            {
                return await OpenAsync(g, rows, positions, cancellation);
            }
        }

        return null;
    }

    private async Task<RowGroupRead> OpenAsync(int group, RowRanges rows, int[] positions, CancellationToken cancellation)
    {
        int[] leaves = rows.Count == MetaData.RowGroups[group].NumRows
            ? []
            : [.. positions.SelectMany(p => _columns[p].Leaves).Select(static l => l.Ordinal)];
        ImmutableDictionary<int, OffsetIndex> indexes = await _indexes.ReadOffsetsAsync(group, leaves, cancellation);
        var chunks = ImmutableArray.CreateBuilder<ChunkBytes>();
        ImmutableArray<ColumnAssembly> columns =
        [
            .. positions.Select(p => new ColumnAssembly(_columns[p], leaf =>
            {
                LeafReader reader = OpenChunk(
                    group, leaf, rows, indexes.GetValueOrDefault(leaf.Ordinal), _options.VerifyChecksums ? Checksums.Enforced : Checksums.Ignored);
                chunks.Add(reader.Bytes);
                return reader;
            })),
        ];
        var read = new RowGroupRead(Store, Path, group, rows, columns, chunks.ToImmutable());
        try
        {
            await read.LoadAsync(_options.BufferBytesMax / 2, cancellation);
            return read;
        }
        catch
        {
            await read.DisposeAsync();
            throw;
        }
    }

    private async ValueTask<RecordBatch?> NextAsync(RowGroupRead group, Schema schema, CancellationToken cancellation)
    {
        try
        {
            return await group.NextAsync(schema, cancellation);
        }
        catch (LeafException e)
        {
            throw Located(e.Reason, group.Ordinal, e.Leaf.Name, e.Offset);
        }
    }

    /// <summary>Nothing may write into pooled arrays any more when they are given back.</summary>
    private static async Task CloseAsync(RowGroupRead? group, Task<RowGroupRead?>? ahead)
    {
        if (group is not null)
        {
            await group.DisposeAsync();
        }

        if (ahead is not null)
        {
            await Task.WhenAny(ahead);
            _ = ahead.Exception;
            if (ahead.IsCompletedSuccessfully && await ahead is { } next)
            {
                await next.DisposeAsync();
            }
        }
    }

    /// <summary>Throws <see cref="ParquetFormatException"/> when a row group cannot have the chunks and rows that the footer says.</summary>
    internal void CheckRowGroup(int group)
    {
        RowGroup of = MetaData.RowGroups[group];
        if (of.Columns.Length != Leaves.Length || of.NumRows < 0)
        {
            throw new ParquetFormatException(
                $"'{Path}' in {Store.Root}, row group {group}: {of.Columns.Length} chunks of {of.NumRows} rows for {Leaves.Length} columns.");
        }
    }

    /// <summary>Throws <see cref="ParquetFormatException"/> when what the footer says of a chunk cannot be, or its codec is not read here.</summary>
    internal void CheckChunk(int group, Leaf leaf)
    {
        RowGroup of = MetaData.RowGroups[group];
        ColumnMetaData chunk = of.Columns[leaf.Ordinal].MetaData;
        (long start, long length) = Extent(chunk);
        if (start < 4 || length < 0 || start > DataEnd - length || chunk.Type != leaf.Type.Stored
            || (leaf.MaxRepetition == 0 && chunk.NumValues != of.NumRows) || !chunk.PathInSchema.SequenceEqual(leaf.Path))
        {
            throw Located(
                new ParquetFormatException(
                    $"The chunk ({chunk.Type}, {chunk.NumValues} values, {length} bytes, path "
                    + $"{string.Join('.', chunk.PathInSchema)}) does not fit the file of {ByteCount} bytes or the row group of {of.NumRows} rows."),
                group,
                leaf.Name,
                start);
        }

        if (!PageCodec.Reads(chunk.Codec))
        {
            throw Located(new ParquetFormatException($"Codec {chunk.Codec} is not read here."), group, leaf.Name, start);
        }
    }

    /// <summary>A reader over the bytes of a chunk that hold the wanted rows; they have to be fetched.</summary>
    internal LeafReader OpenChunk(int group, Leaf leaf, RowRanges rows, OffsetIndex? index, Checksums checksums)
    {
        CheckChunk(group, leaf);
        RowGroup of = MetaData.RowGroups[group];
        ColumnMetaData chunk = of.Columns[leaf.Ordinal].MetaData;
        (long start, long length) = Extent(chunk);
        ImmutableArray<PageRun> runs = index is not null && ChunkPlan.Of(start, length, index, of.NumRows, rows) is { } some
            ? some
            : ChunkPlan.Whole(start, length);
        return new LeafReader(leaf, new PageReader(chunk.Codec, checksums, new ChunkBytes(runs)), chunk.NumValues);
    }

    /// <summary>Where a chunk lies.</summary>
    internal (long Start, long Length) Extent(ColumnMetaData chunk)
    {
        long start = chunk.DictionaryPageOffset is long dictionary && dictionary >= 4
            ? Math.Min(dictionary, chunk.DataPageOffset)
            : chunk.DataPageOffset;
        long length = chunk.TotalCompressedSize;
        return _leavesOutDictionaryHeader && start <= DataEnd - length
            ? (start, Math.Min(length + DictionaryHeaderBytesMax, DataEnd - start))
            : (start, length);
    }

    /// <summary>The same fault, with its place.</summary>
    internal ParquetFormatException Located(ParquetFormatException e, int group, string column, long offset) =>
        new($"'{Path}' in {Store.Root}, row group {group}, column '{column}', byte {offset}: {e.Message}", e);
}
