using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Makes rows of a primary table out of those of a table that follows it, such as its dead letters, beside all writers:
/// 1. Finish what the primary has decided; read its newest number, then the follower's newest files.
/// 2. Give the rows that match to an <see cref="IRowReplay"/>, which stages those that it can take as files of the primary, or of the followers
/// that routes send them to. Write the files that they were in again without them, staged in the follower.
/// 3. Commit one outcome of the primary that names all of it (<see cref="ReplayProposal"/>). It decides for all tables: from there on anybody
/// rolls the followers forward, the one that rows leave last, by a replacecommit there.
/// 4. When it does not fit, begin again at 1.
/// The ledger stays as it is. One per process; not thread safe.
/// </summary>
public sealed class FollowerReplay
{
    private const int TriesMax = 5;
    private readonly HudiTable _table;
    private readonly string _location;
    private readonly ImmutableArray<string> _routes;
    private readonly SequencedCommit _sequence;
    private readonly FollowerTables _followers;
    private readonly Random _random;
    private readonly string _name;

    /// <summary>Prepares a replay; nothing is touched.</summary>
    /// <param name="table">The primary table.</param>
    /// <param name="location">Where the follower is, as all committers of the primary can open it.</param>
    /// <param name="routes">Where other followers are that may get rows.</param>
    /// <param name="options">Settings; with how to open the tables that follow.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where names come from; must differ between processes.</param>
    public FollowerReplay(
        HudiTable table, string location, ImmutableArray<string> routes, CommitterOptions options, TimeProvider time, Random random)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentException.ThrowIfNullOrEmpty(location);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(random);

