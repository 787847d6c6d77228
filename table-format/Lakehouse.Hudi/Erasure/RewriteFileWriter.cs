using System.Text;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// One file that takes rows over from another of the same partition. They keep their meta columns, the instant that wrote them above
/// all: a reader that asks for what is new must not get them again. Only the file name is new, and patched when the instant is known.
/// Not thread safe.
/// </summary>
internal sealed class RewriteFileWriter : IDisposable
{
    private const int CommitTimeColumn = 0;
    private const int KeyColumn = 2;
    private const int PartitionColumn = 3;
    private const int FileNameColumn = 4;
    private readonly HudiTable _table;
    private readonly string _partitionPath;
    private readonly string _fileId;
    private readonly ObjectPath _stagedPath;
    private readonly BaseFileOptions _options = new();
    private readonly bool _keysAreSeqnos;
    private readonly ParquetFileWriter _parquet;
    private readonly ColumnVector?[] _columns;

    internal RewriteFileWriter(HudiTable table, string partitionPath, ObjectPath stagingFolder)
    {
        (_table, _partitionPath, _fileId) = (table, partitionPath, table.NewFileId());
        string placeholder = new DataFileName(_fileId, _options.WriteToken, InstantTime.Placeholder).ToString();
        _stagedPath = stagingFolder / placeholder;
        Schema schema = MetaColumns.FileSchema(table.Config.Schema);
        _keysAreSeqnos = table.Config.RecordKeyFields.IsEmpty;
        _columns = new ColumnVector?[schema.Count];
        _parquet = new ParquetFileWriter(
            schema,
            _options.Parquet,
            new Dictionary<string, ConstantColumn>(StringComparer.Ordinal)
            {
                [MetaColumns.PartitionPath] = new(schema[PartitionColumn], Encoding.UTF8.GetBytes(partitionPath), Patchable: false),
                [MetaColumns.FileName] = new(schema[FileNameColumn], Encoding.ASCII.GetBytes(placeholder), Patchable: true),
            },
            carriedOver: null,
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
            _columns[i] = i is PartitionColumn or FileNameColumn || (i == KeyColumn && _keysAreSeqnos) ? null : rows.Columns[i];
        }

        _parquet.Write(_columns, rows.RowCount);
        Array.Clear(_columns);
    }

    /// <summary>Finishes the file and makes it durable in the staging folder.</summary>
    internal async Task<StagedFile> CompleteAsync(WriteStat? replaced, CancellationToken cancellation)
    {
        await using IObjectUpload upload = await _table.Store.BeginUploadAsync(_stagedPath, cancellation);
        ParquetFileSummary summary = await _parquet.CompleteAsync(upload, cancellation);
        await upload.CompleteAsync(cancellation);
        return new StagedFile(
            _partitionPath, _fileId, _options.WriteToken, _stagedPath, summary.RowCount, summary.ByteCount, summary.PatchPoints,
            replaced?.MinEventTimeMillis, replaced?.MaxEventTimeMillis);
    }

    /// <inheritdoc/>
    public void Dispose() => _parquet.Dispose();
}
