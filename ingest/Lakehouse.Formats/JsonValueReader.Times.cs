using Lakehouse.Columns;

namespace Lakehouse.Formats;

/// <content>Dates, times of day and timestamps: numbers of their unit, or ISO 8601 text.</content>
internal sealed partial class JsonValueReader
{
    private delegate bool IsoParser<T>(ReadOnlySpan<byte> text, out T value);

    private const int MicrosPerMilli = 1000;
    private const long MillisPerDay = 86_400_000;

    private int ReadDate(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        if (text[at] != '"')
        {
            return ReadInt(text, at, column, ref fault);
        }

        int end = ReadIso(text, at, IsoDateTime.TryParseDate, "The text is not a date such as 2026-03-01.", out int days, ref fault);
        if (end >= 0)
        {
            column.Append(days);
        }

        return end;
    }

    private int ReadTimestamp(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        if (text[at] != '"')
        {
            return ReadLong(text, at, column, ref fault);
        }

        int end = ReadIso(
            text,
            at,
            IsoDateTime.TryParseTimestamp,
            "The text is not a time such as 2026-03-01T12:30:00.123Z.",
            out long micros,
            ref fault);
        if (end >= 0)
        {
            // Floor, also before 1970: what lies behind the unit is cut off the same way on both sides.
            column.Append(column.Type.Kind == TypeKind.TimestampMicros ? micros
                : (micros / MicrosPerMilli) - (micros % MicrosPerMilli < 0 ? 1 : 0));
        }

        return end;
    }

    private int ReadTime(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        bool isMillis = column.Type.Kind == TypeKind.TimeMillis;
        long value;
        int end;
        if (text[at] != '"')
        {
            end = ParseInteger(text, at, out value, ref fault);
        }
        else
        {
            end = ReadIso(text, at, IsoDateTime.TryParseTime, "The text is not a time of day such as 12:30:00.123.", out value, ref fault);
            value = isMillis ? value / MicrosPerMilli : value;
        }

        if (end < 0)
        {
            return end;
        }

        if ((ulong)value >= (ulong)(isMillis ? MillisPerDay : MillisPerDay * MicrosPerMilli))
        {
            return OutOfRange(at, "The number is not within a day.", ref fault);
        }

        if (isMillis)
        {
            column.Append((int)value);
        }
        else
        {
            column.Append(value);
        }

        return end;
    }

    /// <summary>Reads a text of ISO 8601; negative, as the end, when it is none.</summary>
    private int ReadIso<T>(ReadOnlySpan<byte> text, int at, IsoParser<T> parse, string reason, out T value, ref JsonFault fault)
        where T : struct
    {
        value = default;
        int end = ReadText(text, at, out ReadOnlySpan<byte> iso, ref fault);
        return end < 0 || parse(iso, out value) ? end : fault.Set(DecodeErrorKind.WrongType, at, reason);
    }
}
