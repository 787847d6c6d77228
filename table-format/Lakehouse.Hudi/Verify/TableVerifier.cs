using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>
/// Proves from facts alone that a table holds every record once. Pure: no store, no clock.
/// <list type="number">
/// <item>Walk the instants, oldest first. Each range starts where the ledger before it ends (no gap, no overlap) and ends where its own
/// instant's ledger does; every other entry of the ledger is carried forward unchanged.</item>
/// <item>In each range read = written + filtered + deduplicated + dead-lettered + routed, and no more was read than there are offsets. Fewer
/// is fine: transaction markers and log compaction leave holes.</item>
/// <item>The rows of an instant's files, by its statistics and by the footers, are what its ranges say was written, or what it says that it
/// replayed.</item>
/// <item>The rows of files that replace others are the others' rows without those that were erased or replayed.</item>
/// <item>Each commit gave the tables that follow the routed rows and the dead letters of its ranges, without those that it replayed, and
/// each of these tables got from each commit what that says.</item>
/// <item>Every named file is there with its size, no other data file is, and every partition has its metadata.</item>
/// </list>
/// </summary>
public static class TableVerifier
{
    /// <summary>Verifies a table.</summary>
    public static VerifyReport Verify(TableFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var findings = ImmutableArray.CreateBuilder<Finding>();
        var summaries = new SortedDictionary<LedgerKey, PartitionSummary>();
        Ledger? before = facts.Before;
        foreach (InstantFacts instant in facts.Instants)
        {
            foreach (OffsetRange range in instant.Ranges)
            {
                CheckCounts(instant, range, findings);
                Summarise(range, summaries);
            }

            CheckReplaced(instant, findings);
            if (!facts.IsFollower)
            {
                CheckLedger(instant, before, findings);
                CheckRows(instant, facts.Footers, findings);
                foreach (ReplayedCount replayed in instant.Replayed)
                {
                    Summarise(replayed, instant.Ledger ?? before, summaries);
                }
            }

            before = instant.Ledger ?? before;
        }

        findings.AddRange(facts.MissingInstants.Select(instant => new Finding(FindingKind.MissingInstant, instant,
            "The sequence says that it was committed, but its completed file is not on the timeline; its rows may be invisible.")));
        CheckFiles(facts, findings);
        CheckFollowers(facts, findings);
        var replaced = facts.Instants.SelectMany(i => i.Replaced).Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        ImmutableArray<NamedFile> files =
            [.. facts.Instants.SelectMany(i => i.Files).DistinctBy(f => f.Path).Where(f => !replaced.Contains(f.Path))];
        return new VerifyReport
        {
            Findings = findings.ToImmutable(),
            Partitions = [.. summaries.Values],
            InstantCount = facts.Instants.Length,
            FileCount = files.Length,
            AcceptedLosses = [.. facts.Instants.SelectMany(i => i.Ranges.Where(r => r.JumpedFrom is not null).Select(r =>
                FormattableString.Invariant($"{Where(i, r.Key)}: reading went on at {r.Start} instead of {r.JumpedFrom} (on_data_loss)")))],
            RowsErased = facts.Instants.Sum(i => i.RowsErased),
            RowsReplayed = facts.Instants.Sum(i => i.Replayed.Sum(r => r.Total)),
            RowCount = files.Sum(f => facts.Footers.TryGetValue(f.Path, out FooterFacts footer) ? footer.RowCount : 0),
            ByteCount = files.Sum(f => facts.Objects.GetValueOrDefault(f.Path)),
        };
    }

