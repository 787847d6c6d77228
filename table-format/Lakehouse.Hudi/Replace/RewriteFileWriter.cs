using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>Writes a <see cref="ReplacementFile"/> from rows. Not thread safe.</summary>
internal sealed class RewriteFileWriter : IDisposable
{
    private const int CommitTimeColumn = 0;
    private const int KeyColumn = 2;
    private readonly HudiTable _table;
    private readonly ReplacementFile _file;
    private readonly bool _keysAreSeqnos;
    private readonly ParquetFileWriter _parquet;
    private readonly ColumnVector?[] _columns;

    /// <summary>Opens a file, written as the one was whose footer is given.</summary>
    internal RewriteFileWriter(
        HudiTable table, string partitionPath, ObjectPath stagingFolder, FileMetaData original, IdleCores? cores)
    {
        (_table, _file) = (table, new ReplacementFile(table, partitionPath, stagingFolder));
        _keysAreSeqnos = table.Config.RecordKeyFields.IsEmpty;
        _columns = new ColumnVector?[_file.Schema.Count];
        _parquet = new ParquetFileWriter(
            _file.Schema,
            WrittenOptions.Of(original),
            _file.Constants,
            // < Nothing is carried over from other files: their values must not outlive an erasure in this one's dictionaries.
            new ColumnWriterState(cores),
            _keysAreSeqnos
                ? new Dictionary<string, string>(StringComparer.Ordinal) { [MetaColumns.RecordKey] = MetaColumns.CommitSeqno }
                : null);
    }

    internal long RowCount => _parquet.RowCount;

    /// <summary>Appends rows with all columns of a data file. They stay the caller's.</summary>
    internal void Write(RecordBatch rows)
    {
        Invariant.Holds(rows.Columns[CommitTimeColumn].NullCount == 0, "Every row knows the instant that wrote it.");
        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i] = _file.Constants.ContainsKey(_file.Schema[i].Name) || (i == KeyColumn && _keysAreSeqnos) ? null : rows.Columns[i];
        }

        _parquet.Write(_columns, rows.RowCount);
        Array.Clear(_columns);
    }

    /// <summary>Finishes the file and makes it durable in the staging folder.</summary>
    internal async Task<StagedFile> CompleteAsync(WriteStat? replaced, CancellationToken cancellation)
    {
        await using IObjectUpload upload = await _table.Store.BeginUploadAsync(_file.StagedPath, cancellation);
        ParquetFileSummary summary = await _parquet.CompleteAsync(upload, cancellation);
        await upload.CompleteAsync(cancellation);
        return _file.Complete(summary, [replaced]);
    }

    /// <inheritdoc/>
    public void Dispose() => _parquet.Dispose();
}
