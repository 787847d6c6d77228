using System.Buffers.Binary;
using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Storage;

namespace Lakehouse.Parquet;

/// <summary>
/// Writes one file: <c>"PAR1" | row groups | column indexes | offset indexes | bloom filters | footer | u32 | "PAR1"</c>. Columns are encoded as they come
/// and kept in pooled buffers until <see cref="CompleteAsync"/>, or, row group by row group, until <see cref="HandOverAsync"/>. Not thread safe.
/// </summary>
public sealed class ParquetFileWriter : IDisposable
{
    // Fewer are encoded before another core has woken up.
    private const int SharedRowsMin = 1024;

    private static readonly byte[] FileMagic = FooterFormat.Magic.ToArray();
    private readonly ParquetWriterOptions _options;
    private readonly ColumnWriter?[] _writers;
    private readonly NestedColumnWriter?[] _nested;
    private readonly ConstantColumnWriter?[] _constants;

    // The column that another one repeats, or -1.
    private readonly int[] _originals;
    private readonly HashSet<string> _patchable = new(StringComparer.Ordinal);
    private readonly List<EncodedRowGroup> _groups = [];

    // Where the chunks of the row groups lie that are written already.
    private readonly List<ChunkLayout[]> _layouts = [];
    private readonly ColumnWriterState? _ownState;
    private readonly ColumnsAtOnce _columnsAtOnce;
    private readonly Action<int> _append;
    private readonly Action<int> _finish;

    // What is appended now, and the chunks that are finished now, by column.
    private (IReadOnlyList<ColumnVector?> Columns, int From, int RowCount) _rows;
    private readonly EncodedChunk[]?[] _finished;
    private long _groupRowCount;
    private long _finishedByteCount;
    private long _writtenByteCount;
    private bool _isBegun;
    private bool _isComplete;

    /// <summary>
    /// Begins a file. <paramref name="constants"/> maps columns of the schema to their one value; <paramref name="carriedOver"/> is
    /// shared by the files of one sink and says whether idle cores help. <paramref name="copies"/> maps columns to one that always has the
    /// same values and is encoded for both. Throws when a constant is not a string or binary column of the schema, or a copy's type is not its original's.
    /// </summary>
    public ParquetFileWriter(
        Schema schema,
        ParquetWriterOptions options,
        IReadOnlyDictionary<string, ConstantColumn> constants,
        ColumnWriterState? carriedOver,
        IReadOnlyDictionary<string, string>? copies = null)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(constants);
        if (options.CompressionLevel is { } level && !(ParquetWriterOptions.LevelsOf(options.Codec) is var (min, max) && level >= min && level <= max))
        {
            throw new ArgumentException($"Codec {options.Codec} has no level {level}.", nameof(options));
        }

        CheckColumns(schema, options);
        Schema = schema;
        _options = options;
        _writers = new ColumnWriter?[schema.Count];
        _nested = new NestedColumnWriter?[schema.Count];
        _constants = new ConstantColumnWriter?[schema.Count];
        ColumnWriterState state = carriedOver ?? (_ownState = new ColumnWriterState());
        _columnsAtOnce = new ColumnsAtOnce(state.Cores);
        (_append, _finish) = (AppendTo, FinishColumn);
        _finished = new EncodedChunk[]?[schema.Count];
        foreach (string name in constants.Keys)
        {
            if (schema.IndexOf(name) < 0)
            {
                throw new ArgumentException($"Constant '{name}' is no column of {schema}.", nameof(constants));
            }
        }