    private static void CheckCounts(InstantFacts instant, OffsetRange range, ImmutableArray<Finding>.Builder findings)
    {
        long accounted = range.Written + range.Filtered + range.Deduplicated + range.DeadLettered + range.Routed;
        if (range.Read != accounted)
        {
            findings.Add(new Finding(FindingKind.CountMismatch, Where(instant, range.Key), FormattableString.Invariant(
                $"{range.Read} records read, but {range.Written} written + {range.Filtered} filtered + {range.Deduplicated} ")
                + FormattableString.Invariant($"deduplicated + {range.DeadLettered} dead-lettered + {range.Routed} routed = {accounted}.")));
        }

        if (range.End < range.Start || range.Read > range.End - range.Start)
        {
            findings.Add(new Finding(FindingKind.CountMismatch, Where(instant, range.Key), FormattableString.Invariant(
                $"{range.Read} records read from offsets {range.Start} to before {range.End}, ")
                + FormattableString.Invariant($"which hold at most {Math.Max(0, range.End - range.Start)}.")));
        }
    }

    private static void Summarise(OffsetRange range, SortedDictionary<LedgerKey, PartitionSummary> summaries)
    {
        PartitionSummary so = summaries.TryGetValue(range.Key, out PartitionSummary? known)
            ? known
            : new PartitionSummary(range.Key, range.Start, range.Start, 0, 0, 0, 0, 0);
        summaries[range.Key] = so with
        {
            EndOffset = range.End,
            Read = so.Read + range.Read,
            Written = so.Written + range.Written,
            Filtered = so.Filtered + range.Filtered,
            Deduplicated = so.Deduplicated + range.Deduplicated,
            DeadLettered = so.DeadLettered + range.DeadLettered,
            Routed = so.Routed + range.Routed,
        };
    }

    /// <summary>A part of the history may know a partition by its replayed dead letters alone.</summary>
    private static void Summarise(ReplayedCount replayed, Ledger? ledger, SortedDictionary<LedgerKey, PartitionSummary> summaries)
    {
        long end = ledger?.Entries.GetValueOrDefault(replayed.Key)?.EndOffset ?? 0;
        PartitionSummary so = summaries.GetValueOrDefault(replayed.Key) ?? new PartitionSummary(replayed.Key, end, end, 0, 0, 0, 0, 0);
        summaries[replayed.Key] = so with
        {
            Written = so.Written + replayed.Written,
            Filtered = so.Filtered + replayed.Filtered,
            Routed = so.Routed + replayed.Routed,
            Replayed = so.Replayed + replayed.Total,
        };
    }

    private static void CheckLedger(InstantFacts instant, Ledger? before, ImmutableArray<Finding>.Builder findings)
    {
        if (instant.Ledger is not { } ledger)
        {
            findings.Add(new Finding(FindingKind.LedgerNotCarried, instant.Time,
                "The instant carries no ledger. Another writer may have committed to this table."));
            return;
        }

        HashSet<LedgerKey> moved = [];
        foreach (OffsetRange range in instant.Ranges)
        {
            if (!moved.Add(range.Key))
            {
                findings.Add(new Finding(FindingKind.Overlap, Where(instant, range.Key), "The instant has two ranges of this partition."));
            }

            CheckContinuity(instant, range, before, findings);
            long? end = ledger.Entries.TryGetValue(range.Key, out LedgerEntry? entry) ? entry.EndOffset : null;
            if (end != range.End)
            {
                findings.Add(new Finding(FindingKind.LedgerMismatch, Where(instant, range.Key), FormattableString.Invariant(
                    $"The range ends at {range.End}, the ledger of the same instant at {(end is { } e ? e : "nothing")}.")));
            }
        }

        if (before is null || ledger.HistoryEpoch != before.HistoryEpoch)
        {
            return; // a restore starts a new history: the ledger is rewound on purpose
        }

        foreach ((LedgerKey key, LedgerEntry entry) in before.Entries)
        {
            long? now = ledger.Entries.TryGetValue(key, out LedgerEntry? carried) ? carried.EndOffset : null;
            if (!moved.Contains(key) && now != entry.EndOffset)
            {
                findings.Add(new Finding(FindingKind.LedgerNotCarried, Where(instant, key), FormattableString.Invariant(
                    $"The ledger said {entry.EndOffset} before and says {(now is { } n ? n : "nothing")} now, without a range.")));
            }
        }
    }

