using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// One open data file of one partition: Hudi's five meta columns, then the table's. Instant and file name are constants that the
/// commit patches later, so the file can be finished before its instant exists. Not thread safe.
/// </summary>
public sealed class BaseFileWriter : IDisposable, IAsyncDisposable
{
    private readonly HudiTable _table;
    private readonly BaseFileOptions _options;
    private readonly string _partitionPath;
    private readonly ObjectPath _stagedPath;
    private readonly string _fileId;
    private readonly ParquetFileWriter _parquet;
    private readonly MetaColumnBuilder _meta;
    private readonly ColumnVector?[] _columns;
    private readonly int _eventTime;
    private IObjectUpload? _upload;
    private long? _minEventTime;
    private long? _maxEventTime;

    /// <summary>Opens a file; nothing is stored before <see cref="HandOverAsync"/> or <see cref="CompleteAsync"/>.</summary>
    /// <param name="table">The table.</param>
    /// <param name="partitionPath">The partition, as <see cref="PartitionPath"/> gives it; empty when the table has none.</param>
    /// <param name="stagingFolder">A folder below <c>.hoodie/.temp/</c>, see <see cref="HudiTable.StagingFolder"/>.</param>
    /// <param name="options">How to write.</param>
    /// <param name="carriedOver">What earlier files of the same sink have learnt about the columns, or null.</param>
    public BaseFileWriter(
        HudiTable table, string partitionPath, ObjectPath stagingFolder, BaseFileOptions options, ColumnWriterState? carriedOver)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(partitionPath);
        ArgumentNullException.ThrowIfNull(options);
        if (!stagingFolder.Value.StartsWith(HudiTable.TemporaryFolder.Value + "/", StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"'{stagingFolder}' is not below '{HudiTable.TemporaryFolder}'; readers would see it.", nameof(stagingFolder));
        }

        _table = table;
        _options = options;
        _partitionPath = partitionPath;
        _fileId = table.NewFileId();
        string placeholder = new DataFileName(_fileId, options.WriteToken, InstantTime.Placeholder).ToString();
        _stagedPath = stagingFolder / placeholder;
        Schema schema = MetaColumns.FileSchema(table.Config.Schema);
        _eventTime = options.EventTimeColumn is { } column ? table.Config.Schema.IndexOf(column) : -1;
        _meta = new MetaColumnBuilder(table.Config.Schema, table.Config.RecordKeyFields);
        _columns = new ColumnVector?[schema.Count];
        _parquet = new ParquetFileWriter(
            schema,
            options.Parquet,
            new Dictionary<string, ConstantColumn>(StringComparer.Ordinal)
            {
                [MetaColumns.CommitTime] = new(schema[0], Encoding.ASCII.GetBytes(InstantTime.Placeholder), Patchable: true),
                [MetaColumns.PartitionPath] = new(schema[3], Encoding.UTF8.GetBytes(partitionPath), Patchable: false),
                [MetaColumns.FileName] = new(schema[4], Encoding.ASCII.GetBytes(placeholder), Patchable: true),
            },
            carriedOver,
            _meta.KeysAreSeqnos
                ? new Dictionary<string, string>(StringComparer.Ordinal) { [MetaColumns.RecordKey] = MetaColumns.CommitSeqno }
                : null);
    }

    /// <summary>Rows written so far.</summary>
    public long RowCount => _parquet.RowCount;

    /// <summary>About what the file's size will be.</summary>
    public long EncodedByteCount => _parquet.EncodedByteCount;

    /// <summary>Memory held, by the file and by its upload.</summary>
    public long BufferedByteCount => _parquet.BufferedByteCount + (_upload?.BufferedByteCount ?? 0);

    /// <summary>Appends rows of the table's schema. Both arguments stay the caller's.</summary>
    public void Write(RecordBatch rows, RowIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (!rows.Schema.Equals(_table.Config.Schema))
        {
            throw new ArgumentException($"The rows are ({rows.Schema}), the table is ({_table.Config.Schema}).", nameof(rows));
        }

        if (rows.RowCount == 0)
        {
            return;
        }

        ImmutableArray<ColumnVector> columns = rows.Columns;
        (ColumnVector seqno, ColumnVector? key, bool ownsKey) = _meta.Build(columns, rows.RowCount, identity);
        try
        {
            _columns[1] = seqno;
            _columns[2] = key;
            for (int i = 0; i < columns.Length; i++)
            {
                _columns[MetaColumns.Count + i] = columns[i];
            }

            _parquet.Write(_columns, rows.RowCount);
        }
        finally
        {
            Array.Clear(_columns);
            seqno.Dispose();
            if (ownsKey)
            {
                key?.Dispose();
            }
        }

        if (_eventTime >= 0)
        {
            ObserveEventTimes(columns[_eventTime]);
        }
    }

    /// <summary>
    /// Hands row groups that are finished to the upload, so that little is left to send at the barrier. Whoever calls it disposes the writer
    /// asynchronously, which gives up an upload that was not completed.
    /// </summary>
    public async ValueTask HandOverAsync(CancellationToken cancellation)
    {
        if (_parquet.HasFinishedRowGroup)
        {
            _upload ??= await _table.Store.BeginUploadAsync(_stagedPath, cancellation);
            await _parquet.HandOverAsync(_upload, cancellation);
        }
    }

    /// <summary>Finishes the file and makes it durable in the staging folder.</summary>
    public async Task<StagedFile> CompleteAsync(CancellationToken cancellation)
    {
        Invariant.Holds(RowCount > 0, "A data file without rows is never opened.");
        await using IObjectUpload upload = _upload ?? await _table.Store.BeginUploadAsync(_stagedPath, cancellation);
        _upload = null;
        ParquetFileSummary summary = await _parquet.CompleteAsync(upload, cancellation);
        Invariant.Holds(summary.ByteCount == upload.Length, "The summary's size is the upload's.");
        await upload.CompleteAsync(cancellation);
        return new StagedFile(
            _partitionPath,
            _fileId,
            _options.WriteToken,
            _stagedPath,
            summary.RowCount,
            summary.ByteCount,
            summary.PatchPoints,
            _minEventTime,
            _maxEventTime);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Invariant.Holds(_upload is null, "Whoever hands row groups over disposes asynchronously.");
        _parquet.Dispose();
        _meta.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        IObjectUpload? upload = _upload;
        _upload = null;
        Dispose();
        if (upload is not null)
        {
            await upload.DisposeAsync();
        }
    }

    private void ObserveEventTimes(ColumnVector times)
    {
        long divisor = times.Type.Kind switch
        {
            TypeKind.TimestampMillis => 1,
            TypeKind.TimestampMicros => 1000,
            _ => 0,
        };
        if (divisor == 0 || times.NullCount == times.Length)
        {
            return;
        }

        (long min, long max) = Range(times);
        _minEventTime = Math.Min(_minEventTime ?? long.MaxValue, Math.DivRem(min, divisor).Quotient);
        _maxEventTime = Math.Max(_maxEventTime ?? long.MinValue, Math.DivRem(max, divisor).Quotient);
    }

    private static (long Min, long Max) Range(ColumnVector times)
    {
        ReadOnlySpan<long> values = times.Values<long>();
        long min = long.MaxValue;
        long max = long.MinValue;
        for (int i = 0; i < values.Length; i++)
        {
            if (times.IsValid(i))
            {
                min = Math.Min(min, values[i]);
                max = Math.Max(max, values[i]);
            }
        }

        return (min, max);
    }
}
