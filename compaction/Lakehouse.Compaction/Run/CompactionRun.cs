using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Lakehouse.Hudi;
using Lakehouse.Storage;

namespace Lakehouse.Compaction;

/// <summary>
/// Merges the small files of a table once, beside its writers:
/// 1. Read the table as it is and plan which files become one (<see cref="CompactionPlanning"/>).
/// 2. Merge a batch of groups into staging, unseen. This takes as long as it takes; nobody waits for it.
/// 3. Commit the batch as one replacecommit. When others have replaced files or restored the table meanwhile, look again: merged files
/// whose inputs are all still live are proposed again, the others are dropped, their rows being in other files now or gone.
/// 4. Go on with the next batch on the table as it is then.
/// A death at any point leaves staging, which nobody sees and a later run or a clean deletes. One per table and process; not thread safe.
/// </summary>
public sealed class CompactionRun
{
    private const int TriesMax = 5;
    private const long BatchBytes = 1L << 30;
    private const int BatchFilesMax = 32;
    private readonly TableReplacement _replacement;
    private readonly CompactionPolicy _policy;
    private readonly IGroupMerging _merging;
    private readonly TimeProvider _time;

    internal CompactionRun(TableReplacement replacement, CompactionPolicy policy, IGroupMerging merging, TimeProvider time) =>
        (_replacement, _policy, _merging, _time) = (replacement, policy, merging, time);