    private static void CheckContinuity(
        InstantFacts instant, OffsetRange range, Ledger? before, ImmutableArray<Finding>.Builder findings)
    {
        long continued = range.JumpedFrom ?? range.Start; // a loss that the pipeline was told to accept is a jump, not a gap
        if (before is null || !before.Entries.TryGetValue(range.Key, out LedgerEntry? last) || continued == last.EndOffset)
        {
            return;
        }

        findings.Add(continued > last.EndOffset
            ? new Finding(FindingKind.Gap, Where(instant, range.Key), FormattableString.Invariant(
                $"Offsets {last.EndOffset} to before {continued} are in no commit."))
            : new Finding(FindingKind.Overlap, Where(instant, range.Key), FormattableString.Invariant(
                $"Offsets {range.Start} to before {Math.Min(last.EndOffset, range.End)} were already committed.")));
    }

    private static void CheckRows(
        InstantFacts instant, ImmutableDictionary<string, FooterFacts> footers, ImmutableArray<Finding>.Builder findings)
    {
        long recorded = instant.Files.Sum(f => f.RowCount);
        if (instant.Ranges.Length > 0 || instant.Action == "commit")
        {
            long written = instant.Ranges.Sum(r => r.Written) + instant.Replayed.Sum(r => r.Written);
            if (written != recorded)
            {
                findings.Add(new Finding(FindingKind.CountMismatch, instant.Time, FormattableString.Invariant(
                    $"It says that {written} rows were written, its files hold {recorded} by its statistics.")));
            }
        }

        foreach (NamedFile file in instant.Files)
        {
            if (footers.TryGetValue(file.Path, out FooterFacts footer) && footer.Unreadable is null && footer.RowCount != file.RowCount)
            {
                findings.Add(new Finding(FindingKind.CountMismatch, $"{instant.Time} {file.Path}", FormattableString.Invariant(
                    $"The instant says {file.RowCount} rows, the file's footer {footer.RowCount}.")));
            }
        }
    }

    private static void CheckReplaced(InstantFacts instant, ImmutableArray<Finding>.Builder findings)
    {
        long recorded = instant.Files.Sum(f => f.RowCount);
        long replaced = instant.Replaced.Sum(f => f.RowCount);
        long taken = instant.RowsErased + instant.Replayed.Sum(r => r.Total);
        if (!instant.ReplacedUnknown && replaced > 0 && recorded != replaced - taken)
        {
            findings.Add(new Finding(FindingKind.CountMismatch, instant.Time, FormattableString.Invariant(
                $"It replaced files of {replaced} rows and took {taken} of them out, but its files hold {recorded}.")));
        }
    }

    private static void CheckFiles(TableFacts facts, ImmutableArray<Finding>.Builder findings)
    {
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (InstantFacts instant in facts.Instants)
        {
            foreach (NamedFile file in instant.Files)
            {
                if (!named.TryAdd(file.Path, instant.Time))
                {
                    findings.Add(new Finding(FindingKind.NamedTwice, $"{instant.Time} {file.Path}",
                        $"Instant {named[file.Path]} names this file too."));
                    continue;
                }

                CheckFile(instant, file, facts, findings);
            }
        }

        IEnumerable<string> dataFiles = facts.Objects.Keys.Where(p => p.EndsWith(".parquet", StringComparison.Ordinal));
        foreach (string path in dataFiles.Order(StringComparer.Ordinal))
        {
            if (!named.ContainsKey(path) && !(facts.IsPruned && IsOlderThanTimeline(path, facts)))
            {
                findings.Add(new Finding(FindingKind.UnnamedFile, path,
                    "No completed instant names this file; some readers see its rows."));
            }
        }

        IEnumerable<string> partitions = facts.Instants.SelectMany(i => i.Files).Select(f => f.PartitionPath).Distinct();
        foreach (string partition in partitions.Order(StringComparer.Ordinal))
        {
            string path = partition.Length == 0 ? PartitionPath.MetadataName : $"{partition}/{PartitionPath.MetadataName}";
            if (!facts.Objects.ContainsKey(path))
            {
                findings.Add(new Finding(FindingKind.MissingPartitionMetadata, path,
                    "The file is missing: Spark sees no rows in this partition."));
            }
        }
    }

