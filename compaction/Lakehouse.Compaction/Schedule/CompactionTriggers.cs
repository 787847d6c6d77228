using Quartz;

namespace Lakehouse.Compaction;

/// <summary>When a table is compacted by itself, and when not.</summary>
public sealed record CompactionTriggers
{
    /// <summary>A Quartz cron expression, in UTC; null: by the small files alone.</summary>
    public string? Cron
    {
        get;
        init => field = value is null || WhyNotCron(value) is not { } reason ? value : throw new ArgumentException(reason, nameof(Cron));
    }

    /// <summary>As soon as so many small files can be merged; null: that is no reason.</summary>
    public int? SmallFiles { get; init; }

    /// <summary>As soon as small files of so many bytes can be merged; null: that is no reason.</summary>
    public long? SmallBytes { get; init; }

    /// <summary>How often the table is looked at for that.</summary>
    public TimeSpan LookEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>While more records than this wait to be read, ingest goes first; null: always side by side.</summary>
    public long? LagMax { get; init; }

    /// <summary>After a run files are cleaned that were replaced so many hours ago; null: never.</summary>
    public int? CleanAfterHours { get; init; } = 24;

    /// <summary>Why a text is no cron expression, in a sentence, or null when it is one.</summary>
    public static string? WhyNotCron(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            CronExpression.ValidateExpression(text);
            return null;
        }
        catch (FormatException wrong)
        {
            return $"'{text}' is no cron expression of Quartz, such as \"0 0/10 * * * ?\" for every ten minutes: {wrong.Message}";
        }
    }

    /// <summary>The first time after a time at which the cron expression is due; null: never, or there is none.</summary>
    internal DateTimeOffset? NextDue(DateTimeOffset after) =>
        Cron is null ? null : new CronExpression(Cron) { TimeZone = TimeZoneInfo.Utc }.GetNextValidTimeAfter(after);
}
