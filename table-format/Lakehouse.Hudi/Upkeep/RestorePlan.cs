using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>Where a restore goes back to.</summary>
public abstract record RestoreTarget
{
    private RestoreTarget()
    {
    }

    /// <summary>An instant, or a savepoint by its name.</summary>
    public sealed record To(string InstantOrSavepoint) : RestoreTarget;

    /// <summary>Before the newest instants.</summary>
    /// <param name="Count">How many; at least 1.</param>
    public sealed record BeforeLast(int Count) : RestoreTarget;
}

/// <summary>What a restore does: one action that undoes instants and rewinds what the table knows of its sources.</summary>
/// <param name="Target">The newest instant that stays.</param>
/// <param name="Savepoint">The savepoint at that instant, or null.</param>
/// <param name="Undone">The instants that go, newest first; empty when the table is there already.</param>
/// <param name="Followers">What goes from the tables that follow, such as the dead letters.</param>
/// <param name="Before">The table's state now.</param>
/// <param name="After">The state afterwards: ledger and checkpoints of the target, in a new history epoch.</param>
public sealed record RestorePlan(
    string Target,
    Savepoint? Savepoint,
    ImmutableArray<UndoneInstant> Undone,
    ImmutableArray<UndoneFollower> Followers,
    TableState Before,
    TableState After)
{
    /// <summary>The source partitions whose position moves, with the offsets that will be read again from the second to before the first.</summary>
    public IEnumerable<(LedgerKey Key, long From, long? To)> Rewound => Before.Ledger.Entries
        .Select(e => (e.Key, From: e.Value.EndOffset, To: After.Ledger.Entries.GetValueOrDefault(e.Key)?.EndOffset))
        .Where(static r => r.To != r.From);
}
