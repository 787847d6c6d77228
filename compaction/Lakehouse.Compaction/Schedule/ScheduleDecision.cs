using System.Globalization;

namespace Lakehouse.Compaction;

/// <summary>What a schedule does next.</summary>
internal abstract record ScheduleStep
{
    private ScheduleStep()
    {
    }

    /// <summary>Nothing, and why.</summary>
    internal sealed record Wait(string Reason) : ScheduleStep;

    /// <summary>Look how many small files there are, and decide again.</summary>
    internal sealed record Look : ScheduleStep;

    /// <summary>Compact now, and why.</summary>
    internal sealed record Run(string Reason) : ScheduleStep;
}

/// <summary>What a schedule knows.</summary>
internal sealed record ScheduleFacts
{
    /// <summary>What operators want.</summary>
    internal required CompactionOrders Orders { get; init; }

    /// <summary>The last order to run now that was obeyed.</summary>
    internal required string? Obeyed { get; init; }

    /// <summary>Who else is at work on the table, or null.</summary>
    internal required string? Other { get; init; }

    /// <summary>The time of the cron expression has come.</summary>
    internal required bool IsDue { get; init; }

    /// <summary>It is time to look at the table again.</summary>
    internal required bool LookIsDue { get; init; }

    /// <summary>What could be merged at a look a moment ago, or null.</summary>
    internal CompactionPlan? Seen { get; init; }

    /// <summary>Records that wait to be read; null: not known.</summary>
    internal required long? Lag { get; init; }
}

/// <summary>
/// Whether a table is compacted now. Pure. In this order:
/// 1. while another process is at work on the table: wait;
/// 2. an order to run now is obeyed, also while paused and whatever the lag;
/// 3. while paused, or while ingest lags: wait;
/// 4. when the cron expression is due: run;
/// 5. when enough small files can be merged, by number or by bytes: run.
/// </summary>
internal static class ScheduleDecision
{
    internal static ScheduleStep Next(ScheduleFacts facts, CompactionTriggers triggers)
    {
        if (facts.Other is { } other)
        {
            return new ScheduleStep.Wait($"{other} compacts this table");
        }

        if (facts.Orders.Run is { } run && run != facts.Obeyed)
        {
            return new ScheduleStep.Run("ordered");
        }

        if (WhyHeld(facts.Orders, facts.Lag, triggers) is { } reason)
        {
            return new ScheduleStep.Wait(reason);
        }

        if (facts.IsDue)
        {
            return new ScheduleStep.Run("due");
        }

        if (facts.Seen is { } seen)
        {
            return Count(seen, triggers);
        }

        return facts.LookIsDue && (triggers.SmallFiles is not null || triggers.SmallBytes is not null)
            ? new ScheduleStep.Look()
            : new ScheduleStep.Wait("not due");
    }

    /// <summary>Why no run may go on, or null.</summary>
    internal static string? WhyHeld(CompactionOrders orders, long? lag, CompactionTriggers triggers) =>
        orders.IsPaused ? "paused"
        : lag > triggers.LagMax ? FormattableString.Invariant($"ingest lags by {lag} records, more than {triggers.LagMax}")
        : null;

    private static ScheduleStep Count(CompactionPlan seen, CompactionTriggers triggers) =>
        seen.InputCount > 0 && seen.InputCount >= triggers.SmallFiles
            ? new ScheduleStep.Run(string.Create(CultureInfo.InvariantCulture, $"{seen.InputCount} small files"))
        : seen.InputCount > 0 && seen.InputBytes >= triggers.SmallBytes
            ? new ScheduleStep.Run(string.Create(CultureInfo.InvariantCulture, $"{seen.InputBytes >> 20} MiB in small files"))
        : new ScheduleStep.Wait("not due");
}
