using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>How far a number of a table's sequence is.</summary>
public enum SequenceState
{
    /// <summary>Claimed: somebody is finishing its files, or died doing so. Nothing of it is visible.</summary>
    Pending,

    /// <summary>Given up; nothing of it is or will be visible.</summary>
    Aborted,

    /// <summary>Committed, but not yet on the timeline: whoever comes next publishes it.</summary>
    Unpublished,

    /// <summary>Committed and on the timeline.</summary>
    Published,
}

/// <summary>One number of a table's sequence.</summary>
public sealed record SequenceNumber(long Number, SequenceState State, string Action, string Instant, string Worker, string Attempt)
{
    /// <summary>True when it brings no rows, as clean, savepoint and restore do.</summary>
    public bool IsService => Action is not (TimelineFile.Commit or TimelineFile.ReplaceCommit);
}

/// <summary>A table's sequence as it stands, read without changing anything.</summary>
/// <param name="Numbers">The numbers that are there, ascending.</param>
/// <param name="Floor">Numbers below it are pruned.</param>
/// <param name="IsFollower">True when the table takes its commits from another one.</param>
public sealed record SequenceStatus(ImmutableArray<SequenceNumber> Numbers, long Floor, bool IsFollower)
{
    /// <summary>The table's identity as its followers remember it; empty when nothing was decided yet.</summary>
    internal string TableId { get; init; } = "";

    /// <summary>The outcomes that are there, ascending.</summary>
    internal ImmutableArray<Outcome> Outcomes { get; init; } = [];

    /// <summary>False when the newest outcome is committed and its instant not yet on the timeline.</summary>
    internal bool NewestIsPublished { get; init; } = true;

    /// <summary>True when outcomes from number 1 on are all there, so that they tell the whole history.</summary>
    internal bool IsWhole => Outcomes.Select((o, i) => o.Number == i + 1).All(whole => whole);

    /// <summary>Where the tables are that got rows with this table's commits, as far as those commits are not pruned.</summary>
    public IEnumerable<string> FollowerLocations => Outcomes.SelectMany(o => o.Followers).Select(f => f.Location).Distinct();

    /// <summary>Instants that restores have undone.</summary>
    internal ImmutableHashSet<string> Voided =>
    [
        .. Outcomes.SelectMany(o => o.Upkeep.Voided).Select(v => v.Instant),
        .. Outcomes.Select(o => o.Service).OfType<ServiceWork.Restore>().SelectMany(r => r.Undone).Select(u => u.Instant),
    ];

    /// <summary>Files that cleans have deleted.</summary>
    internal ImmutableHashSet<string> Cleaned =>
        [.. Outcomes.Select(o => o.Service).OfType<ServiceWork.Clean>().SelectMany(c => c.Plan.Files).Select(f => f.Path.Value)];

    /// <summary>Up to which number this table has followed a primary.</summary>
    internal long FollowedNumber(string primary) => Outcomes.IsEmpty ? 0 : Outcomes[^1].FollowedNumber(primary);
}

/// <summary>Reads the sequence of a table for people and for verification; committers read it their own way.</summary>
public static class SequenceReader
{
    private const int TriesMax = 100;

    /// <summary>Reads every claim and outcome that is there. An old number pruned meanwhile is left out; the newest is always among them.</summary>
    public static async Task<SequenceStatus> ReadAsync(HudiTable table, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        for (int tries = 0; tries < TriesMax; tries++)
        {
            if (await TryReadAsync(table, cancellation) is { } status)
            {
                return status;
            }
        }

        throw new HudiException(table.Store.Root, "its writers commit and prune faster than its sequence could be read.");
    }

    /// <summary>Null when the newest number was pruned before it was read: then others have come after it.</summary>
    private static async Task<SequenceStatus?> TryReadAsync(HudiTable table, CancellationToken cancellation)
    {
        SequenceView view = await SequenceFolder.LookAsync(table.Store, cancellation);
        var numbers = ImmutableArray.CreateBuilder<SequenceNumber>();
        var outcomes = ImmutableArray.CreateBuilder<Outcome>();
        List<long> there = await OutcomeNumbersAsync(table.Store, view.Newest?.Number ?? 0, cancellation);
        var read = new Outcome?[there.Count];
        await SideBySide.RunAsync(
            Enumerable.Range(0, there.Count),
            SideBySide.RequestsAtATime,
            async (i, stop) => read[i] = await SequenceFolder.ReadOutcomeAsync(table.Store, there[i], stop),
            cancellation);
        foreach (Outcome outcome in read.OfType<Outcome>())
        {
            long number = outcome.Number;
            outcomes.Add(outcome);
            SequenceState state = !outcome.IsCommitted ? SequenceState.Aborted
                : number == view.Newest?.Number && !view.Published ? SequenceState.Unpublished : SequenceState.Published;
            numbers.Add(new SequenceNumber(number, state, outcome.Action, outcome.Instant, outcome.Worker, outcome.Attempt));
        }

        if (view.Newest is { } last && (outcomes.Count == 0 || outcomes[^1].Number != last.Number))
        {
            return null;
        }

        if (view.Pending is { } claim)
        {
            numbers.Add(new SequenceNumber(
                claim.Number, SequenceState.Pending, claim.Action, claim.Instant, claim.Worker, claim.Attempt));
        }

        bool follows = view.Newest is { } newest && !newest.Followed.IsEmpty && newest.State.Ledger.Entries.IsEmpty;
        return new SequenceStatus(numbers.ToImmutable(), view.Newest?.Floor ?? 0, follows)
        {
            TableId = view.Newest?.TableId ?? "",
            Outcomes = outcomes.ToImmutable(),
            NewestIsPublished = view.Published,
        };
    }

    private static async Task<List<long>> OutcomeNumbersAsync(IObjectStore store, long newest, CancellationToken cancellation)
    {
        var numbers = new List<long>();
        foreach (ObjectPath folder in await SequenceFolder.FoldersAsync(store, cancellation))
        {
            (_, List<long> outcomes) = await SequenceFolder.NumbersAsync(store, folder, cancellation);
            numbers.AddRange(outcomes.Where(n => n <= newest));
        }

        numbers.Sort();
        return numbers;
    }
}
