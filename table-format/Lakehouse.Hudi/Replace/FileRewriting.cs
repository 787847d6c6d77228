using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>Which rows are meant.</summary>
public interface IRowCondition
{
    /// <summary>The columns that it looks at.</summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>Tells which rows can match at all; null when it cannot tell.</summary>
    IRowPruning? Pruning { get; }

    /// <summary>A boolean per row, true where the row matches. The batch stays the caller's, the answer is.</summary>
    ColumnVector Evaluate(RecordBatch rows);
}

/// <summary>
/// Writes files again without some of their rows: file by file; where no row can match the condition, nothing is read but the condition's
/// columns, and where none is taken, nothing is written.
/// </summary>
internal static class FileRewriting
{
    /// <summary>Goes through the files of a snapshot.</summary>
    /// <param name="table">The table.</param>
    /// <param name="snapshot">Its files.</param>
    /// <param name="staging">Where the new files are put; null: they are not written, only what would be taken is found out.</param>
    /// <param name="condition">Which files are looked through: those that hold a matching row.</param>
    /// <param name="take">A boolean per row of such a file, in order, true where the row leaves. The answer is the receiver's.</param>
    /// <param name="cancellation">Stops it; what is staged by then is left to the caller.</param>
    /// <param name="cores">May help to encode.</param>
    internal static async Task<Replacement> RunAsync(
        HudiTable table,
        TableSnapshot snapshot,
        ObjectPath? staging,
        IRowCondition condition,
        Func<RecordBatch, CancellationToken, ValueTask<ColumnVector>> take,
        CancellationToken cancellation,
        IdleCores? cores = null)
    {
        if (snapshot.MissingFiles.FirstOrDefault() is { } missing)
        {
            throw new HudiException(table.Store.Root, $"'{missing}' is named by its timeline and is not on storage; nothing was changed.");
        }

        ILookup<string, WriteStat> stats = snapshot.Timeline.SelectMany(static i => i.Metadata.WriteStats).ToLookup(static s => s.Path);
        var files = ImmutableArray.CreateBuilder<StagedFile>();
        var replaced = ImmutableArray.CreateBuilder<ReplacedGroup>();
        long rowsTaken = 0;
        await foreach ((FileSlice slice, Task<ParquetFileReader> opening) in table.OpenAheadAsync(snapshot.FileSlices, cancellation))
        {
            ParquetFileReader reader = await opening;
            if (!await HasMatchAsync(reader, condition, cancellation))
            {
                continue;
            }

            using RewriteFileWriter? writer = staging is { } folder
                ? new RewriteFileWriter(table, slice.PartitionPath, folder, reader.MetaData, cores)
                : null;
            long taken = await CopyAsync(reader, writer, take, cancellation);
            if (taken == 0)
            {
                continue;
            }

            Invariant.Holds(
                writer is null || taken + writer.RowCount == reader.MetaData.NumRows,
                "Every row of a replaced file is either taken or written again.");
            rowsTaken += taken;
            StagedFile? successor = writer is null or { RowCount: 0 }
                ? null
                : await writer.CompleteAsync(stats[slice.Path.Value].FirstOrDefault(), cancellation);
            files.AddRange(successor is null ? [] : new[] { successor });
            replaced.Add(new ReplacedGroup(slice.PartitionPath, slice.FileId, successor?.FileId));
        }

        return new Replacement(files.ToImmutable(), replaced.ToImmutable(), rowsTaken);
    }

    /// <summary>Looks at the condition's columns only, and only where a row can match.</summary>
    private static async Task<bool> HasMatchAsync(ParquetFileReader reader, IRowCondition condition, CancellationToken cancellation)
    {
        await foreach (RecordBatch batch in reader.ScanAsync(
            new ReadRequest { Columns = condition.Columns, Pruning = condition.Pruning }, cancellation))
        {
            using (batch)
            using (ColumnVector matches = condition.Evaluate(batch))
            {
                if (Bitmap.CountOnes(matches.Bytes, batch.RowCount) > 0)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Writes the rows again that stay, and returns how many do not.</summary>
    private static async Task<long> CopyAsync(
        ParquetFileReader reader,
        RewriteFileWriter? writer,
        Func<RecordBatch, CancellationToken, ValueTask<ColumnVector>> take,
        CancellationToken cancellation)
    {
        long taken = 0;
        await foreach (RecordBatch batch in reader.ReadAsync(null, cancellation))
        {
            using (batch)
            using (ColumnVector leaving = await take(batch, cancellation))
            {
                int[] kept = [.. Enumerable.Range(0, batch.RowCount).Where(row => !(leaving.IsValid(row) && leaving.BooleanAt(row)))];
                taken += batch.RowCount - kept.Length;
                if (kept.Length > 0 && writer is not null)
                {
                    using RecordBatch rest = RowSelection.Take(batch, kept);
                    writer.Write(rest);
                }
            }
        }

        return taken;
    }
}
