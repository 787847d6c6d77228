using System.Globalization;

namespace Lakehouse.Hudi;

/// <summary>
/// Instant times: 17 digits <c>yyyyMMddHHmmssSSS</c>, UTC, strictly increasing over all actions of a table, so that their order as
/// text is their order in time (Hudi tech spec, timeline).
/// </summary>
public static class InstantTime
{
    /// <summary>Characters of an instant time.</summary>
    public const int Length = 17;

    /// <summary>What stands where the instant will be, until it is known.</summary>
    internal const string Placeholder = "00000000000000000";

    private const string Format = "yyyyMMddHHmmssfff";

    /// <summary>The instant of a point in time.</summary>
    public static string At(DateTimeOffset time) => time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture);

    /// <summary>The point in time of an instant. Throws <see cref="FormatException"/> when the text is none.</summary>
    public static DateTimeOffset Parse(string instant) => TryParse(instant, out DateTimeOffset time)
        ? time
        : throw new FormatException($"'{instant}' is not an instant time of 17 digits yyyyMMddHHmmssSSS.");

    /// <summary>Reads an instant of 17 digits, or of 14 as old tables have them.</summary>
    public static bool TryParse(string? instant, out DateTimeOffset time)
    {
        time = default;
        return instant is not null
            && instant.All(char.IsAsciiDigit)
            && instant.Length is Length or 14
            && DateTimeOffset.TryParseExact(
                instant.PadRight(Length, '0'), Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }

    /// <summary>The next instant: now, unless the clock stands at or before <paramref name="last"/>.</summary>
    public static string Next(DateTimeOffset now, string? last)
    {
        string next = At(now);
        return last is null || string.CompareOrdinal(next, last) > 0 ? next : At(Parse(last).AddMilliseconds(1));
    }
}
