using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Parquet;

namespace Lakehouse.Service;

/// <summary>One verification of a table and of the tables that follow it.</summary>
/// <param name="Table">The table.</param>
/// <param name="Report">What was found.</param>
/// <param name="OffsetsSkipped">Why the rows' own coordinates were not read, or null when they were.</param>
/// <param name="Followers">The checks of the tables that follow.</param>
/// <param name="FollowersOutOfReach">Locations of such tables that could not be opened from here.</param>
internal sealed record TableCheck(
    HudiTable Table,
    VerifyReport Report,
    string? OffsetsSkipped,
    ImmutableArray<TableCheck> Followers,
    ImmutableArray<string> FollowersOutOfReach)
{
    /// <summary>
    /// Whether the rows of the table and of all that follow it were held against each other: each record is in exactly one of them, or there
    /// is a finding. False where something of them was not looked at.
    /// </summary>
    internal bool IsTogether { get; init; }

    /// <summary>Tables up to this size have the coordinates of their rows read without being asked.</summary>
    internal const long OffsetsByDefaultRowCountMax = 20_000_000;

    /// <summary>True when neither the table nor a follower has a finding.</summary>
    internal bool IsProven => Report.IsProven && Followers.All(f => f.IsProven);

    /// <summary>Verifies all of a table. <paramref name="offsets"/>: read the rows' coordinates; null decides by the table's size.</summary>
    internal static Task<TableCheck> RunAsync(HudiTable table, bool? offsets, CancellationToken cancellation) =>
        RunAsync(table, InstantRange.Whole, offsets, deep: false, cancellation);

    /// <summary>Verifies a part of a table's history; <paramref name="deep"/> reads and hashes every value.</summary>
    internal static Task<TableCheck> RunAsync(
        HudiTable table, InstantRange range, bool? offsets, bool deep, CancellationToken cancellation) =>
        RunAsync(table, range, new TableCheckScope(Tables.TryOpenAsync, new OffsetCoverage(), offsets, deep), cancellation);

    /// <summary>The same with another way to open the tables that follow.</summary>
    internal static async Task<TableCheck> RunAsync(
        HudiTable table, InstantRange range, TableCheckScope scope, CancellationToken cancellation)
    {
        var followers = new Dictionary<string, HudiTable>(StringComparer.Ordinal);
        TableFacts facts = await TableFactsReader.ReadAsync(table, range, async (location, stop) =>
        {
            HudiTable? follower = await scope.OpenFollower(location, stop);
            if (follower is not null)
            {
                followers[location] = follower;
            }

            return follower;
        }, cancellation);
        VerifyReport report = TableVerifier.Verify(facts);
        TableSnapshot snapshot = await table.SnapshotAsync(range.At, cancellation);
        string? skipped = WhySkipped(facts, report, scope.Offsets ?? (scope.IsDeep ? true : null));
        if (skipped is null)
        {
            TableSnapshot part = snapshot with { FileSlices = [.. snapshot.FileSlices.Where(f => range.Has(f.Instant))] };
            report = await ReadOffsetsAsync(table, part, scope.Coverage, report, cancellation);
        }

        if (scope.IsDeep)
        {
            DeepReport values = await DeepReader.ReadAsync(table, snapshot, range.Since, cancellation);
            report = report with { Deep = values, Findings = [.. report.Findings.Union(values.Findings)] };
        }

        var checks = ImmutableArray.CreateBuilder<TableCheck>();
        foreach (FollowerFacts follower in facts.Followers.Where(f => f.Range is not null))
        {
            // One that is behind still holds what has been replayed from it.
            TableCheckScope own = follower.IsBehind ? scope with { Coverage = new OffsetCoverage() } : scope;
            checks.Add(await RunAsync(followers[follower.Location], follower.Range!, own, cancellation)); // the condition above
        }

        var check = new TableCheck(table, report, skipped, checks.ToImmutable(),
            [.. facts.Followers.Where(f => f.RowsFound is null).Select(f => f.Location)]);
        return !facts.IsFollower && IsAllThere(facts, check) ? Together(check, scope.Coverage) : check;
    }

    /// <summary>In a part of the history, replays and erasures touch records of before it; then the part alone does not add up.</summary>
    private static bool IsAllThere(TableFacts facts, TableCheck check) =>
        facts.Followers.All(static f => f.RowsFound is not null && !f.IsBehind)
        && check.OffsetsSkipped is null
        && check.Followers.All(static f => f.OffsetsSkipped is null)
        && (!facts.IsPruned || (check.Report.RowsReplayed == 0 && RowsErased(check) == 0));

    private static long RowsErased(TableCheck check) => check.Report.RowsErased + check.Followers.Sum(static f => f.Report.RowsErased);

    private static TableCheck Together(TableCheck check, OffsetCoverage coverage)
    {
        ImmutableArray<Finding> findings = TogetherVerifier.Verify(check.Report.Partitions, coverage, RowsErased(check));
        return check with { IsTogether = true, Report = check.Report with { Findings = check.Report.Findings.AddRange(findings) } };
    }

    private static string? WhySkipped(TableFacts facts, VerifyReport report, bool? offsets) =>
        OffsetReader.WhyImpossible(facts.Instants.SelectMany(i => i.Ranges))
        ?? (report.Findings.Any(f => f.Kind is FindingKind.UnreadableFile or FindingKind.MissingFile)
            ? "some files cannot be read"
            : offsets switch
            {
                true => null,
                false => "--offsets false was given",
                null when report.RowCount <= OffsetsByDefaultRowCountMax => null,
                null => "the table is large; --offsets reads them",
            });

    private static async Task<VerifyReport> ReadOffsetsAsync(
        HudiTable table, TableSnapshot snapshot, OffsetCoverage coverage, VerifyReport report, CancellationToken cancellation)
    {
        (long rowsBefore, ImmutableArray<Finding> findingsBefore) = (coverage.RowCount, coverage.Findings);
        try
        {
            await OffsetReader.ReadAsync(table, snapshot, coverage, cancellation);
        }
        catch (ParquetFormatException e)
        {
            return report with { Findings = report.Findings.Add(new Finding(FindingKind.UnreadableFile, table.Store.Root, e.Message)) };
        }

        return report with
        {
            OffsetsProven = coverage.RowCount - rowsBefore,
            Findings = [.. report.Findings, .. coverage.Findings.Except(findingsBefore)],
        };
    }
}

/// <summary>How far a verification goes.</summary>
/// <param name="OpenFollower">Opens the table at a follower's location; null when it cannot be reached.</param>
/// <param name="Coverage">Takes the coordinates of all rows: a table and those that follow it share them, so a record is in one of them.</param>
/// <param name="Offsets">Whether the rows' coordinates are read; null decides by the table's size.</param>
/// <param name="IsDeep">Whether every value is read and hashed.</param>
internal sealed record TableCheckScope(
    Func<string, CancellationToken, Task<HudiTable?>> OpenFollower, OffsetCoverage Coverage, bool? Offsets, bool IsDeep);