        _originals = FindOriginals(schema, copies);
        for (int i = 0; i < schema.Count; i++)
        {
            if (_originals[i] >= 0)
            {
                continue;
            }

            if (!constants.TryGetValue(schema[i].Name, out ConstantColumn? constant))
            {
                if (schema[i].Type.IsNested)
                {
                    _nested[i] = new NestedColumnWriter(schema[i], (leaf, path) => NewWriter(leaf, options, state, path));
                }
                else
                {
                    _writers[i] = NewWriter(schema[i], options, state);
                }

                continue;
            }

            _constants[i] = new ConstantColumnWriter(constant with { Field = schema[i] }, options);
            if (constant.Patchable)
            {
                _patchable.Add(schema[i].Name);
            }
        }
    }

    /// <summary>The columns of the file.</summary>
    public Schema Schema { get; }

    /// <summary>Rows written so far.</summary>
    public long RowCount { get; private set; }

    /// <summary>Bytes of encoded pages and of pages being built: about what the file will have.</summary>
    public long EncodedByteCount => _finishedByteCount + OpenByteCount;

    /// <summary>Those of them that the writer still holds.</summary>
    public long BufferedByteCount => EncodedByteCount - _writtenByteCount;

    /// <summary>Whether there is a finished row group for <see cref="HandOverAsync"/> to take.</summary>
    public bool HasFinishedRowGroup => _layouts.Count < _groups.Count;

    private long OpenByteCount
    {
        get
        {
            long bytes = 0;
            foreach (ColumnWriter? writer in _writers)
            {
                bytes += writer?.BufferedByteCount ?? 0;
            }

            foreach (NestedColumnWriter? nested in _nested)
            {
                bytes += nested?.BufferedByteCount ?? 0;
            }

            return bytes;
        }
    }

    /// <summary>
    /// Appends rows: the columns in schema order, null where the column is constant or a copy. The vectors stay the caller's and may be disposed when
    /// the call returns. Throws <see cref="ArgumentException"/> when a column does not fit the schema; then nothing was appended.
    /// </summary>
    public void Write(IReadOnlyList<ColumnVector?> columns, int rowCount)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ObjectDisposedException.ThrowIf(_isComplete, this);
        Validate(columns, rowCount);
        for (int from = 0; from < rowCount;)
        {
            int rows = (int)Math.Min(Math.Min(rowCount - from, _options.PageRowCount), _options.RowGroupRowCountMax - _groupRowCount);
            _rows = (columns, from, rows);
            ForEachColumn(rows, _append);
            _rows = default;
            from += rows;
            RowCount += rows;
            _groupRowCount += rows;
            if (_groupRowCount == _options.RowGroupRowCountMax || OpenByteCount >= _options.RowGroupBytes)
            {
                FinishRowGroup();
            }
        }
    }

    /// <summary>
    /// Writes the row groups that are finished to the upload and gives their buffers back; each call, and <see cref="CompleteAsync"/>, goes on
    /// in the same upload, which must be new to begin with.
    /// </summary>
    public async Task HandOverAsync(IObjectUpload upload, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(upload);
        ObjectDisposedException.ThrowIf(_isComplete, this);
        await WriteGroupsAsync(upload, cancellation);
    }

    /// <summary>
    /// Ends the file and writes what is left of it to the upload, which the caller completes. The writer is spent. A file without rows has no row group
    /// and is valid.
    /// </summary>
    public async Task<ParquetFileSummary> CompleteAsync(IObjectUpload upload, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(upload);
        ObjectDisposedException.ThrowIf(_isComplete, this);
        FinishRowGroup();
        _isComplete = true;
        await WriteGroupsAsync(upload, cancellation);
        long offset = upload.Length;
        var patches = new PatchRecorder(_patchable);
        using var tail = new PooledBuffer(4096);
        ImmutableArray<SortingColumn> sorting = FooterAssembly.Sorting(Schema, _options.SortedBy);
        FooterAssembly.Append(
            tail,
            FooterAssembly.Begin(SchemaMapping.ToElements(Schema), _options.KeyValueMetadata),
            _groups.ConvertAll(g => new FooterRowGroup(g.RowCount, g.Chunks, sorting)),
            _layouts,
            patches,
            offset);
        await upload.WriteAsync(tail.WrittenMemory, cancellation);
        offset += tail.Length;
        Invariant.Holds(upload.Length == offset, "the file is as long as its footer says");
        Dispose();
        return new ParquetFileSummary(RowCount, offset, [.. patches.Points.OrderBy(p => p.Offset)]);
    }

    /// <summary>Gives every buffer back; what was not completed is gone.</summary>
    public void Dispose()
    {
        _isComplete = true;
        foreach (ColumnWriter? writer in _writers)
        {
            writer?.Dispose();
        }

        foreach (NestedColumnWriter? nested in _nested)
        {
            nested?.Dispose();
        }

        foreach (EncodedRowGroup group in _groups)
        {
            foreach (EncodedChunk chunk in group.Chunks)
            {
                chunk.Dispose();
            }
        }

        _groups.Clear();
        _ownState?.ForgetDictionaries();
    }

    private async Task WriteGroupsAsync(IObjectUpload upload, CancellationToken cancellation)
    {
        if (!_isBegun)
        {
            _isBegun = true;
            Invariant.Holds(upload.Length == 0, "a file begins where its upload begins");
            await upload.WriteAsync(FileMagic, cancellation);
        }

        while (HasFinishedRowGroup)
        {
            EncodedChunk[] chunks = _groups[_layouts.Count].Chunks;
            var layout = new ChunkLayout[chunks.Length];
            for (int c = 0; c < chunks.Length; c++)
            {
                layout[c].Offset = upload.Length;
                if (chunks[c].DictionaryPage is { } dictionary)
                {
                    await upload.WriteAsync(dictionary.WrittenMemory, cancellation);
                }

                foreach (ReadOnlyMemory<byte> piece in chunks[c].Pages.Pieces)
                {
                    await upload.WriteAsync(piece, cancellation);
                }
            }

            // < Only now: copies of a column share the buffers of its original.
            foreach (EncodedChunk chunk in chunks)
            {
                chunk.ReleasePages();
                _writtenByteCount += chunk.ByteCount;
            }

            _layouts.Add(layout);
        }
    }

    private void Validate(IReadOnlyList<ColumnVector?> columns, int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rowCount);
        if (columns.Count != Schema.Count)
        {
            throw new ArgumentException($"{columns.Count} columns for a file of {Schema.Count}.", nameof(columns));
        }

        for (int i = 0; i < columns.Count; i++)
        {
            ColumnVector? vector = columns[i];
            bool isLeftOut = _constants[i] is not null || _originals[i] >= 0;
            bool fits = vector is null
                ? isLeftOut
                : !isLeftOut && vector.Type == Schema[i].Type && vector.Length >= rowCount
                    && !(Schema[i].Required && vector.NullCount > 0);
            if (!fits)
            {
                throw new ArgumentException(
                    $"Column '{Schema[i].Name}' of the file is {(isLeftOut ? "a constant or a copy" : Schema[i].ToString())}, got "
                    + (vector is null ? "none." : $"{vector.Type}, {vector.Length} rows, {vector.NullCount} nulls for {rowCount} rows."),
                    nameof(columns));
            }
        }
    }

    private void FinishRowGroup()
    {
        if (_groupRowCount == 0)
        {
            return;
        }

        ForEachColumn(_groupRowCount, _finish);
        var chunks = new List<EncodedChunk>(_writers.Length);
        for (int i = 0; i < _writers.Length; i++)
        {
            // < An original stands before its copies. They share its buffers, which are given back once however often they are disposed.
            chunks.AddRange(_originals[i] >= 0
                ? [_finished[_originals[i]]![0] with { Field = Schema[i], Path = [Schema[i].Name] }]
                : _finished[i] ?? throw new InvariantViolatedException("every column has a writer"));
        }

        Array.Clear(_finished);
        _finishedByteCount += chunks.Sum(static c => c.ByteCount);
        _groups.Add(new EncodedRowGroup(_groupRowCount, [.. chunks]));
        _groupRowCount = 0;
    }

    private void ForEachColumn(long rowCount, Action<int> work)
    {
        if (rowCount >= SharedRowsMin)
        {
            _columnsAtOnce.Run(_writers.Length, work);
            return;
        }

        for (int i = 0; i < _writers.Length; i++)
        {
            work(i);
        }
    }

    private void AppendTo(int column)
    {
        _constants[column]?.Write(_rows.RowCount);
        if (_rows.Columns[column] is { } vector)
        {
            _writers[column]?.Write(vector, _rows.From, _rows.RowCount);
            _nested[column]?.Write(vector, _rows.From, _rows.RowCount);
        }
    }

    private void FinishColumn(int column)
    {
        if (_originals[column] < 0)
        {
            _finished[column] = _nested[column]?.FinishChunks()
                ?? [_writers[column]?.FinishChunk() ?? _constants[column]!.FinishChunk()];
        }
    }

    private static int[] FindOriginals(Schema schema, IReadOnlyDictionary<string, string>? copies)
    {
        int[] originals = new int[schema.Count];
        Array.Fill(originals, -1);
        foreach ((string copy, string original) in copies ?? new Dictionary<string, string>())
        {
            int to = schema.IndexOf(copy);
            int from = schema.IndexOf(original);
            if (from < 0 || to <= from || schema[to] != schema[from] with { Name = copy } || schema[to].Type.IsNested || copies!.ContainsKey(original))
            {
                throw new ArgumentException($"Column '{copy}' cannot repeat '{original}' in {schema}.", nameof(copies));
            }

            originals[to] = from;
        }

        return originals;
    }

    private static void CheckColumns(Schema schema, ParquetWriterOptions options)
    {
        FooterAssembly.Sorting(schema, options.SortedBy);
        foreach (string column in options.BloomFilters)
        {
            Field? leaf = schema.Fields.SelectMany(static f => SchemaMapping.LeavesOf(f)).FirstOrDefault(l => l.Path.Name == column).Leaf;
            if (leaf is null || leaf.Type.Kind is TypeKind.Boolean or TypeKind.Float or TypeKind.Double)
            {
                throw new ArgumentException(
                    leaf is null ? $"A bloom filter of '{column}', which is no leaf of {schema}." : $"A bloom filter of {leaf}.", nameof(options));
            }
        }
    }

    internal static ColumnWriter NewWriter(Field field, ParquetWriterOptions options, ColumnWriterState state, LeafPath? path = null) =>
        field.Type.Kind switch
        {
            TypeKind.Boolean => new BooleanColumnWriter(field, options, path),
            TypeKind.String or TypeKind.Binary => new ByteArrayColumnWriter(field, options, state, path),
            TypeKind.Decimal => new FixedColumnWriter<Int128>(field, options, state, path),
            _ when field.Type.Width == 4 => new FixedColumnWriter<int>(field, options, state, path),
            _ => new FixedColumnWriter<long>(field, options, state, path),
        };
}
