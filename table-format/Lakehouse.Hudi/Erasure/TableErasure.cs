using Lakehouse.Storage;

namespace Lakehouse.Hudi;

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
        try
        {
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
                            return new ErasureResult(committed.Instant, proposal.Plan.RowsTaken,
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
        }
        finally
        {
            await _sequence.LeaveLineAsync();
        }

        throw new HudiException(_table.Store.Root, $"nothing was erased: {reason}. Try again when less is going on.");
    }

    /// <summary>Steps 1 and 2; null when no row matches.</summary>
    internal async Task<ReplaceProposal?> PlanAsync(IRowCondition condition, ObjectPath staging, CancellationToken cancellation)
    {
        // < What is read shows this number: one that is decided since may not be visible yet, and if it replaces anything this does not fit.
        await _sequence.RunAsync(null, _followers.RollForwardAsync, cancellation);
        if (_sequence.Settled is not { State.Instant: { } instant } newest)
        {
            return null;
        }

        if (!newest.Followed.IsEmpty)
        {
            throw new HudiException(_table.Store.Root,
                "its rows come with the commits of another table, which counts them; rows are erased from that one only.");
        }

        TableSnapshot snapshot = await _table.SnapshotAsync(instant, cancellation);
        RewritePlan plan = await FileRewriting.RunAsync(
            _table, snapshot, staging, condition, (rows, _) => ValueTask.FromResult(condition.Evaluate(rows)), cancellation);
        return plan.RowsTaken == 0
            ? null
            : new ReplaceProposal(newest.Upkeep.ReplacedAt, newest.State.Ledger.HistoryEpoch, plan);
    }

    /// <summary>Step 3.</summary>
    internal async Task<CommitResult> CommitAsync(ReplaceProposal proposal, CancellationToken cancellation)
    {
        CommitResult? result = await _sequence.RunAsync(
            proposal, _followers.RollForwardAsync, cancellation, staysInLine: true);
        Invariant.Holds(result is not null, "A proposal has a result.");
        return result;
    }
}
