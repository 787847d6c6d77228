using System.Collections.Immutable;
using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>
/// Gathers what <see cref="TableVerifier"/> decides on: timeline, listing, footers, and the tables that follow. Changes nothing.
/// </summary>
public static class TableFactsReader
{
    /// <summary>Reads the facts of a table as of its newest instant.</summary>
    /// <param name="table">The table.</param>
    /// <param name="openFollower">Opens the table at a follower's location; null when there is none or it cannot be reached.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public static Task<TableFacts> ReadAsync(
        HudiTable table, Func<string, CancellationToken, Task<HudiTable?>> openFollower, CancellationToken cancellation) =>
        ReadAsync(table, InstantRange.Whole, openFollower, cancellation);

    /// <summary>Reads the facts of a part of a table's history.</summary>
    /// <param name="table">The table.</param>
    /// <param name="range">Which part; its instants are completed ones.</param>
    /// <param name="openFollower">Opens the table at a follower's location; null when there is none or it cannot be reached.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public static async Task<TableFacts> ReadAsync(
        HudiTable table,
        InstantRange range,
        Func<string, CancellationToken, Task<HudiTable?>> openFollower,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(range);
        ArgumentNullException.ThrowIfNull(openFollower);
        TableSnapshot snapshot = await table.SnapshotAsync(range.At, cancellation);
        SequenceStatus sequence = await SequenceReader.ReadAsync(table, cancellation);
        ImmutableArray<CompletedInstant> history = History(snapshot, sequence);
        var outcomes = sequence.Outcomes.Where(static o => o.Commit is not null).ToDictionary(static o => o.Instant);
        ImmutableArray<InstantFacts> instants =
            [.. WithReplaced(history).Where(i => range.Has(i.Time)).Select(i => WithGiven(i, outcomes.GetValueOrDefault(i.Time)))];
        ImmutableDictionary<string, long> objects = (await table.ListFilesAsync(cancellation))
            .ToImmutableDictionary(static f => f.Path.Value, static f => f.Size, StringComparer.Ordinal);
        return new TableFacts
        {
            Instants = instants,
            Before = history.LastOrDefault(i => range.Since is not null && !range.Has(i.Time))?.Metadata.Ledger,
            Since = range.Since,
            Objects = WithoutWhatCameLater(objects, snapshot.Instant),
            Footers = await ReadFootersAsync(table.Store, instants, objects, cancellation),
            IsFollower = sequence.IsFollower,
            IsPruned = range.Since is not null || !sequence.IsWhole,
            MissingInstants = [.. MissingInstants(snapshot, sequence).Where(range.Has)],
            CleanedFiles = sequence.Cleaned,
            Followers = await ReadFollowersAsync(sequence, range, openFollower, cancellation),
        };
    }

    /// <summary>The instants of the timeline, and before them those that were pruned from it but whose outcomes are still there.</summary>
    private static ImmutableArray<CompletedInstant> History(TableSnapshot snapshot, SequenceStatus sequence)
    {
        string? first = snapshot.Timeline.IsEmpty ? null : snapshot.Timeline[0].Time;
        ImmutableHashSet<string> voided = sequence.Voided;
        IEnumerable<CompletedInstant> pruned = sequence.Outcomes
            .Where(o => o.Commit is not null && !voided.Contains(o.Instant) && first is not null && string.CompareOrdinal(o.Instant, first) < 0)
            .Select(o => new CompletedInstant(o.Instant, o.Action, o.Commit!)); // the condition above
        return [.. pruned, .. snapshot.Timeline];
    }

    /// <summary>Committed instants that should be on the timeline and are not.</summary>
    private static ImmutableArray<string> MissingInstants(TableSnapshot snapshot, SequenceStatus sequence)
    {
        HashSet<string> there = [.. snapshot.Timeline.Select(i => i.Time)];
        string? floor = sequence.Outcomes.IsEmpty ? null : sequence.Outcomes[^1].FloorInstant;
        ImmutableHashSet<string> voided = sequence.Voided;
        return
        [
            .. sequence.Outcomes
                .Where(o => o.Commit is not null && !voided.Contains(o.Instant) && !there.Contains(o.Instant)
                    && snapshot.Instant is not null && string.CompareOrdinal(o.Instant, snapshot.Instant) < 0
                    && (floor is null || string.CompareOrdinal(o.Instant, floor) >= 0))
                .Select(o => o.Instant),
        ];
    }

    /// <summary>The facts of instants in order, each with the files that it replaced.</summary>
    private static IEnumerable<InstantFacts> WithReplaced(ImmutableArray<CompletedInstant> history)
    {
        var shown = new Dictionary<(string, string), NamedFile>();
        foreach (CompletedInstant instant in history)
        {
            var gone = ImmutableArray.CreateBuilder<NamedFile>();
            bool unknown = false;
            foreach ((string PartitionPath, string FileId) group in instant.Metadata.ReplacedGroups)
            {
                if (shown.Remove((group.PartitionPath, group.FileId), out NamedFile? file))
                {
                    gone.Add(file);
                }
                else
                {
                    unknown = true;
                }
            }

            foreach (WriteStat stat in instant.Metadata.WriteStats)
            {
                shown[(stat.PartitionPath, stat.FileId)] = new NamedFile(stat.PartitionPath, stat.Path, stat.ByteCount, stat.RowCount);
            }

            yield return Facts(instant) with
            {
                Replaced = gone.ToImmutable(),
                ReplacedUnknown = unknown,
                RowsErased = instant.Metadata.RowsErased,
                Replayed = instant.Metadata.Replayed,
            };
        }
    }

    private static InstantFacts WithGiven(InstantFacts instant, Outcome? outcome)
    {
        return outcome is null
            ? instant
            : instant with { RoutedGiven = Given(FollowerKind.Route), DeadLettersGiven = Given(FollowerKind.DeadLetters) };

        long Given(FollowerKind kind) => outcome.Followers.Where(f => f.Kind == kind).Sum(static f => f.RowsAdded);
    }

    /// <summary>What an instant's metadata says.</summary>
    internal static InstantFacts Facts(CompletedInstant instant) => new(
        instant.Time,
        instant.Action,
        [.. instant.Metadata.WriteStats.Select(s => new NamedFile(s.PartitionPath, s.Path, s.ByteCount, s.RowCount))],
        instant.Metadata.Ranges,
        instant.Metadata.Ledger,
        instant.Metadata.Checkpoint);

    /// <summary>A pipeline may be running: files of instants after the snapshot's are not yet the snapshot's business.</summary>
    private static ImmutableDictionary<string, long> WithoutWhatCameLater(ImmutableDictionary<string, long> objects, string? newest) =>
        objects.RemoveRange(objects.Keys.Where(path =>
            DataFileName.TryParse(path[(path.LastIndexOf('/') + 1)..], out DataFileName name)
            && newest is not null && string.CompareOrdinal(name.Instant, newest) > 0).ToList());

    private static async Task<ImmutableDictionary<string, FooterFacts>> ReadFootersAsync(
        IObjectStore store,
        ImmutableArray<InstantFacts> instants,
        ImmutableDictionary<string, long> objects,
        CancellationToken cancellation)
    {
        string[] paths = [.. instants.SelectMany(i => i.Files).Select(f => f.Path).Where(objects.ContainsKey).Distinct()];
        var footers = new FooterFacts[paths.Length];
        await SideBySide.RunAsync(
            Enumerable.Range(0, paths.Length),
            SideBySide.RequestsAtATime,
            async (i, stop) => footers[i] = await ReadFooterAsync(store, new ObjectPath(paths[i]), stop),
            cancellation);
        return paths.Zip(footers).ToImmutableDictionary(p => p.First, p => p.Second, StringComparer.Ordinal);
    }

    private static async Task<FooterFacts> ReadFooterAsync(IObjectStore store, ObjectPath path, CancellationToken cancellation)
    {
        try
        {
            ParquetFileReader reader = await ParquetFileReader.OpenAsync(store, path, cancellation);
            return new FooterFacts(reader.MetaData.NumRows, null);
        }
        catch (ParquetFormatException e)
        {
            return new FooterFacts(0, e.Message);
        }
    }

    private static async Task<ImmutableArray<FollowerFacts>> ReadFollowersAsync(
        SequenceStatus sequence,
        InstantRange range,
        Func<string, CancellationToken, Task<HudiTable?>> openFollower,
        CancellationToken cancellation)
    {
        var facts = ImmutableArray.CreateBuilder<FollowerFacts>();
        ImmutableHashSet<string> voided = sequence.Voided;
        ImmutableArray<Outcome> outcomes =
            [.. sequence.Outcomes.Where(o => o.IsCommitted && !voided.Contains(o.Instant) && range.Has(o.Instant))];
        foreach (string location in outcomes.SelectMany(o => o.Followers).Select(f => f.Location).Distinct())
        {
            HudiTable? follower = await openFollower(location, cancellation);
            facts.Add(follower is null
                ? new FollowerFacts(location, 0, null)
                : await ReadFollowerAsync(follower, location, sequence, outcomes, range, cancellation));
        }

        return facts.ToImmutable();
    }

    /// <summary>The follower's instants that took over outcomes of this part of the primary, and their rows.</summary>
    private static async Task<FollowerFacts> ReadFollowerAsync(
        HudiTable follower,
        string location,
        SequenceStatus primary,
        ImmutableArray<Outcome> outcomes,
        InstantRange range,
        CancellationToken cancellation)
    {
        TableSnapshot snapshot = await follower.SnapshotAsync(atInstant: null, cancellation);
        SequenceStatus sequence = await SequenceReader.ReadAsync(follower, cancellation);
        ImmutableArray<CompletedInstant> history = History(snapshot, sequence);
        long followed = sequence.FollowedNumber(primary.TableId);
        var given = outcomes.SelectMany(o => o.Followers.Select(f => (o.Number, o.Instant, Table: f)))
            .Where(f => f.Table.Location == location && f.Number <= followed)
            .ToDictionary(static f => f.Number, static f => (f.Instant, Rows: f.Table.RowsAdded));
        InstantRange? part = PartOf(history, primary, range, out Dictionary<long, long> taken);

        // Where the beginning is pruned, what came before tells nothing any more.
        long known = sequence.IsWhole || taken.Count == 0 ? 0 : taken.Keys.Min();
        return new FollowerFacts(location, given.Values.Sum(static g => g.Rows), taken.Values.Sum())
        {
            Range = part,
            IsBehind = outcomes.Any(o => o.Number > followed && o.Followers.Any(f => f.Location == location)),
            Commits =
            [
                .. given.Where(g => g.Key >= known).OrderBy(static g => g.Key).Select(g =>
                    new FollowedCommit(g.Value.Instant, g.Value.Rows, taken.GetValueOrDefault(g.Key))),
            ],
        };
    }

    /// <summary>
    /// The part of a follower's history that took over a part of its primary's, and <paramref name="taken"/>, its rows by the primary's number.
    /// </summary>
    private static InstantRange? PartOf(
        ImmutableArray<CompletedInstant> history, SequenceStatus primary, InstantRange range, out Dictionary<long, long> taken)
    {
        long after = NumberAt(primary, range.Since) ?? 0;
        long last = NumberAt(primary, range.At) ?? long.MaxValue;
        string? since = null;
        string? at = null;
        taken = [];
        long before = 0;
        foreach ((CompletedInstant instant, InstantFacts found) in history.Zip(WithReplaced(history)))
        {
            long number = SequenceBase.FollowedOf(instant.Metadata).FirstOrDefault(f => f.Primary == primary.TableId).Number;
            if (number > last)
            {
                break;
            }

            if (number <= after)
            {
                since = instant.Time;
            }
            else
            {
                // An instant that names no new number took over a commit of another primary.
                at = instant.Time;
                taken[number] = taken.GetValueOrDefault(number) + (number == before ? 0 : RowsAdded(found));
            }

            before = number;
        }

        return at is null ? null : new InstantRange(range.Since is null ? null : since, range.At is null ? null : at);
    }

    private static long RowsAdded(InstantFacts found) => found.ReplacedUnknown
        ? -found.Replayed.Sum(static r => r.Total)
        : found.Files.Sum(static f => f.RowCount) - found.Replaced.Sum(static f => f.RowCount);

    /// <summary>The number of the newest committed outcome at or before an instant; 0 when there is none, null without an instant.</summary>
    private static long? NumberAt(SequenceStatus sequence, string? instant) => instant is null
        ? null
        : sequence.Outcomes.LastOrDefault(o => o.IsCommitted && string.CompareOrdinal(o.Instant, instant) <= 0)?.Number ?? 0;
}
