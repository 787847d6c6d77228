using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// The services of a table: clean, savepoints, restore. Each is planned on the table as it is, then committed through the table's sequence
/// like any other instant; when a writer was faster it is planned again. May run beside writers. One per process; not thread safe.
/// </summary>
public sealed class TableUpkeep
{
    private const int TriesMax = 100;
    private readonly HudiTable _table;
    private readonly SequencedCommit _sequence;
    private readonly FollowerTables _followers;
    private readonly TimeProvider _time;
    private readonly Random _random;

    /// <summary>The services of a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="options">Settings; with how to open the tables that follow, where there are any.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where names come from; must differ between processes.</param>
    public TableUpkeep(HudiTable table, CommitterOptions options, TimeProvider time, Random random)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(random);
        (_table, _time, _random) = (table, time, random);

        // A name of its own: whoever has the same one would abort the other's claims.
        string name = "upkeep-" + NonceText.Next(random);
        SequencedCommit Sequence(HudiTable one) => new(one, name, name, options, time, random);
        _sequence = Sequence(table);
        _followers = new FollowerTables(table, options.OpenFollower, Sequence);
    }

    private IObjectStore Store => _table.Store;

    /// <summary>What <see cref="CleanAsync"/> would delete. Changes nothing.</summary>
    public async Task<CleanReport> PlanCleanAsync(CleanPolicy policy, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(policy);
        return await ReadForCleanAsync(policy, cancellation);
    }

    /// <summary>
    /// Deletes files that no retained instant and no savepoint needs, with a clean instant that says so where there are any, then orphans
    /// and what was given up: staging, claims that nobody decides, and savepoints that were begun.
    /// </summary>
    public async Task<CleanReport> CleanAsync(CleanPolicy policy, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(policy);
        CleanReport report = await ServeAsync<CleanReport>(
            async stop =>
            {
                CleanReport planned = await ReadForCleanAsync(policy, stop);
                return (planned, planned.Plan.Files.IsEmpty ? null : new ServiceWork.Clean(planned.Plan), null);
            },
            cancellation);
        await _sequence.GiveUpClaimAsync(_time.GetUtcNow() - StrayFiles.StagingKept, cancellation);
        await SideBySide.RunAsync(
            report.Orphans.Concat(report.Staging).Select(static f => f.Path), SideBySide.RequestsAtATime, Store.DeleteAsync, cancellation);
        SequenceView view = await SequenceFolder.LookAsync(Store, cancellation);
        await Pruning.RemoveLeftoversAsync(Store, view, _time.GetUtcNow(), cancellation);
        await RemoveBegunSavepointsAsync(view.Newest?.Upkeep ?? Upkeep.None, cancellation);
        return report;
    }

    private async Task RemoveBegunSavepointsAsync(Upkeep upkeep, CancellationToken cancellation)
    {
        List<ObjectStat> files = [];
        await foreach (ObjectStat file in Store.ListAsync(TimelineFile.Folder, recursive: false, cancellation))
        {
            files.Add(file);
        }

        ImmutableArray<ObjectPath> stray = StrayFiles.Savepoints(files, upkeep, _time.GetUtcNow() - StrayFiles.StagingKept);
        await SideBySide.RunAsync(stray, SideBySide.RequestsAtATime, Store.DeleteAsync, cancellation);
    }

    /// <summary>The savepoints, by their instant; those that other programs made too.</summary>
    public async Task<ImmutableArray<Savepoint>> ReadSavepointsAsync(CancellationToken cancellation)
    {
        SequenceView view = await SequenceFolder.LookAsync(Store, cancellation);
        return Savepoints(view.Newest?.Upkeep ?? Upkeep.None, await ActiveTimeline.LoadAsync(Store, cancellation));
    }

    /// <summary>Keeps an instant, the newest when none is given. Throws <see cref="HudiException"/> when it cannot be kept.</summary>
    public Task<Savepoint> CreateSavepointAsync(string? name, string? instant, CancellationToken cancellation) => ServeAsync<Savepoint>(
        async stop =>
        {
            SequenceStatus sequence = await SequenceReader.ReadAsync(_table, stop);
            (Savepoint? savepoint, string? whyNot) = SavepointPlanning.Plan(name, instant, sequence);
            return savepoint is null
                ? throw new HudiException(Store.Root, whyNot + ".")
                : (savepoint, new ServiceWork.CreateSavepoint(savepoint), null);
        },
        cancellation);

    /// <summary>Releases a savepoint, given by its name or its instant.</summary>
    public Task<Savepoint> DeleteSavepointAsync(string nameOrInstant, CancellationToken cancellation) => ServeAsync<Savepoint>(
        async stop =>
        {
            SequenceView view = await SequenceFolder.LookAsync(Store, stop);
            ImmutableArray<Savepoint> all = Savepoints(view.Newest?.Upkeep ?? Upkeep.None, await ActiveTimeline.LoadAsync(Store, stop));
            Savepoint savepoint = all.FirstOrDefault(s => s.Name == nameOrInstant || s.Instant == nameOrInstant)
                ?? throw new HudiException(Store.Root, $"it has no savepoint '{nameOrInstant}'"
                    + (all.IsEmpty ? "." : $"; there are: {string.Join(", ", all.Select(static s => s.Name))}."));
            return (savepoint, new ServiceWork.DeleteSavepoint(savepoint), null);
        },
        cancellation);

    /// <summary>
    /// What <see cref="RestoreAsync"/> would do. Changes nothing. Throws <see cref="HudiException"/> with the oldest possible target
    /// when it cannot be done.
    /// </summary>
    public async Task<RestorePlan> PlanRestoreAsync(RestoreTarget target, CancellationToken cancellation) =>
        await ReadForRestoreAsync(target, cancellation);

    /// <summary>
    /// Takes the table back, and with it the tables that follow, its ledger and its checkpoints, as one action. Writers that go on, now
    /// or later, discard what they began and read the rewound ranges again.
    /// </summary>
    public Task<RestorePlan> RestoreAsync(RestoreTarget target, CancellationToken cancellation) => ServeAsync<RestorePlan>(
        async stop =>
        {
            RestorePlan plan = await ReadForRestoreAsync(target, stop);
            return (plan, plan.Undone.IsEmpty ? null : new ServiceWork.Restore(plan.Target, plan.Undone, plan.Followers), plan.After);
        },
        cancellation);

    /// <summary>
    /// Plans and commits until the plan stands. A plan without work needs nothing done. It fits only the number that was visible before it
    /// was made, in the followers too: what is decided since is perhaps on its way while the timeline and the files are read.
    /// </summary>
    private async Task<TPlan> ServeAsync<TPlan>(
        Func<CancellationToken, Task<(TPlan Plan, ServiceWork? Work, TableState? After)>> plan, CancellationToken cancellation)
    {
        await StoreProbe.RunAsync(Store, _random, cancellation);
        try
        {
            for (int tries = 0; tries < TriesMax; tries++)
            {
                await _sequence.RunAsync(null, _followers.RollForwardAsync, cancellation);
                long basedOn = _sequence.Settled?.Number ?? 0;
                (TPlan planned, ServiceWork? work, TableState? after) = await plan(cancellation);
                if (work is null
                    || await _sequence.RunAsync(
                        new ServiceProposal(basedOn, work, after), _followers.RollForwardAsync, cancellation, staysInLine: true)
                        is not CommitResult.Conflicted)
                {
                    return planned;
                }
            }
        }
        finally
        {
            await _sequence.LeaveLineAsync();
        }

        throw new HudiException(Store.Root, "its writers commit faster than this could be planned; stop them for a moment.");
    }

    private async Task<RestorePlan> ReadForRestoreAsync(RestoreTarget target, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(target);
        SequenceStatus sequence = await SequenceReader.ReadAsync(_table, cancellation);
        ActiveTimeline timeline = await ActiveTimeline.LoadAsync(Store, cancellation);
        RestorePlan plan = RestorePlanning.Plan(target, sequence, [.. timeline.CompletedCommits.Select(static f => f.Instant)]) switch
        {
            RestoreDecision.Planned(var planned) => planned,
            RestoreDecision.Refused(var reason) => throw new HudiException(Store.Root, $"it cannot be restored: {reason}."),
            var other => throw new InvariantViolatedException($"Unknown decision {other}."),
        };
        ImmutableArray<UndoneFollower>.Builder followers = ImmutableArray.CreateBuilder<UndoneFollower>(plan.Followers.Length);
        foreach (UndoneFollower follower in plan.Followers)
        {
            (UndoneFollower planned, string? whyNot) = await _followers.PlanUndoingAsync(follower, sequence.TableId, cancellation);
            followers.Add(whyNot is null ? planned : throw new HudiException(Store.Root, $"it cannot be restored: {whyNot}."));
        }

        return plan with { Followers = followers.MoveToImmutable() };
    }

    /// <summary>The order matters: number, timeline, files, floor. See <see cref="StrayFiles"/>.</summary>
    private async Task<CleanReport> ReadForCleanAsync(CleanPolicy policy, CancellationToken cancellation)
    {
        SequenceView view = await SequenceFolder.LookAsync(Store, cancellation);
        (ActiveTimeline timeline, ImmutableArray<CompletedInstant> completed) =
            await ActiveTimeline.ReadAsync(Store, upTo: null, cancellation);
        List<ObjectStat> files = await _table.ListFilesAsync(cancellation);
        var staged = new List<ObjectStat>();
        await foreach (ObjectStat file in Store.ListAsync(HudiTable.TemporaryFolder, recursive: true, cancellation))
        {
            staged.Add(file);
        }

        string? floorInstant = (await SequenceFolder.LookAsync(Store, cancellation)).Newest?.FloorInstant;
        string[] kept = [.. Savepoints(view.Newest?.Upkeep ?? Upkeep.None, timeline).Select(static s => s.Instant)];
        DateTimeOffset now = _time.GetUtcNow();
        return new CleanReport(
            CleanPlanning.Plan(policy, completed, files, kept, HeldInstants(view.Newest, completed), now),
            StrayFiles.Orphans(files, timeline, completed, floorInstant),
            StrayFiles.Staging(staged, view.Newest?.Number ?? 0, view.Published, now - StrayFiles.StagingKept));
    }

    /// <summary>
    /// In a follower: instants that took rows out which a restore of the primary may bring back. The primary has never told of a floor above
    /// them, so the files that they replaced must stay.
    /// </summary>
    private static HashSet<string> HeldInstants(Outcome? newest, ImmutableArray<CompletedInstant> completed) =>
    [
        .. completed.Where(static i => !i.Metadata.Replayed.IsEmpty)
            .Where(i => SequenceBase.FollowedOf(i.Metadata) is [.., var by]
                && by.Number > (newest?.Followed.FirstOrDefault(f => f.Primary == by.Primary).Floor ?? 0))
            .Select(static i => i.Time),
    ];

    private static ImmutableArray<Savepoint> Savepoints(Upkeep upkeep, ActiveTimeline timeline) =>
    [
        .. upkeep.Savepoints
            .Concat(timeline.Files
                .Where(f => f is { Action: TimelineFile.Savepoint, State: InstantState.Completed }
                    && !upkeep.Savepoints.Any(s => s.Instant == f.Instant))
                .Select(static f => new Savepoint(f.Instant, f.Instant, 0, f.Instant)))
            .OrderBy(static s => s.Instant, StringComparer.Ordinal),
    ];
}