    /// <summary>A compaction of a table of Parquet files; nothing is touched.</summary>
    /// <param name="table">The table.</param>
    /// <param name="policy">What is merged.</param>
    /// <param name="options">Settings; with how to open the tables that follow, where there are any.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where names come from; must differ between processes.</param>
    public static CompactionRun Of(HudiTable table, CompactionPolicy policy, CommitterOptions options, TimeProvider time, Random random)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var replacement = new TableReplacement(table, "compaction", options, time, random);
        return new CompactionRun(replacement, policy, new ParquetGroupMerging(table, policy, time), time);
    }

    /// <summary>Asked before each output; once it says no, what is merged by then is committed and the run ends.</summary>
    public Func<CancellationToken, ValueTask<bool>> GoesOn { get; init; } = static _ => ValueTask.FromResult(true);

    /// <summary>Gets the plan when it is made.</summary>
    public Action<CompactionPlan>? Planned { get; init; }

    /// <summary>Gets how it stands after each batch.</summary>
    public Action<CompactionResult>? Progressed { get; init; }

    /// <summary>What a compaction would do now. Changes nothing.</summary>
    public static async Task<CompactionPlan> PlanAsync(
        HudiTable table, CompactionPolicy policy, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(time);
        TableSnapshot snapshot = await table.SnapshotAsync(null, cancellation);
        return CompactionPlanning.Plan(CompactionFacts.Of(snapshot), policy, time.GetUtcNow());
    }

    /// <summary>How each group of a plan would be merged, one after the other. Changes nothing; reads footers and dictionaries.</summary>
    public static async IAsyncEnumerable<GroupForecast> ForecastAsync(
        HudiTable table,
        CompactionPolicy policy,
        CompactionPlan plan,
        TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var merging = new ParquetGroupMerging(table, policy, time);
        foreach (CompactionGroup group in plan.Groups)
        {
            yield return await merging.ForecastAsync(group, cancellation);
        }
    }

    /// <summary>
    /// Runs to the end of the plan, until <see cref="GoesOn"/> says no, or until stopped. Throws <see cref="HudiException"/> for a table that
    /// follows another one or lacks a file.
    /// </summary>
    public async Task<CompactionResult> RunAsync(CancellationToken cancellation)
    {
        await _replacement.ProbeAsync(cancellation);
        try
        {
            if (await _replacement.SettleAsync(cancellation) is not { } on)
            {
                return new CompactionResult(CompactionPlan.None);
            }

            if (on.Snapshot.MissingFiles.FirstOrDefault() is { } missing)
            {
                throw new HudiException(
                    _replacement.Table.Store.Root, $"'{missing}' is named by its timeline and is not on storage; nothing was merged.");
            }

            CompactionPlan plan = CompactionPlanning.Plan(CompactionFacts.Of(on.Snapshot), _policy, _time.GetUtcNow());
            Planned?.Invoke(plan);
            var result = new CompactionResult(plan);
            foreach (CompactionGroup[] batch in Batches(plan.Groups))
            {
                ObjectPath staging = _replacement.StagingFolder();
                try
                {
                    result = await MergeAsync(on, batch, staging, result, cancellation);
                }
                finally
                {
                    await _replacement.DeleteStagingAsync(staging);
                }

                Progressed?.Invoke(result);
                if (result.IsCutShort || await _replacement.SettleAsync(cancellation) is not { } now)
                {
                    break;
                }

                on = now;
            }

            return result;
        }
        finally
        {
            await _replacement.LeaveLineAsync();
        }
    }

    private static IEnumerable<CompactionGroup[]> Batches(ImmutableArray<CompactionGroup> groups)
    {
        List<CompactionGroup> batch = [];
        long bytes = 0;
        foreach (CompactionGroup group in groups)
        {
            if (batch.Count == BatchFilesMax || (batch.Count > 0 && bytes + group.ByteCount > BatchBytes))
            {
                yield return [.. batch];
                batch.Clear();
                bytes = 0;
            }

            batch.Add(group);
            bytes += group.ByteCount;
        }

        if (batch.Count > 0)
        {
            yield return [.. batch];
        }
    }

    /// <summary>Steps 2 and 3.</summary>
    private async Task<CompactionResult> MergeAsync(
        ReplaceBase on, CompactionGroup[] batch, ObjectPath staging, CompactionResult result, CancellationToken cancellation)
    {
        var merged = new MergedGroup?[batch.Length];
        bool goesOn = true;
        await SideBySide.RunAsync(
            Enumerable.Range(0, batch.Length),
            _policy.Concurrency,
            async (i, stop) =>
            {
                if ((goesOn = goesOn && await GoesOn(stop)) && on.Has(GroupsOf(batch[i])))
                {
                    merged[i] = await MergeAsync(batch[i], staging, stop);
                }
            },
            cancellation);
        ImmutableArray<(StagedFile File, MergedFile From)> files = [.. merged.SelectMany(static m => m?.Files ?? [])];
        result = result with
        {
            IsCutShort = !goesOn,
            Refused = [.. result.Refused, .. merged.SelectMany(static m => m?.Refused ?? [])],
        };
        return files.IsEmpty ? result : await CommitAsync(on, files, result, cancellation);
    }

    /// <summary>An input that is gone because others have replaced it is no error.</summary>
    private async Task<MergedGroup?> MergeAsync(CompactionGroup group, ObjectPath staging, CancellationToken cancellation)
    {
        try
        {
            return await _merging.MergeAsync(group, staging, cancellation);
        }
        catch (ObjectStoreException)
        {
            TableSnapshot now = await _replacement.Table.SnapshotAsync(null, cancellation);
            if (new ReplaceBase(now).Has(GroupsOf(group)) && !now.MissingFiles.Any())
            {
                throw;
            }

            return null;
        }
    }

    private async Task<CompactionResult> CommitAsync(
        ReplaceBase on, ImmutableArray<(StagedFile File, MergedFile From)> files, CompactionResult result, CancellationToken cancellation)
    {
        for (int tries = 0; tries < TriesMax && !files.IsEmpty; tries++)
        {
            Replacement what = Replacement.OfMerged(files);
            if (await _replacement.CommitAsync(on, what, cancellation) is CommitResult.Committed committed)
            {
                return result with
                {
                    Instants = result.Instants.Add(committed.Instant),
                    FilesMerged = result.FilesMerged + what.Replaced.Length,
                    FilesWritten = result.FilesWritten + files.Length,
                    RowCount = result.RowCount + files.Sum(static f => f.File.RowCount),
                    BytesMerged = result.BytesMerged + files.Sum(static f => f.From.Inputs.Sum(static i => i.ByteCount)),
                    BytesWritten = result.BytesWritten + files.Sum(static f => f.File.ByteCount),
                };
            }

            if (await _replacement.SettleAsync(cancellation) is not { } now)
            {
                break;
            }

            on = now;
            ImmutableArray<(StagedFile File, MergedFile From)> live =
                [.. files.Where(f => on.Has(Replacement.OfMerged([f]).Replaced))];
            result = result with { FilesDropped = result.FilesDropped + files.Length - live.Length };
            files = live;
        }

        return result with { FilesDropped = result.FilesDropped + files.Length };
    }

    private static IEnumerable<ReplacedGroup> GroupsOf(CompactionGroup group) =>
        group.Inputs.Select(static i => new ReplacedGroup(i.File.PartitionPath, i.File.FileId, null));
}
