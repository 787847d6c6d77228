using System.Collections.Immutable;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Ingest;

/// <summary>
/// One subtask's open files of one table. Rows are routed by table partition; several files stay open, so a late row does not shred the
/// current ones. A file is closed when it is large enough, at the barrier, or because it is the one that the budget, which the writers
/// of several tables share, can spare best.
/// </summary>
internal sealed class TableWriter(
    HudiTable table, Func<long, ObjectPath> stagingFolder, BaseFileOptions options, long checkpoint, long fileBytesMax,
    OpenFileBudget budget, IdleCores? cores = null)
    : IAsyncDisposable
{
    private readonly Dictionary<string, OpenFile> _open = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _prefixes = new(StringComparer.Ordinal);
    private readonly int[] _partitionColumns = [.. table.Config.PartitionFields.Select(table.Config.Schema.IndexOf)];
    private readonly ColumnWriterState _learnt = new(cores);
    private readonly List<int> _firstRows = [];
    private ImmutableArray<StagedFile>.Builder _closed = ImmutableArray.CreateBuilder<StagedFile>();
    private int[] _groups = [];
    private int[] _chosen = [];
    private long _checkpoint = checkpoint;

    /// <summary>Writes rows of one split; <paramref name="offsetIndex"/> is the column with their offsets. Takes ownership.</summary>
    internal async ValueTask WriteAsync(RecordBatch rows, string split, int offsetIndex, CancellationToken cancellation)
    {
        if (rows.RowCount == 0)
        {
            rows.Dispose();
            return;
        }

        if (_partitionColumns.Length == 0)
        {
            await WriteAsync("", rows, split, offsetIndex, cancellation);
            return;
        }

        if (_groups.Length < rows.RowCount)
        {
            _groups = new int[Math.Max(rows.RowCount, 2 * _groups.Length)];
            _chosen = new int[_groups.Length];
        }

        PartitionRouter.Group(rows, _partitionColumns, _groups, _firstRows);
        if (_firstRows.Count == 1)
        {
            await WriteAsync(PartitionPath.Of(rows, 0, _partitionColumns), rows, split, offsetIndex, cancellation);
            return;
        }

        using (rows)
        {
            for (int group = 0; group < _firstRows.Count; group++)
            {
                string path = PartitionPath.Of(rows, _firstRows[group], _partitionColumns);
                await WriteAsync(path, Take(rows, group), split, offsetIndex, cancellation);
            }
        }
    }

    /// <summary>Closes every file; what follows belongs to the next checkpoint.</summary>
    internal async Task<ImmutableArray<StagedFile>> CompleteAsync(CancellationToken cancellation)
    {
        foreach (string path in _open.Keys.Order(StringComparer.Ordinal).ToArray())
        {
            await CloseAsync(path, cancellation);
        }

        ImmutableArray<StagedFile> closed = _closed.ToImmutable();
        _closed = ImmutableArray.CreateBuilder<StagedFile>();
        _checkpoint++;
        return closed;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (OpenFile file in _open.Values)
        {
            budget.Remove(file);
            await file.Writer.DisposeAsync();
        }

        _open.Clear();
    }

    private async ValueTask WriteAsync(string path, RecordBatch rows, string split, int offsetIndex, CancellationToken cancellation)
    {
        if (!_open.TryGetValue(path, out OpenFile? file))
        {
            file = new OpenFile(this, path, new BaseFileWriter(table, path, stagingFolder(_checkpoint), options, _learnt));
            _open.Add(path, file);
            budget.Add(file);
        }

        budget.Touch(file);
        WriteRows(file.Writer, rows, split, offsetIndex);
        if (file.Writer.EncodedByteCount >= fileBytesMax)
        {
            await CloseAsync(path, cancellation);
        }
        else
        {
            await file.Writer.HandOverAsync(cancellation);
        }

        while (budget.FindSurplus() is { } surplus)
        {
            await surplus.Table.CloseAsync(surplus.PartitionPath, cancellation);
        }
    }

    private void WriteRows(BaseFileWriter writer, RecordBatch rows, string split, int offsetIndex)
    {
        if (!_prefixes.TryGetValue(split, out byte[]? prefix))
        {
            prefix = Encoding.UTF8.GetBytes(split + "-");
            _prefixes.Add(split, prefix);
        }

        ColumnVector offsets = rows.Columns[offsetIndex];
        var identity = new RowIdentity(prefix, offsets);
        if (rows.Schema.Count == table.Config.Schema.Count)
        {
            using (rows)
            {
                writer.Write(rows, identity);
            }
        }
        else
        {
            // The offset travels with the rows but is not a column of the table.
            int rowCount = rows.RowCount;
            using (offsets)
            using (var kept = new RecordBatch(table.Config.Schema, rows.Detach().RemoveAt(offsetIndex), rowCount))
            {
                writer.Write(kept, identity);
            }
        }
    }

    private RecordBatch Take(RecordBatch rows, int group)
    {
        int count = 0;
        for (int row = 0; row < rows.RowCount; row++)
        {
            if (_groups[row] == group)
            {
                _chosen[count++] = row;
            }
        }

        return RowSelection.Take(rows, _chosen.AsSpan(0, count));
    }

    private async Task CloseAsync(string path, CancellationToken cancellation)
    {
        _open.Remove(path, out OpenFile? file);
        budget.Remove(file!);
        await using BaseFileWriter writer = file!.Writer;
        _closed.Add(await writer.CompleteAsync(cancellation));
    }
}
