using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>Which rows are to go.</summary>
public interface IRowCondition
{
    /// <summary>The columns that it looks at.</summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>False when no row of a row group can match.</summary>
    bool MayMatch(ParquetFileReader reader, RowGroup group);

    /// <summary>A boolean per row, true where the row is to go. The batch stays the caller's, the answer is.</summary>
    ColumnVector Evaluate(RecordBatch rows);
}

/// <summary>How an erasure ended.</summary>
/// <param name="Instant">The instant that did it; null when no row matched and nothing was done.</param>
/// <param name="RowsErased">Rows gone.</param>
/// <param name="RowsKept">Rows of the same files that were written again.</param>
/// <param name="FilesReplaced">Files whose rows were looked through and replaced.</param>
public sealed record ErasureResult(string? Instant, long RowsErased, long RowsKept, int FilesReplaced);

/// <summary>
/// Takes rows out of a table, through its sequence and beside its writers:
/// 1. Read the newest number and, as of its instant, find the files that hold a matching row.
/// 2. Write each of them again without those rows, staged, unseen.
/// 3. Commit one replacecommit that names the new file groups and the old ones (<see cref="ReplaceProposal"/>).
/// 4. When it does not fit, begin again at 1.
/// Rows of later commits are not touched. The old files stay on storage, for readers at older instants, until a clean. One per process;
/// not thread safe.
/// </summary>
public sealed class TableErasure
{
    private const int TriesMax = 5;
    private readonly HudiTable _table;
    private readonly SequencedCommit _sequence;
    private readonly FollowerTables _followers;
    private readonly Random _random;
    private readonly string _name;

    /// <summary>Prepares an erasure; nothing is touched.</summary>
    /// <param name="table">The table.</param>
    /// <param name="options">Settings; with how to open the tables that follow, where there are any.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where names come from; must differ between processes.</param>
    public TableErasure(HudiTable table, CommitterOptions options, TimeProvider time, Random random)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(random);

