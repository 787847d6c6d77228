namespace Lakehouse.Hudi;

/// <summary>
/// Commits checkpoints to a table, exactly once whatever else happens: several committers of several processes may work at the same
/// time, and any of them may stop anywhere. One per worker and process; not thread safe.
/// </summary>
public sealed class TableCommitter
{
    private readonly SequencedCommit _primary;
    private readonly FollowerTables _followers;
    private readonly CommitterOptions _options;

    /// <summary>A committer for a table.</summary>
    /// <param name="table">The primary table.</param>
    /// <param name="worker">The worker's configured id; claims of an earlier life of it are aborted at once.</param>
    /// <param name="attempt">This life's own name.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">The clock: instants, and how long claims are watched.</param>
    /// <param name="random">Where nonces come from; must differ between processes.</param>
    public TableCommitter(HudiTable table, string worker, string attempt, CommitterOptions options, TimeProvider time, Random random)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentException.ThrowIfNullOrEmpty(worker);
        ArgumentException.ThrowIfNullOrEmpty(attempt);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(random);
        _options = options;
        SequencedCommit Sequence(HudiTable one) => new(one, worker, attempt, options, time, random);
        _primary = Sequence(table);
        _followers = new FollowerTables(table, options.OpenFollower, Sequence);
    }

    /// <summary>
    /// Finishes what any process left half done (a committed outcome is published, followers are rolled forward), aborts this worker's
    /// own old claims, takes pruned instants off the timeline and deletes leftovers of decided numbers, in the followers too. Returns the
    /// table's state.
    /// </summary>
    public async Task<TableState> RecoverAsync(CancellationToken cancellation)
    {
        SequenceView view = await _primary.RecoverAsync(_followers.RollForwardAsync, cancellation);
        if (view.Newest is { Followed.IsEmpty: false })
        {
            throw new HudiException(_primary.Table.Store.Root,
                "its rows come with the commits of another table; a pipeline's first table cannot be a route's or that of dead letters.");
        }

        await _followers.RecoverAsync(_options.Followers, cancellation);
        return await StateAsync(view, cancellation);
    }

    /// <summary>What the table knows now; changes nothing.</summary>
    public async Task<TableState> ReadStateAsync(CancellationToken cancellation) =>
        await StateAsync(await SequenceFolder.LookAsync(_primary.Table.Store, cancellation), cancellation);

    /// <summary>Why a committable can never be committed to a table in this state, or null when it can.</summary>
    public static string? WhyNotFitting(Committable committable, TableState state)
    {
        ArgumentNullException.ThrowIfNull(committable);
        ArgumentNullException.ThrowIfNull(state);
        return state.Ledger.WhyNotContinuedBy(committable.Ranges, committable.HistoryEpoch);
    }

    /// <summary>
    /// Whether every staged file of a committable is still there, its followers' too: a newer life of its worker, or a clean, may have
    /// deleted some.
    /// </summary>
    public async Task<bool> IsStagedAsync(Committable committable, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(committable);
        return await _primary.GoneAsync(committable.Files, cancellation) is null
            && await _followers.GoneAsync(committable.Followers, cancellation) is null;
    }

    /// <summary>
    /// Commits a checkpoint's work. When this returns <see cref="CommitResult.Committed"/> readers see it. When it throws, nobody knows
    /// until <see cref="RecoverAsync"/> has read the table.
    /// </summary>
    public async Task<CommitResult> CommitAsync(Committable committable, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(committable);
        foreach (OffsetRange range in committable.Ranges)
        {
            Invariant.Holds(range.End >= range.Start, "An offset range does not run backwards.");
        }

        if (committable.Followers.Any(static f => !f.Files.IsEmpty) && _options.OpenFollower is null)
        {
            throw new InvalidOperationException("A committable with followers needs CommitterOptions.OpenFollower.");
        }

        var proposal = new IngestProposal(committable)
        {
            FindGoneAsync = committable.Followers.IsEmpty ? null : stop => _followers.GoneAsync(committable.Followers, stop),
        };
        CommitResult? result = await _primary.RunAsync(proposal, _followers.RollForwardAsync, cancellation);
        Invariant.Holds(result is not null, "A proposal has a result.");
        return result;
    }

    private static async Task<TableState> StateAsync(HudiTable table, SequenceView view, CancellationToken cancellation) =>
        view.Newest is { } newest ? newest.State : (await SequenceBase.FromTimelineAsync(table.Store, cancellation)).State;

    private Task<TableState> StateAsync(SequenceView view, CancellationToken cancellation) =>
        StateAsync(_primary.Table, view, cancellation);
}
