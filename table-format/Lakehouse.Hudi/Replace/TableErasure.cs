using Lakehouse.Parquet;
using Lakehouse.Storage;

namespace Lakehouse.Hudi;

/// <summary>How an erasure ended.</summary>
/// <param name="Instant">The instant that did it; null when no row matched and nothing was done.</param>
/// <param name="RowsErased">Rows gone.</param>
/// <param name="RowsKept">Rows of the same files that were written again.</param>
/// <param name="FilesReplaced">Files whose rows were looked through and replaced.</param>
public sealed record ErasureResult(string? Instant, long RowsErased, long RowsKept, int FilesReplaced);

/// <summary>
/// Takes rows out of a table: writes each file that holds a matching row again without those rows, staged, unseen, then commits all of
/// them as one <see cref="TableReplacement"/>, and begins again when that does not fit. One per process; not thread safe.
/// </summary>
public sealed class TableErasure
{
    private const int TriesMax = 5;
    private readonly TableReplacement _replacement;

    /// <summary>Prepares an erasure; nothing is touched.</summary>
    /// <param name="table">The table.</param>
    /// <param name="options">Settings; with how to open the tables that follow, where there are any.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Where names come from; must differ between processes.</param>
    public TableErasure(HudiTable table, CommitterOptions options, TimeProvider time, Random random) =>
        _replacement = new TableReplacement(table, "erasure", options, time, random);

    /// <summary>Cores that may help to write files again; null: the caller's thread does it alone.</summary>
    public IdleCores? Cores { get; init; }

    /// <summary>
    /// Erases rows. Throws <see cref="HudiException"/> for a table that follows another one, when a file is missing, or when others replace
    /// files again and again.
    /// </summary>
    public async Task<ErasureResult> RunAsync(IRowCondition condition, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(condition);
        await _replacement.ProbeAsync(cancellation);
        string reason = "";
        try
        {
            for (int tries = 0; tries < TriesMax; tries++)
            {
                ObjectPath staging = _replacement.StagingFolder();
                try
                {
                    if (await PlanAsync(condition, staging, cancellation) is not var (on, plan))
                    {
                        return new ErasureResult(null, 0, 0, 0);
                    }

                    switch (await CommitAsync(on, plan, cancellation))
                    {
                        case CommitResult.Committed committed:
                            return new ErasureResult(
                                committed.Instant, plan.RowsTaken, plan.Files.Sum(static f => f.RowCount), plan.Replaced.Length);
                        case CommitResult.Conflicted conflicted:
                            reason = conflicted.Reason;
                            break;
                    }
                }
                finally
                {
                    await _replacement.DeleteStagingAsync(staging);
                }
            }
        }
        finally
        {
            await _replacement.LeaveLineAsync();
        }

        throw new HudiException(_replacement.Table.Store.Root, $"nothing was erased: {reason}. Try again when less is going on.");
    }

    /// <summary>Stages what stays; null when no row matches.</summary>
    internal async Task<(ReplaceBase On, Replacement Plan)?> PlanAsync(
        IRowCondition condition, ObjectPath staging, CancellationToken cancellation)
    {
        if (await _replacement.SettleAsync(cancellation) is not { } on)
        {
            return null;
        }

        Replacement plan = await FileRewriting.RunAsync(
            _replacement.Table, on.Snapshot, staging, condition,
            (rows, _) => ValueTask.FromResult(condition.Evaluate(rows)), cancellation, Cores);
        return plan.RowsTaken == 0 ? null : (on, plan);
    }

    internal Task<CommitResult> CommitAsync(ReplaceBase on, Replacement plan, CancellationToken cancellation) =>
        _replacement.CommitAsync(on, plan, cancellation);
}
