using Lakehouse.Columns;

namespace Lakehouse.Formats;

/// <content>Dates, times of day and timestamps: numbers of their unit, or ISO 8601 text.</content>
internal sealed partial class JsonValueReader
{
    private const int MicrosPerMilli = 1000;
    private const long MillisPerDay = 86_400_000;

    private int ReadDate(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        if (text[at] != '"')
        {
            return ReadInt(text, at, column, ref fault);
        }

        int end = ReadText(text, at, out ReadOnlySpan<byte> date, ref fault);
        if (end < 0)
        {
            return end;
        }

        if (!IsoDateTime.TryParseDate(date, out int days))
        {
            return fault.Set(DecodeErrorKind.WrongType, at, "The text is not a date such as 2026-03-01.");
        }

        column.Append(days);
        return end;
    }

    private int ReadTimestamp(ReadOnlySpan<byte> text, int at, ColumnBuilder column, ref JsonFault fault)
    {
        if (text[at] != '"')
        {
            return ReadLong(text, at, column, ref fault);
        }

        int end = ReadText(text, at, out ReadOnlySpan<byte> time, ref fault);
        if (end < 0)
        {
            return end;
        }

        if (!IsoDateTime.TryParseTimestamp(time, out long micros))
        {
            return fault.Set(DecodeErrorKind.WrongType, at, "The text is not a time such as 2026-03-01T12:30:00.123Z.");
        }

        // Floor, also before 1970: what lies behind the unit is cut off the same way on both sides.
        column.Append(column.Type.Kind == TypeKind.TimestampMicros ? micros
            : (micros / MicrosPerMilli) - (micros % MicrosPerMilli < 0 ? 1 : 0));
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
            end = ReadText(text, at, out ReadOnlySpan<byte> time, ref fault);
            value = 0;
            if (end >= 0 && !IsoDateTime.TryParseTime(time, out value))
            {
                return fault.Set(DecodeErrorKind.WrongType, at, "The text is not a time of day such as 12:30:00.123.");
            }

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
}