        // A name of its own: whoever has the same one would abort the other's claims.
        string name = "erasure-" + NonceText.Next(random);
        SequencedCommit Sequence(HudiTable one) => new(one, name, name, options, time, random);
        (_table, _random, _name) = (table, random, name);
        _sequence = Sequence(table);
        _followers = new FollowerTables(table, options.OpenFollower, Sequence);
    }

    /// <summary>
    /// Erases rows. Throws <see cref="HudiException"/> for a table that follows another one, when a file is missing, or when others replace
    /// files again and again.
    /// </summary>
    public async Task<ErasureResult> RunAsync(IRowCondition condition, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(condition);
        await StoreProbe.RunAsync(_table.Store, _random, cancellation);
        string reason = "";
        for (int tries = 0; tries < TriesMax; tries++)
        {
            ObjectPath staging = HudiTable.StagingFolder("erasure", "delete", _name, tries);
            try
            {
                ReplaceProposal? proposal = await PlanAsync(condition, staging, cancellation);
                if (proposal is null)
                {
                    return new ErasureResult(null, 0, 0, 0);
                }

                switch (await CommitAsync(proposal, cancellation))
                {
                    case CommitResult.Committed committed:
                        return new ErasureResult(committed.Instant, proposal.Plan.RowsErased,
                            proposal.Files.Sum(static f => f.RowCount), proposal.Plan.Replaced.Length);
                    case CommitResult.Conflicted conflicted:
                        reason = conflicted.Reason;
                        break;
                }
            }
            finally
            {
                // What was committed has been copied out of it.
                await Pruning.DeleteFolderAsync(_table.Store, staging, CancellationToken.None);
            }
        }

        throw new HudiException(_table.Store.Root, $"nothing was erased: {reason}. Try again when less is going on.");
    }

    /// <summary>Steps 1 and 2; null when no row matches.</summary>
    internal async Task<ReplaceProposal?> PlanAsync(IRowCondition condition, ObjectPath staging, CancellationToken cancellation)
    {
        await _sequence.RunAsync(null, _followers.RollForwardAsync, cancellation);
        Outcome? newest = (await SequenceFolder.LookAsync(_table.Store, cancellation)).Newest;
        if (newest?.State.Instant is not { } instant)
        {
            return null;
        }

        if (!newest.Followed.IsEmpty)
        {
            throw new HudiException(_table.Store.Root,
                "its rows come with the commits of another table, which counts them; rows are erased from that one only.");
        }

        TableSnapshot snapshot = await _table.SnapshotAsync(instant, cancellation);
        ErasurePlan plan = await PlanAsync(_table, snapshot, staging, condition, cancellation);
        return plan.RowsErased == 0
            ? null
            : new ReplaceProposal(newest.Upkeep.ReplacedAt, newest.State.Ledger.HistoryEpoch, plan);
    }

    /// <summary>Step 3.</summary>
    internal async Task<CommitResult> CommitAsync(ReplaceProposal proposal, CancellationToken cancellation)
    {
        CommitResult? result = await _sequence.RunAsync(proposal, _followers.RollForwardAsync, cancellation);
        Invariant.Holds(result is not null, "A proposal has a result.");
        return result;
    }

    private static async Task<ErasurePlan> PlanAsync(
        HudiTable table, TableSnapshot snapshot, ObjectPath staging, IRowCondition condition, CancellationToken cancellation)
    {
        if (snapshot.MissingFiles.FirstOrDefault() is { } missing)
        {
            throw new HudiException(table.Store.Root, $"'{missing}' is named by its timeline and is not on storage; nothing was erased.");
        }

        ILookup<string, WriteStat> stats = snapshot.Timeline.SelectMany(static i => i.Metadata.WriteStats).ToLookup(static s => s.Path);
        var files = ImmutableArray.CreateBuilder<StagedFile>();
        var replaced = ImmutableArray.CreateBuilder<ReplacedGroup>();
        long rowsErased = 0;
        foreach (FileSlice slice in snapshot.FileSlices)
        {
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(table.Store, slice.Path, cancellation);
            if (!await HasMatchAsync(reader, condition, cancellation))
            {
                continue;
            }

            using var writer = new RewriteFileWriter(table, slice.PartitionPath, staging);
            long erased = await CopyAsync(reader, writer, condition, cancellation);
            Invariant.Holds(
                erased + writer.RowCount == reader.MetaData.NumRows, "Every row of a replaced file is either erased or written again.");
            rowsErased += erased;
            StagedFile? successor = writer.RowCount == 0
                ? null
                : await writer.CompleteAsync(stats[slice.Path.Value].FirstOrDefault(), cancellation);
            files.AddRange(successor is null ? [] : new[] { successor });
            replaced.Add(new ReplacedGroup(slice.PartitionPath, slice.FileId, successor?.FileId));
        }

        return new ErasurePlan(files.ToImmutable(), replaced.ToImmutable(), rowsErased);
    }

    /// <summary>Looks at the condition's columns only, and only where a row can match.</summary>
    private static async Task<bool> HasMatchAsync(ParquetFileReader reader, IRowCondition condition, CancellationToken cancellation)
    {
        await foreach (RecordBatch batch in reader.ReadAsync(
            condition.Columns, group => condition.MayMatch(reader, group), cancellation))
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

    /// <summary>Writes the rows again that do not match, and returns how many do.</summary>
    private static async Task<long> CopyAsync(
        ParquetFileReader reader, RewriteFileWriter writer, IRowCondition condition, CancellationToken cancellation)
    {
        long erased = 0;
        await foreach (RecordBatch batch in reader.ReadAsync(null, cancellation))
        {
            using (batch)
            using (ColumnVector matches = condition.Evaluate(batch))
            {
                int[] kept = [.. Enumerable.Range(0, batch.RowCount).Where(row => !(matches.IsValid(row) && matches.BooleanAt(row)))];
                erased += batch.RowCount - kept.Length;
                using RecordBatch rest = RowSelection.Take(batch, kept);
                if (kept.Length > 0)
                {
                    writer.Write(rest);
                }
            }
        }

        return erased;
    }
}

/// <summary>What an erasure puts in the place of what.</summary>
internal sealed record ErasurePlan(ImmutableArray<StagedFile> Files, ImmutableArray<ReplacedGroup> Replaced, long RowsErased);

/// <summary>A file group that a replacecommit takes away, and the one that has its rows then, if any are left.</summary>
internal sealed record ReplacedGroup(string PartitionPath, string FileId, string? SuccessorFileId);
