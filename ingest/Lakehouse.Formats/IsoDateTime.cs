namespace Lakehouse.Formats;

/// <summary>
/// Dates and times as text (ISO 8601, the profile of RFC 3339): <c>2026-03-01</c>, <c>2026-03-01T12:30:00.123456Z</c>,
/// <c>2026-03-01 12:30+01:00</c>. Proleptic Gregorian, years 0001 to 9999. Read straight from UTF-8 bytes.
/// </summary>
public static class IsoDateTime
{
    private const int SecondsPerDay = 86_400;
    private const int MicrosPerSecond = 1_000_000;

    /// <summary>Reads <c>yyyy-MM-dd</c> as days since 1970-01-01; false for anything else.</summary>
    public static bool TryParseDate(ReadOnlySpan<byte> text, out int days)
    {
        days = 0;
        return text.Length == 10 && TryParseDays(text, out days);
    }

    /// <summary>
    /// Reads a date, or a date and a time with optional seconds, fraction and zone, as microseconds since 1970-01-01T00:00Z. Without a
    /// zone it is UTC; digits behind the microsecond (nine at most) are cut off. False for anything else.
    /// </summary>
    public static bool TryParseTimestamp(ReadOnlySpan<byte> text, out long micros)
    {
        micros = 0;
        if (text.Length < 10 || !TryParseDays(text, out int days))
        {
            return false;
        }

        micros = (long)days * SecondsPerDay * MicrosPerSecond;
        if (text.Length == 10)
        {
            return true;
        }

        ReadOnlySpan<byte> time = text[11..];
        if (text[10] is not ((byte)'T' or (byte)'t' or (byte)' ') || time.Length < 5 || time[2] != ':'
            || !TryParseDigits(time[..2], 23, out int hour) || !TryParseDigits(time[3..5], 59, out int minute))
        {
            return false;
        }

        micros += ((hour * 3600L) + (minute * 60)) * MicrosPerSecond;
        return TryParseSeconds(ref time, ref micros) && TryParseZone(time, ref micros);
    }

    /// <summary>Reads <c>HH:mm</c> with optional seconds and fraction, without a zone, as microseconds since midnight.</summary>
    public static bool TryParseTime(ReadOnlySpan<byte> time, out long micros)
    {
        micros = 0;
        if (time.Length < 5 || time[2] != ':' || !TryParseDigits(time[..2], 23, out int hour) || !TryParseDigits(time[3..5], 59, out int minute))
        {
            return false;
        }

        micros = ((hour * 3600L) + (minute * 60)) * MicrosPerSecond;
        return TryParseSeconds(ref time, ref micros) && time.IsEmpty;
    }

    private static bool TryParseSeconds(ref ReadOnlySpan<byte> time, ref long micros)
    {
        if (time.Length == 5 || time[5] != ':')
        {
            time = time[5..];
            return true;
        }

        if (time.Length < 8 || !TryParseDigits(time[6..8], 59, out int second))
        {
            return false;
        }

        micros += (long)second * MicrosPerSecond;
        time = time[8..];
        if (time.IsEmpty || time[0] is not ((byte)'.' or (byte)','))
        {
            return true;
        }

        int digits = time[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = digits < 0 ? time.Length - 1 : digits;
        if (digits is < 1 or > 9)
        {
            return false;
        }

        int fraction = 0;
        for (int i = 1; i <= 6; i++)
        {
            fraction = (fraction * 10) + (i <= digits ? time[i] - '0' : 0);
        }

        micros += fraction;
        time = time[(digits + 1)..];
        return true;
    }

    /// <summary>Nothing, <c>Z</c>, <c>+01</c>, <c>+0100</c> or <c>+01:00</c>.</summary>
    private static bool TryParseZone(ReadOnlySpan<byte> zone, ref long micros)
    {
        if (zone.IsEmpty || (zone.Length == 1 && zone[0] is (byte)'Z' or (byte)'z'))
        {
            return zone.Length <= 1;
        }

        int minute = 0;
        bool valid = zone[0] is (byte)'+' or (byte)'-' && zone.Length switch
        {
            3 => true,
            5 => TryParseDigits(zone[3..], 59, out minute),
            6 => zone[3] == ':' && TryParseDigits(zone[4..], 59, out minute),
            _ => false,
        };
        if (!valid || !TryParseDigits(zone[1..3], 23, out int hour))
        {
            return false;
        }

        long offset = ((hour * 3600L) + (minute * 60)) * MicrosPerSecond;
        micros -= zone[0] == '-' ? -offset : offset;
        return true;
    }

    private static bool TryParseDays(ReadOnlySpan<byte> text, out int days)
    {
        days = 0;
        if (text[4] != '-' || text[7] != '-' || !TryParseDigits(text[..4], 9999, out int year)
            || !TryParseDigits(text[5..7], 12, out int month) || !TryParseDigits(text[8..10], 31, out int day)
            || year < 1 || month < 1 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        days = new DateOnly(year, month, day).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
        return true;
    }

    private static bool TryParseDigits(ReadOnlySpan<byte> digits, int valueMax, out int value)
    {
        value = 0;
        foreach (byte b in digits)
        {
            if ((uint)b - '0' > 9)
            {
                return false;
            }

            value = (value * 10) + (b - '0');
        }

        return value <= valueMax;
    }
}