        // A name of its own: whoever has the same one would abort the other's claims.
        string name = "replay-" + NonceText.Next(random);
        SequencedCommit Sequence(HudiTable one) => new(one, name, name, options, time, random);
        (_table, _location, _routes, _random, _name) = (table, location, routes, random, name);
        _sequence = Sequence(table);
        _followers = new FollowerTables(table, options.OpenFollower, Sequence);
    }

    /// <summary>What <see cref="RunAsync"/> would do. Changes nothing.</summary>
    public async Task<ReplayResult> PlanAsync(
        IRowCondition condition, Func<ReplayStart, IRowReplay> begin, CancellationToken cancellation)
    {
        (ReplayProposal? proposal, Replacement plan) = await PlanAsync(condition, begin, null, cancellation);
        return new ReplayResult(null, proposal?.Replayed ?? [], 0, plan.Replaced.Length);
    }

    /// <summary>
    /// Replays the rows for which a condition is true. Throws <see cref="HudiException"/> when the follower follows other tables too or
    /// lacks a file, or when others replay again and again.
    /// </summary>
    public async Task<ReplayResult> RunAsync(
        IRowCondition condition, Func<ReplayStart, IRowReplay> begin, CancellationToken cancellation)
    {
        await StoreProbe.RunAsync(_table.Store, _random, cancellation);
        try
        {
            return await TryAsync(condition, begin, cancellation);
        }
        finally
        {
            await _sequence.LeaveLineAsync();
        }
    }

    private async Task<ReplayResult> TryAsync(
        IRowCondition condition, Func<ReplayStart, IRowReplay> begin, CancellationToken cancellation)
    {
        string reason = "";
        for (int tries = 0; tries < TriesMax; tries++)
        {
            ObjectPath staging = HudiTable.StagingFolder("replay", "rows", _name, tries);
            bool isOpen = false;
            try
            {
                (ReplayProposal? proposal, Replacement plan) = await PlanAsync(condition, begin, staging, cancellation);
                if (proposal is null)
                {
                    return new ReplayResult(null, [], 0, 0);
                }

                isOpen = true;
                CommitResult result = await CommitAsync(proposal, cancellation);
                isOpen = false;
                switch (result)
                {
                    case CommitResult.Committed committed:
                        return new ReplayResult(
                            committed.Instant, proposal.Replayed, plan.Files.Sum(static f => f.RowCount), plan.Replaced.Length);
                    case CommitResult.Conflicted conflicted:
                        reason = conflicted.Reason;
                        break;
                }
            }
            finally
            {
                await TidyAsync(staging, isOpen);
            }
        }

        throw new HudiException(_table.Store.Root, $"nothing was replayed: {reason}. Try again when less is going on.");
    }

    /// <summary>Steps 1 and 2; no proposal when no row can be taken.</summary>
    internal async Task<(ReplayProposal? Proposal, Replacement Plan)> PlanAsync(
        IRowCondition condition, Func<ReplayStart, IRowReplay> begin, ObjectPath? staging, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(begin);

        // In this order: the rows that the newest outcome takes out are out when the follower is read, and who takes some out later
        // changes the mark, so that the proposal does not fit any more. A look that changes nothing may be outdated.
        Outcome? newest = staging is null
            ? (await SequenceFolder.LookAsync(_table.Store, cancellation)).Newest
            : await SettleAsync(cancellation);
        HudiTable follower = await _followers.OpenAsync(_location, cancellation);
        Outcome? newestThere = (await SequenceFolder.LookAsync(follower.Store, cancellation)).Newest;
        if (newestThere is { Followed: var followed } && followed.Any(f => f.Primary != newest?.TableId))
        {
            throw new HudiException(follower.Store.Root,
                $"other tables than {_table.Store.Root} give it rows too, so it does not say which row belongs to which of them. "
                + "Give each pipeline dead letters of its own.");
        }

        TableSnapshot snapshot = await follower.SnapshotAsync(null, cancellation);
        await using IRowReplay replay = begin(new ReplayStart(staging, newest?.State.Ledger ?? Ledger.Empty));
        Replacement plan = await FileRewriting.RunAsync(
            follower,
            snapshot,
            staging,
            condition,
            async (rows, stop) =>
            {
                using ColumnVector matches = condition.Evaluate(rows);
                return await replay.TakeAsync(rows, matches, stop);
            },
            cancellation);
        ReplayedRows replayed = await replay.CompleteAsync(cancellation);
        Invariant.Holds(replayed.Counts.Sum(static c => c.Total) == plan.RowsTaken, "Every row that leaves is written, filtered or routed.");
        Invariant.Holds(
            staging is null || (replayed.Counts.Sum(static c => c.Written) == replayed.Files.Sum(static f => f.RowCount)
                && replayed.Counts.Sum(static c => c.Routed) == replayed.Routes.Sum(static f => f.RowsAdded)),
            "The files hold the rows that were written and routed.");
        ReplayProposal? proposal = plan.RowsTaken == 0 || newest is null
            ? null
            : new ReplayProposal(
                newest.Upkeep.ReplayedAt,
                newest.State.Ledger.HistoryEpoch,
                replayed.Files,
                replayed.Counts,
                [.. replayed.Routes, new FollowerTable(_location, plan.Files) { Replaced = plan.Replaced, RowsTaken = plan.RowsTaken }]);
        return (proposal, plan);
    }

    /// <summary>Finishes what is decided, and returns it.</summary>
    private async Task<Outcome?> SettleAsync(CancellationToken cancellation)
    {
        await _sequence.RunAsync(null, _followers.RollForwardAsync, cancellation);
        return _sequence.Settled;
    }

    /// <summary>Step 3.</summary>
    internal async Task<CommitResult> CommitAsync(ReplayProposal proposal, CancellationToken cancellation)
    {
        ReplayProposal asking = proposal with { FindGoneAsync = stop => _followers.GoneAsync(proposal.Followers, stop) };
        CommitResult? result = await _sequence.RunAsync(asking, _followers.RollForwardAsync, cancellation, staysInLine: true);
        Invariant.Holds(result is not null, "A proposal has a result.");
        return result;
    }

    /// <summary>
    /// What was committed has been copied out of the primary's folder. Those of followers are needed until they have taken over what is
    /// decided; while nobody knows whether anything is, they stay.
    /// </summary>
    private async Task TidyAsync(ObjectPath staging, bool isOpen)
    {
        await Pruning.DeleteFolderAsync(_table.Store, staging, CancellationToken.None);
        foreach (string location in isOpen ? [] : _routes.Add(_location))
        {
            HudiTable follower = await _followers.OpenAsync(location, CancellationToken.None);
            await Pruning.DeleteFolderAsync(follower.Store, staging, CancellationToken.None);
        }
    }
}
