using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Simulation;

/// <summary>
/// The one oracle: at every instant the table is, value by value, the fold of the log up to that instant's ledger. So says Hudi's rule for
/// readers, and for the newest instant that of hudi-rs; the dead letters hold exactly the bad records, late at most.
/// </summary>
internal sealed class PipelineOracle(SimulatedWorld world, TripLog trips, IObjectStore table, IObjectStore deadLetters)
{
    private readonly TableRows _rows = new(table, TableRows.Row);
    private readonly TableRows _deadLetters = new(deadLetters, TableRows.DeadLetter);

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

        VerifyReport report = VerifyAsync().GetAwaiter().GetResult();
        return report.IsProven ? end : throw Wrong(string.Join("; ", report.Findings));
    }

    private async Task<PipelineCheck> CheckAsync()
    {
        if (await OpenAsync(table) is not { } opened
            || await opened.SnapshotAsync(null, CancellationToken.None) is not { Instant: not null } snapshot)
        {
            return default;
        }

        List<string> rows = [];
        List<string> bad = [];
        foreach (CompletedInstant instant in snapshot.Timeline)
        {
            Ledger ledger = instant.Metadata.Ledger ?? throw Wrong($"{instant.Time} has no ledger");
            (rows, bad) = trips.Fold(partition => EndOf(ledger, partition));
            IEnumerable<FileSlice> slices = snapshot.FileSlices
                .Where(slice => string.CompareOrdinal(slice.Instant, instant.Time) <= 0);
            MustEqual($"at {instant.Time}", rows, await _rows.ReadAsync(slices.Select(static slice => slice.Path)));
        }

        MustEqual("by hudi-rs' rule", rows, await _rows.ReadAsync(await HudiRsRule.SelectAsync(table, snapshot, CancellationToken.None)));
        List<string> dead = await ReadDeadLettersAsync();
        (List<string> allRows, List<string> allBad) = trips.Fold(static _ => long.MaxValue);
        IsComplete = allRows.SequenceEqual(rows) && allBad.SequenceEqual(dead);
        if (dead.Count != dead.Distinct().Count() || dead.Except(bad).Any())
        {
            // They follow the primary: until it is rolled forward some may be missing, never too many.
            throw Wrong("dead letters are there twice, or are none, or lie beyond the ledger");
        }

        return new PipelineCheck(rows.Count, dead.Count, snapshot.Timeline.Length);
    }

    private async Task<List<string>> ReadDeadLettersAsync()
    {
        if (await OpenAsync(deadLetters) is not { } opened)
        {
            return [];
        }

        TableSnapshot snapshot = await opened.SnapshotAsync(null, CancellationToken.None);
        List<string> dead = await _deadLetters.ReadAsync(snapshot.FileSlices.Select(static slice => slice.Path));
        List<ObjectPath> rust = snapshot.Instant is null
            ? []
            : await HudiRsRule.SelectAsync(deadLetters, snapshot, CancellationToken.None);
        return snapshot.Instant is null || dead.SequenceEqual(await _deadLetters.ReadAsync(rust))
            ? dead
            : throw Wrong("hudi-rs sees other dead letters");
    }

    private async Task<VerifyReport> VerifyAsync()
    {
        HudiTable opened = await OpenAsync(table) ?? throw Wrong("there is no table");
        TableFacts facts = await TableFactsReader.ReadAsync(opened, (_, _) => OpenAsync(deadLetters), CancellationToken.None);
        return TableVerifier.Verify(facts);
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
internal readonly record struct PipelineCheck(int Rows, int DeadLetters, int Instants);

/// <summary>The table is not what the log says.</summary>
internal sealed class SimulationOracleException(string message) : Exception(message);