    private static void CheckFile(InstantFacts instant, NamedFile file, TableFacts facts, ImmutableArray<Finding>.Builder findings)
    {
        string where = $"{instant.Time} {file.Path}";
        if (!facts.Objects.TryGetValue(file.Path, out long size))
        {
            if (facts.CleanedFiles.Contains(file.Path))
            {
                return; // it was replaced, and a clean has taken it away
            }

            findings.Add(new Finding(FindingKind.MissingFile, where, FormattableString.Invariant(
                $"The file is not on storage; {file.RowCount} rows are gone.")));
            return;
        }

        if (size != file.ByteCount)
        {
            findings.Add(new Finding(FindingKind.SizeMismatch, where, FormattableString.Invariant(
                $"The file has {size} bytes, the instant says {file.ByteCount}.")));
        }

        if (facts.Footers.TryGetValue(file.Path, out FooterFacts footer) && footer.Unreadable is { } reason)
        {
            findings.Add(new Finding(FindingKind.UnreadableFile, where, reason));
        }
    }

    /// <summary>Whether a file's instant lies before the first one that is still on the timeline.</summary>
    private static bool IsOlderThanTimeline(string path, TableFacts facts) =>
        DataFileName.TryParse(path[(path.LastIndexOf('/') + 1)..], out DataFileName name)
        && ((facts.Since is { } since && string.CompareOrdinal(name.Instant, since) <= 0)
            || (!facts.Instants.IsEmpty && string.CompareOrdinal(name.Instant, facts.Instants[0].Time) < 0));

    private static void CheckFollowers(TableFacts facts, ImmutableArray<Finding>.Builder findings)
    {
        foreach (FollowerFacts follower in facts.Followers)
        {
            ImmutableArray<FollowedCommit> wrong = [.. follower.Commits.Where(static c => c.RowsFound != c.RowsCommitted)];
            findings.AddRange(wrong.Select(c => new Finding(FindingKind.FollowerMismatch, $"{c.Instant} {follower.Location}",
                FormattableString.Invariant($"The commit gave the table {c.RowsCommitted} rows, {c.RowsFound} of them came there."))));
            if (wrong.IsEmpty && follower.RowsFound is { } found && found != follower.RowsCommitted)
            {
                findings.Add(new Finding(FindingKind.FollowerMismatch, follower.Location, FormattableString.Invariant(
                    $"The table holds {found} rows, the commits of this one gave it {follower.RowsCommitted}.")));
            }
        }

        foreach (InstantFacts instant in facts.IsFollower ? [] : facts.Instants)
        {
            CheckGiven(instant, "routes", instant.RoutedGiven,
                instant.Ranges.Sum(static r => r.Routed) + instant.Replayed.Sum(static r => r.Routed), findings);
            CheckGiven(instant, "dead letters", instant.DeadLettersGiven,
                instant.Ranges.Sum(static r => r.DeadLettered) - instant.Replayed.Sum(static r => r.Total), findings);
        }
    }

    private static void CheckGiven(
        InstantFacts instant, string where, long? given, long counted, ImmutableArray<Finding>.Builder findings)
    {
        if (given is { } rows && rows != counted)
        {
            findings.Add(new Finding(FindingKind.FollowerMismatch, $"{instant.Time} {where}", FormattableString.Invariant(
                $"By its ranges and replays {counted} records went there, the commit gave those tables {rows} rows.")));
        }
    }

    private static string Where(InstantFacts instant, LedgerKey key) =>
        FormattableString.Invariant($"{instant.Time} {key.Pipeline}: {key.Topic}-{key.Partition}");
}
