using System.Collections.Immutable;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// The tables that change with a primary one, as one process works on them. Everything is idempotent: a follower remembers up to which
/// number of which primary it is.
/// </summary>
internal sealed class FollowerTables(
    HudiTable primary, Func<string, CancellationToken, Task<HudiTable>>? open, Func<HudiTable, SequencedCommit> sequenceOf)
{
    private const int TriesMax = 100;
    private readonly Dictionary<string, SequencedCommit> _sequences = new(StringComparer.Ordinal);

    /// <summary>Brings a primary outcome's files into its followers, or takes out what a restore of the primary has undone.</summary>
    internal async Task RollForwardAsync(Outcome outcome, CancellationToken cancellation)
    {
        foreach (FollowerTable follower in outcome.Followers)
        {
            CheckpointReference checkpoint = outcome.Commit?.Checkpoint
                ?? throw new InvalidDataException($"Outcome {outcome.Number} in {primary.Store.Root} has followers but no checkpoint.");
            SequencedCommit sequence = await SequenceAsync(follower.Location, cancellation);
            Proposal proposal = follower.Replaced.IsEmpty
                ? new FollowerProposal(outcome.AsFollowed, checkpoint, follower.Files)
                : new FollowerReplaceProposal(outcome.AsFollowed, follower, outcome.Commit.Replayed);
            CommitResult? result = await sequence.RunAsync(proposal, NoFollowers, cancellation);
            Invariant.Holds(result is CommitResult.Committed or CommitResult.AlreadyCommitted, "A follower never refuses its primary.");
        }

        foreach (UndoneFollower follower in outcome.Service is ServiceWork.Restore restore ? restore.Followers : [])
        {
            await UndoAsync(await SequenceAsync(follower.Location, cancellation), outcome, follower, cancellation);
        }
    }

    /// <summary>The table at a follower's location, opened once.</summary>
    internal async Task<HudiTable> OpenAsync(string location, CancellationToken cancellation) =>
        (await SequenceAsync(location, cancellation)).Table;

    /// <summary>
    /// Recovers followers themselves: whoever rolled one forward may have died, or slept through a restore and put back an instant.
    /// </summary>
    internal async Task RecoverAsync(ImmutableArray<string> locations, CancellationToken cancellation)
    {
        foreach (string location in locations)
        {
            SequencedCommit sequence = await SequenceAsync(location, cancellation);
            if ((await SequenceFolder.LookAsync(sequence.Table.Store, cancellation)).Newest is { State.Ledger.Entries.IsEmpty: false })
            {
                throw new HudiException(sequence.Table.Store.Root,
                    "it is the first table of a pipeline, with a ledger of its own; routes and dead letters need other tables.");
            }

            await sequence.RecoverAsync(NoFollowers, cancellation);
        }
    }

    /// <summary>The first staged file of followers that is not there any more, or null.</summary>
    internal async Task<ObjectPath?> GoneAsync(ImmutableArray<FollowerTable> followers, CancellationToken cancellation)
    {
        foreach (FollowerTable follower in followers)
        {
            if (await (await SequenceAsync(follower.Location, cancellation)).GoneAsync(follower.Files, cancellation) is { } gone)
            {
                return gone;
            }
        }

        return null;
    }

    /// <summary>
    /// What a restore takes back in a follower with its instants, or why it cannot take them back. Changes nothing. Complete once the
    /// follower has everything of the number that the restore is planned on.
    /// </summary>
    internal async Task<(UndoneFollower Planned, string? WhyNot)> PlanUndoingAsync(
        UndoneFollower follower, string primaryId, CancellationToken cancellation)
    {
        HudiTable table = await OpenAsync(follower.Location, cancellation);
        SequenceStatus status = await SequenceReader.ReadAsync(table, cancellation);
        TableSnapshot snapshot = await table.SnapshotAsync(null, cancellation);
        var files = (await table.ListFilesAsync(cancellation)).Select(static f => f.Path.Value).ToHashSet(StringComparer.Ordinal);
        return (
            follower with { Instants = RestorePlanning.OfFollower(status, primaryId, follower.Numbers) },
            RestorePlanning.WhyNotOfFollower(follower, primaryId, status, snapshot.Timeline, files));
    }

    private static async Task UndoAsync(
        SequencedCommit sequence, Outcome outcome, UndoneFollower follower, CancellationToken cancellation)
    {
        for (int tries = 0; tries < TriesMax; tries++)
        {
            await sequence.RunAsync(null, NoFollowers, cancellation);
            SequenceStatus status = await SequenceReader.ReadAsync(sequence.Table, cancellation);
            Outcome newest = status.Outcomes[^1];
            string? last = status.Outcomes.LastOrDefault(o => o.Commit is not null
                && !newest.Upkeep.IsVoided(o.Instant) && !follower.Instants.Any(u => u.Instant == o.Instant))?.Instant;
            var proposal = new ServiceProposal(
                newest.Number,
                new ServiceWork.Restore(null, follower.Instants, []),
                newest.State with { Instant = last },
                outcome.AsFollowed);
            if (await sequence.RunAsync(proposal, NoFollowers, cancellation) is not CommitResult.Conflicted)
            {
                return;
            }
        }

        throw new HudiException(sequence.Table.Store.Root, "other writers commit faster than it could be brought back with its primary.");
    }

    private async Task<SequencedCommit> SequenceAsync(string location, CancellationToken cancellation)
    {
        if (!_sequences.TryGetValue(location, out SequencedCommit? sequence))
        {
            Func<string, CancellationToken, Task<HudiTable>> openAny = open ?? throw new HudiException(
                primary.Store.Root, $"its newest commit changes the table at {location}, which this process cannot open.");
            sequence = sequenceOf(await openAny(location, cancellation));
            _sequences[location] = sequence;
        }

        return sequence;
    }

    private static Task NoFollowers(Outcome outcome, CancellationToken cancellation) =>
        throw new HudiException("(follower)", $"number {outcome.Number} of a follower table has followers itself; that is not supported.");
}
