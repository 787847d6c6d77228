using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Protocol;

/// <summary>The rules of the commit protocol, each with the product without it.</summary>
internal static class DroppedRules
{
    internal static IReadOnlyList<(string Rule, DroppedRule Dropped)> All { get; } =
    [
        ("of two that put a number one wins", new WithStore(static s => new ForgetfulStore(s))),
        ("a conditional put is sent once, a lost answer is resolved by reading", new WithStore(static s => new RetriesConditionalPuts(s))),
        ("an instant is later than all before", new WithStore(static s => new ClaimsEarlierInstants(s))),
        ("ranges continue the ledger", new BentRanges()),
        ("work carries the current history epoch", new BentEpoch()),
        ("a replacement finds the groups live that it replaces", new WithStore(static s => new SeesOutcomes(s, WithoutReplaced))),
        ("n+1 is claimed when n is published", new WithStore(static s => new NeverFinishesForOthers(s))),
        ("who wins a claim looks for higher numbers", new WithStore(static s => new LooksForNoHigherNumber(s))),
        ("an aborted outcome is never pruned", new WithStore(static s => new PrunesAborts(s))),
        ("staging is deleted by whose abort won", new WithStore(static s => new ClearsWithoutHavingAborted(s))),
        ("files become public after the outcome", new WithStore(static s => new PublishesFilesFirst(s))),
        ("an instant becomes public after its files", new WithStore(static s => new PublishesTheInstantFirst(s))),
        ("an instant becomes public after the metadata of its partitions", new WithStore(static s => new LeavesPartitionsUnnamed(s))),
        ("staging goes with the publication", new WithStore(static s => new LeavesStaging(s))),
        ("who opens takes off what is below the floor", new WithStore(static s => new LeavesPrunedInstants(s))),
        ("an instant is published from staging, which goes before it", new WithStore(static s => new PublishesFromMemory(s))),
        ("an aborted outcome repeats the ledger", new WithStore(static s => new AbortsForgetTheLedger(s))),
        ("a restore takes the newest first", new WithStore(static s => new RestoresInAnotherOrder(s, static r => OldestCompleted(r)))),
        ("a restore takes the instant before its data", new WithStore(static s => new RestoresInAnotherOrder(s, static r => NewestData(r)))),
        ("a restore rewinds the ledger", new WithStore(static s => new RestoresWithoutTheLedger(s))),
        ("what a restore undoes stays void", new WithStore(static s => new ForgetsWhatIsUndone(s))),
        ("followers are rolled forward before the next claim", new WithStore(static s => new SeesOutcomes(s, WithoutFollowers))),
        ("nothing is pruned that a savepoint keeps", new WithStore(static s => new SeesOutcomes(s, WithSavepointsUnpinned))),
        ("no file is cleaned that is live", new WithStore(static s => new CleansLiveFiles(s))),
        ("no file is cleaned that a savepoint keeps", new WithStore(static s => new CleansWhatSavepointsKeep(s))),
        ("no target is restored that a clean has emptied", new WithStore(static s => new SeesOutcomes(s, WithoutRetained))),
        ("a follower keeps an instant that its primary cannot take back", new WithStore(static s => new PrunesFollowersAlone(s))),
        ("a replacement stays until a clean has dealt with it", new WithStore(static s => new PrunesReplacements(s))),
    ];

    /// <summary>The same means, and no rule dropped.</summary>
    internal static DroppedRule Control { get; } = new WithStore(static s => new SeesOutcomes(s, static outcome => outcome));

    private static IEnumerable<ObjectPath> OldestCompleted(ServiceWork.Restore restore) => restore.Undone.TakeLast(1)
        .Select(static u => new TimelineFile(u.Instant, u.Action, InstantState.Completed).Path);

    private static IEnumerable<ObjectPath> NewestData(ServiceWork.Restore restore) =>
        restore.Undone.Take(1).SelectMany(static u => u.Files).Select(static f => new ObjectPath(f.Path));

    private static Outcome WithoutFollowers(Outcome outcome) => outcome with { Followers = [] };

    private static Outcome WithSavepointsUnpinned(Outcome outcome) => outcome with
    {
        Upkeep = outcome.Upkeep with
        {
            Savepoints = [.. outcome.Upkeep.Savepoints.Select(static s => s with { Number = long.MaxValue })],
        },
    };

    private static Outcome WithoutRetained(Outcome outcome) => outcome with { Upkeep = outcome.Upkeep with { RetainedFrom = null } };

    private static Outcome WithoutReplaced(Outcome outcome) => outcome with { Upkeep = outcome.Upkeep with { ReplacedAt = null } };

    private sealed class WithStore(Func<IObjectStore, IObjectStore> wrap) : DroppedRule
    {
        internal override IObjectStore Wrap(IObjectStore store) => wrap(store);
    }

    /// <summary>The same files, with ranges that seem to continue the ledger.</summary>
    private sealed class BentRanges : DroppedRule
    {
        internal override bool Bends => true;

        internal override Committable Bend(Committable work, Ledger? ledger) => work with
        {
            BuildsOn = null,
            Ranges = [.. work.Ranges.Select(range => Bend(range, ledger!))], // It was asked for.
        };

        private static OffsetRange Bend(OffsetRange range, Ledger ledger) => ledger.Entries.TryGetValue(range.Key, out LedgerEntry? entry)
            ? range with { Start = entry.EndOffset, End = Math.Max(range.End, entry.EndOffset) }
            : range;
    }

    private sealed class BentEpoch : DroppedRule
    {
        internal override bool Bends => true;

        internal override Committable Bend(Committable work, Ledger? ledger) =>
            work with { BuildsOn = null, HistoryEpoch = ledger!.HistoryEpoch }; // It was asked for.
    }
}
