using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>One try to make rows of a primary table out of those of a table that follows it. Used by one thread; disposed at the end.</summary>
public interface IRowReplay : IAsyncDisposable
{
    /// <summary>
    /// Takes what it can. The answer is a boolean per row, true where the row leaves its table; it is the caller's, as the batch is.
    /// </summary>
    /// <param name="rows">Rows with all columns of a data file.</param>
    /// <param name="matches">A boolean per row, true for those that are wanted.</param>
    /// <param name="cancellation">Stops it.</param>
    ValueTask<ColumnVector> TakeAsync(RecordBatch rows, ColumnVector matches, CancellationToken cancellation);

    /// <summary>Makes durable what was taken.</summary>
    Task<ReplayedRows> CompleteAsync(CancellationToken cancellation);
}

/// <summary>What a replay made of the rows that it took.</summary>
/// <param name="Files">The primary's new files, staged.</param>
/// <param name="Routes">New files of other followers, staged there.</param>
/// <param name="Counts">Per source partition what became of them.</param>
public sealed record ReplayedRows(
    ImmutableArray<StagedFile> Files, ImmutableArray<FollowerTable> Routes, ImmutableArray<ReplayedCount> Counts);

/// <summary>What a try begins with.</summary>
/// <param name="Staging">Where files are to be staged in their tables; null: nothing is to be written, only found out.</param>
/// <param name="Ledger">What the primary holds.</param>
public sealed record ReplayStart(ObjectPath? Staging, Ledger Ledger);

/// <summary>How a replay ended.</summary>
/// <param name="Instant">The primary's instant that did it; null when no row could be taken, or when it was only planned.</param>
/// <param name="Counts">Per source partition what became of the rows that were taken.</param>
/// <param name="RowsKept">Rows of the same files that were written again.</param>
/// <param name="FilesReplaced">Files that rows were taken out of.</param>
public sealed record ReplayResult(string? Instant, ImmutableArray<ReplayedCount> Counts, long RowsKept, int FilesReplaced);
