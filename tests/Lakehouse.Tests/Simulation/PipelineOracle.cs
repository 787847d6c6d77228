using Lakehouse.Hudi;
using Lakehouse.Service;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Simulation;

/// <summary>
/// The one oracle: at every instant the table is, value by value, the fold of the log up to that instant's ledger. So says Hudi's rule for
/// readers, and for the newest instant that of hudi-rs; route and dead letters hold exactly what belongs there, late at most. So each record
/// is in exactly one place.
/// </summary>
/// <param name="world">Whose seed is named.</param>
/// <param name="trips">The log.</param>
/// <param name="table">The first table.</param>
/// <param name="route">The route's table, or null when there is no route.</param>
/// <param name="deadLetters">The dead letters' table.</param>
/// <param name="erases">Whether rows are erased from the first table.</param>
internal sealed class PipelineOracle(
    SimulatedWorld world, TripLog trips, IObjectStore table, IObjectStore? route, IObjectStore deadLetters, bool erases)
{
    /// <summary>Fares that one erasure takes, from the one that it names.</summary>
    internal const int FaresErased = 10;

    private readonly TableRows _rows = new(table, TableRows.Row, areTakenOver: erases);
    private readonly TableRows? _routed = route is null ? null : new TableRows(route, TableRows.Row);
    private readonly TableRows _deadLetters = new(deadLetters, TableRows.DeadLetter, areTakenOver: true);

    /// <summary>The fares from which on an erasure was begun: such trips are in the first table, or they are not.</summary>
    internal List<int> Erased { get; } = [];

    /// <summary>Whether everything that was ever produced is in the table.</summary>
    internal bool IsComplete { get; private set; }

    /// <summary>Throws <see cref="SimulationOracleException"/> when a reader would see anything else.</summary>
    internal PipelineCheck Check() => CheckAsync().GetAwaiter().GetResult();

    /// <summary>At the end: the table also proves itself to be complete, as <c>verify</c> has it.</summary>
    internal PipelineCheck CheckEnd()
    {
        PipelineCheck end = Check();
        if (!IsComplete)
        {
            throw Wrong("at the end not everything is in the table");
        }

        TableCheck check = VerifyAsync().GetAwaiter().GetResult();
        return check is { IsProven: true, IsTogether: true }
            ? end
            : throw Wrong(string.Join("; ", check.Followers.Prepend(check).SelectMany(static c => c.Report.Findings)));
    }

    private async Task<PipelineCheck> CheckAsync()
    {
        if (await OpenAsync(table) is not { } opened
            || await opened.SnapshotAsync(null, CancellationToken.None) is not { Instant: not null } snapshot)
        {
            return default;
        }

        LogFold fold = trips.Fold(static _ => 0, route is not null);
        List<string> rows = [];
        foreach (CompletedInstant instant in snapshot.Timeline)
        {
            Ledger ledger = instant.Metadata.Ledger ?? throw Wrong($"{instant.Time} has no ledger");
            fold = trips.Fold(partition => EndOf(ledger, partition), route is not null);
            TableSnapshot then = await opened.SnapshotAsync(instant.Time, CancellationToken.None);
            if (instant == snapshot.Timeline[^1] || (then.WholeFrom is null && !then.MissingFiles.Any()))
            {
                rows = await _rows.ReadAsync(then.FileSlices.Select(static slice => slice.Path));
                MustEqual($"at {instant.Time}", WithoutErased(WithReplayed(fold, rows), rows), rows);
            }
        }

        MustEqual("by hudi-rs' rule", rows, await _rows.ReadAsync(await HudiRsRule.SelectAsync(table, snapshot, CancellationToken.None)));
        List<string> routed = route is null || _routed is null
            ? []
            : await ReadFollowerAsync(route, _routed, fold.Routed.Concat(fold.Long.Where(static l => l.IsRouted).Select(static l => l.Row ?? "")));
        List<string> dead = await ReadFollowerAsync(
            deadLetters, _deadLetters, fold.DeadLetters.Concat(fold.Long.Select(static l => l.DeadLetter)));
        LogFold all = trips.Fold(static _ => long.MaxValue, route is not null);
        IsComplete = all.Rows.SequenceEqual(fold.Rows) && !all.Routed.Except(routed).Any() && !all.DeadLetters.Except(dead).Any()
            && IsInOnePlace(all, [.. rows, .. routed], [.. dead], snapshot);
        return new PipelineCheck(rows.Count, routed.Count, dead.Count, snapshot.Timeline.Length);
    }

    /// <summary>What was not replayed is not there; what was is the row that it must be.</summary>
    private static List<string> WithReplayed(LogFold fold, List<string> rows)
    {
        HashSet<string> found = [.. rows];
        return [.. fold.Rows.Concat(fold.Long.Where(l => !l.IsRouted && l.Row is { } row && found.Contains(row)).Select(static l => l.Row ?? ""))
            .Order(StringComparer.Ordinal)];
    }

    private List<string> WithoutErased(List<string> expected, List<string> rows)
    {
        HashSet<string> found = [.. rows];
        return [.. expected.Where(row => found.Contains(row) || !IsErased(TableRows.FareOf(row)))];

        bool IsErased(double fare) => Erased.Exists(from => fare >= from && fare < from + FaresErased);
    }

    /// <summary>Each long record is a row or a dead letter, or filtered by a replay that says so.</summary>
    private static bool IsInOnePlace(LogFold all, HashSet<string> rows, HashSet<string> dead, TableSnapshot snapshot)
    {
        int nowhere = 0;
        foreach (LongTrip trip in all.Long)
        {
            bool isRow = trip.Row is { } row && rows.Contains(row);
            bool isDead = dead.Contains(trip.DeadLetter);
            if (isRow == isDead && (isRow || trip.Row is not null))
            {
                return false;
            }

            nowhere += isRow || isDead ? 0 : 1;
        }

        return nowhere == snapshot.Timeline.SelectMany(static i => i.Metadata.Replayed).Sum(static r => r.Filtered);
    }

    private async Task<List<string>> ReadFollowerAsync(IObjectStore follower, TableRows rows, IEnumerable<string> expected)
    {
        if (await OpenAsync(follower) is not { } opened)
        {
            return [];
        }

        TableSnapshot snapshot = await opened.SnapshotAsync(null, CancellationToken.None);
        List<string> found = await rows.ReadAsync(snapshot.FileSlices.Select(static slice => slice.Path));
        List<ObjectPath> rust = snapshot.Instant is null
            ? []
            : await HudiRsRule.SelectAsync(follower, snapshot, CancellationToken.None);
        if (snapshot.Instant is not null && !found.SequenceEqual(await rows.ReadAsync(rust)))
        {
            throw Wrong($"hudi-rs sees other rows in {follower.Root}");
        }

        // It follows the primary: until it is rolled forward some may be missing, never too many.
        return found.Count == found.Distinct().Count() && !found.Except(expected).Any()
            ? found
            : throw Wrong($"rows in {follower.Root} are there twice, or belong elsewhere, or lie beyond the ledger: "
                + string.Join("; ", found.Except(expected).Take(3)));
    }

    private async Task<TableCheck> VerifyAsync()
    {
        HudiTable opened = await OpenAsync(table) ?? throw Wrong("there is no table");
        var scope = new TableCheckScope(
            (location, _) => OpenAsync(route is not null && route.Root.EndsWith(location, StringComparison.Ordinal) ? route : deadLetters),
            new OffsetCoverage(), Offsets: true, IsDeep: false);
        return await TableCheck.RunAsync(opened, InstantRange.Whole, scope, CancellationToken.None);
    }

    private static long EndOf(Ledger ledger, int partition) =>
        ledger.Entries.Where(entry => entry.Key.Partition == partition).Select(static entry => entry.Value.EndOffset).SingleOrDefault();

    private static Task<HudiTable?> OpenAsync(IObjectStore store) =>
        HudiTable.OpenAsync(store, TimeProvider.System, new Random(0), CancellationToken.None);

    private void MustEqual(string what, List<string> expected, List<string> actual)
    {
        if (!expected.SequenceEqual(actual))
        {
            string[] missing = [.. expected.Except(actual)];
            string[] surplus = [.. actual.Except(expected), .. actual.GroupBy(static row => row).Where(static g => g.Count() > 1).Select(
                static g => $"{g.Count()} times {g.Key}")];
            throw Wrong($"{what} the table shows {actual.Count} rows; the log up to the ledger folds to {expected.Count}. "
                + $"Missing: {string.Join(", ", missing.Take(3))}. Too many: {string.Join(", ", surplus.Take(3))}");
        }
    }

    private SimulationOracleException Wrong(string what) => new($"Seed {world.Seed}: {what}.");
}

/// <summary>What was seen at a check.</summary>
internal readonly record struct PipelineCheck(int Rows, int Routed, int DeadLetters, int Instants);

/// <summary>The table is not what the log says.</summary>
internal sealed class SimulationOracleException(string message) : Exception(message);
