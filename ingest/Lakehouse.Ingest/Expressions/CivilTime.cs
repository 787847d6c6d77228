namespace Lakehouse.Ingest;

/// <summary>Days and microseconds since 1970-01-01T00:00Z as calendar fields (proleptic Gregorian, any year).</summary>
internal static class CivilTime
{
    internal const long MicrosPerMilli = 1000;
    internal const long MicrosPerSecond = 1_000_000;
    internal const long MicrosPerDay = 86_400 * MicrosPerSecond;

    // Counted in eras of 400 years that start on 1 March, so that the leap day is a year's last
    // (Hinnant, "chrono-compatible date algorithms").
    private const long DaysPerEra = 146_097;
    private const long DaysToEpoch = 719_468;

    internal static long FloorDivide(long value, long divisor)
    {
        long quotient = value / divisor;
        return value % divisor < 0 ? quotient - 1 : quotient;
    }

    internal static (long Year, int Month, int Day) FromDays(long days)
    {
        days += DaysToEpoch;
        long era = FloorDivide(days, DaysPerEra);
        long dayOfEra = days - (era * DaysPerEra);
        long yearOfEra = (dayOfEra - (dayOfEra / 1460) + (dayOfEra / 36_524) - (dayOfEra / 146_096)) / 365;
        long dayOfYear = dayOfEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
        long monthFromMarch = ((5 * dayOfYear) + 2) / 153;
        int day = (int)(dayOfYear - (((153 * monthFromMarch) + 2) / 5) + 1);
        int month = (int)(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9);
        return (yearOfEra + (era * 400) + (month <= 2 ? 1 : 0), month, day);
    }
}

/// <summary>The day that a time in microseconds falls on.</summary>
internal readonly struct MicrosToDate : IMap<long, int>
{
    public bool TryApply(long value, out int result)
    {
        result = (int)CivilTime.FloorDivide(value, CivilTime.MicrosPerDay);
        return true;
    }
}

internal readonly struct DateToMicros : IMap<int, long>
{
    public bool TryApply(int value, out long result) =>
        new MultiplyLong().TryApply(value, CivilTime.MicrosPerDay, out result);
}

internal readonly struct MillisToMicros : IMap<long, long>
{
    public bool TryApply(long value, out long result) =>
        new MultiplyLong().TryApply(value, CivilTime.MicrosPerMilli, out result);
}

internal readonly struct TimeMillisToMicros : IMap<int, long>
{
    public bool TryApply(int value, out long result)
    {
        result = value * CivilTime.MicrosPerMilli;
        return true;
    }
}

/// <summary>Of a time of day.</summary>
internal readonly struct MicrosToTimeMillis : IMap<long, int>
{
    public bool TryApply(long value, out int result)
    {
        result = (int)(value / CivilTime.MicrosPerMilli);
        return true;
    }
}

internal readonly struct MicrosToMillis : IMap<long, long>
{
    public bool TryApply(long value, out long result)
    {
        result = CivilTime.FloorDivide(value, CivilTime.MicrosPerMilli);
        return true;
    }
}

/// <summary>One calendar field of a time in microseconds.</summary>
internal readonly struct CalendarField(char field) : IMap<long, int>
{
    public bool TryApply(long value, out int result)
    {
        long days = CivilTime.FloorDivide(value, CivilTime.MicrosPerDay);
        if (field == 'H')
        {
            result = (int)((value - (days * CivilTime.MicrosPerDay)) / (3600 * CivilTime.MicrosPerSecond));
            return true;
        }

        (long year, int month, int day) = CivilTime.FromDays(days);
        result = field switch { 'y' => (int)year, 'M' => month, _ => day };
        return true;
    }
}
