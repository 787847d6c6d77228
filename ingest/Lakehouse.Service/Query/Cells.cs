using System.Globalization;
using System.Numerics;
using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Service;

/// <summary>Single values of columns as objects and as text: for the few rows that are shown, never for those that are scanned.</summary>
internal static class Cells
{
    private const string MillisFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const string MicrosFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>
    /// A value as what JSON has for it: null, bool, long, double or string; a struct as an object by name, a list as a list, a map as a list
    /// of objects with key and value.
    /// </summary>
    internal static object? ValueAt(ColumnVector column, int index)
    {
        if (!column.IsValid(index))
        {
            return null;
        }

        return column.Type.Kind switch
        {
            TypeKind.Boolean => column.BooleanAt(index),
            TypeKind.Int => (long)column.Values<int>()[index],
            TypeKind.Long => column.Values<long>()[index],
            TypeKind.Float => column.Values<float>()[index],
            TypeKind.Double => column.Values<double>()[index],
            TypeKind.Decimal => Integer(column.Type, column.Values<Int128>()[index]),
            TypeKind.Date or TypeKind.TimeMillis => Integer(column.Type, column.Values<int>()[index]),
            TypeKind.TimeMicros or TypeKind.TimestampMillis or TypeKind.TimestampMicros
                or TypeKind.TimeNanos or TypeKind.TimestampNanos => Integer(column.Type, column.Values<long>()[index]),
            TypeKind.Struct => column.Type.Children.Select((field, i) => (field.Name, Value: ValueAt(column.Children[i], index)))
                .ToDictionary(static m => m.Name, static m => m.Value),
            TypeKind.List => Elements(column, index).Select(e => ValueAt(column.Children[0], e)).ToList(),
            TypeKind.Map => Elements(column, index)
                .Select(e => new { Key = ValueAt(column.Children[0], e), Value = ValueAt(column.Children[1], e) }).ToList<object>(),
            _ => Bytes(column.Type, column.BytesAt(index)),
        };
    }

    private static IEnumerable<int> Elements(ColumnVector column, int index) =>
        Enumerable.Range(column.Offsets[index], column.Offsets[index + 1] - column.Offsets[index]);

    /// <summary>A value stored as an integer, as its type shows it: dates, times and timestamps as ISO 8601, decimals with their point.</summary>
    internal static object Integer(ColumnType type, Int128 value) => type.Kind switch
    {
        TypeKind.Boolean => value != 0,
        TypeKind.Date => Date((long)value),
        TypeKind.TimeMillis => TimeOfDay((long)value, TimeSpan.TicksPerMillisecond, "hh\\:mm\\:ss\\.fff"),
        TypeKind.TimeMicros => TimeOfDay((long)value, TimeSpan.TicksPerMicrosecond, "hh\\:mm\\:ss\\.ffffff"),
        TypeKind.TimestampMillis => Timestamp((long)value, TimeSpan.TicksPerMillisecond, MillisFormat),
        TypeKind.TimestampMicros => Timestamp((long)value, TimeSpan.TicksPerMicrosecond, MicrosFormat),
        TypeKind.TimeNanos => TimeOfDay(Micros(value), TimeSpan.TicksPerMicrosecond, "hh\\:mm\\:ss\\.ffffff") + Rest(value),
        TypeKind.TimestampNanos => Timestamp(Micros(value), TimeSpan.TicksPerMicrosecond, MicrosFormat)[..^1] + Rest(value) + "Z",
        TypeKind.Decimal => Decimal(value, type.Scale),
        _ when value >= long.MinValue && value <= long.MaxValue => (long)value,
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>A string as text, binary as base64.</summary>
    internal static string Bytes(ColumnType type, ReadOnlySpan<byte> bytes) =>
        type.Kind == TypeKind.String ? Encoding.UTF8.GetString(bytes) : Convert.ToBase64String(bytes);

    /// <summary>A value as a cell of a table.</summary>
    internal static string Text(object? value) => value switch
    {
        null => "null",
        bool b => b ? "true" : "false",
        double d => d.ToString("0.######", CultureInfo.InvariantCulture),
        float f => f.ToString("0.######", CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        string text => text,
        _ => Terminal.Compact(value),
    };

    private static string Decimal(Int128 unscaled, int scale)
    {
        string digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        string text = scale == 0 ? digits : digits[..^scale] + "." + digits[^scale..];
        return unscaled < 0 ? "-" + text : text;
    }

    private static string Date(long days) =>
        days is >= -719_162 and <= 2_932_896
            ? DateTime.UnixEpoch.AddDays(days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
            : FormattableString.Invariant($"{days} days");

    private static string TimeOfDay(long value, long ticksPerUnit, string format) =>
        value >= 0 && value < TimeSpan.TicksPerDay / ticksPerUnit
            ? new TimeSpan(value * ticksPerUnit).ToString(format, CultureInfo.InvariantCulture)
            : value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whole microseconds of nanoseconds, downwards.</summary>
    private static long Micros(Int128 nanos) => (long)((nanos - NanosOfMicro(nanos)) / 1_000);

    private static int NanosOfMicro(Int128 nanos) => (int)(((nanos % 1_000) + 1_000) % 1_000);

    /// <summary>The three digits behind the microseconds.</summary>
    private static string Rest(Int128 nanos) => NanosOfMicro(nanos).ToString("000", CultureInfo.InvariantCulture);

    private static string Timestamp(long value, long ticksPerUnit, string format)
    {
        Int128 ticks = DateTime.UnixEpoch.Ticks + ((Int128)value * ticksPerUnit);
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
            ? new DateTime((long)ticks, DateTimeKind.Utc).ToString(format, CultureInfo.InvariantCulture)
            : value.ToString(CultureInfo.InvariantCulture);
    }
}
