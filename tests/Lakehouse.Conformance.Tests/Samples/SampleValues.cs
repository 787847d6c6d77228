using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Lakehouse.Columns;

namespace Lakehouse.Conformance.Tests;

/// <summary>Values of every type, at their edges and in between, and the one text form in which readers are compared.</summary>
internal static class SampleValues
{
    private static readonly string[] Names =
        ["", "a", "Zürich", "東京", "🚕 taxi", "quote\" and \\ and \n line", "null", new('x', 3_000)];

    internal static string Append(ColumnBuilder builder, int value)
    {
        builder.Append(value);
        return value.ToString(CultureInfo.InvariantCulture);
    }

    internal static string Append(ColumnBuilder builder, long value)
    {
        builder.Append(value);
        return value.ToString(CultureInfo.InvariantCulture);
    }

    internal static string Append(ColumnBuilder builder, byte[] utf8)
    {
        builder.Append(utf8);
        return Encoding.UTF8.GetString(utf8);
    }

    internal static string? AppendNull(ColumnBuilder builder)
    {
        builder.AppendNull();
        return null;
    }

    /// <summary>Appends a random value, a null every sixth time, and returns its text.</summary>
    internal static string? AppendRandom(ColumnBuilder builder, Random random)
    {
        if (random.Next(6) == 0)
        {
            return AppendNull(builder);
        }

        switch (builder.Type.Kind)
        {
            case TypeKind.Boolean:
                bool flag = random.Next(2) == 0;
                builder.Append(flag);
                return flag ? "true" : "false";
            case TypeKind.Int:
                return Append(builder, Pick(random, int.MinValue, int.MaxValue, 0, -1, random.Next(100)));
            case TypeKind.Long:
                return Append(builder, Pick(random, long.MinValue, long.MaxValue, 0, -1, random.NextInt64()));
            case TypeKind.Float:
                float single = Pick(
                    random,
                    [float.MaxValue, -float.Epsilon, 0f, -0f, 0.1f, float.NaN, float.PositiveInfinity, random.NextSingle() * 1e9f]);
                builder.Append(single);
                return Text((double)single);
            case TypeKind.Double:
                // Not below the smallest normal number: the Java reader's checksum writes those with more digits than the others do.
                double real = Pick(
                    random,
                    [double.MaxValue, -2.2250738585072014e-308, 0.0, -0.0, 0.1, 1e15, 1e16, 1e22, 1e-4, 1e-7,
                     double.NaN, double.NegativeInfinity, random.NextDouble(), random.NextDouble() * 1e12]);
                builder.Append(real);
                return Text(real);
            case TypeKind.Decimal:
                return AppendDecimal(builder, random);
            case TypeKind.Date:
                int days = Pick(random, -25_567, 0, -1, 47_481, random.Next(20_000));
                builder.Append(days);
                return DateOnly.FromDayNumber(days + DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber)
                    .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            case TypeKind.TimestampMillis:
                long millis = Pick(random, 0, -1, -2_208_988_800_000, 4_102_444_799_999, random.NextInt64(2_000_000_000_000));
                builder.Append(millis);
                return (millis * 1_000).ToString(CultureInfo.InvariantCulture);
            case TypeKind.TimestampMicros:
                return Append(builder, Pick(random, 0, -1, 1_000_000, 4_102_444_799_999_999, random.NextInt64(2_000_000_000_000_000)));
            case TypeKind.String:
                return Append(builder, Encoding.UTF8.GetBytes(Pick(random, [.. Names, $"name {random.Next(50)}"])));
            default:
                byte[] bytes = new byte[random.Next(40)];
                random.NextBytes(bytes);
                builder.Append(bytes);
                return Convert.ToBase64String(bytes);
        }
    }

    /// <summary>A value as a reader's JSON gives it, in the text form of the samples.</summary>
    internal static string? Text(ColumnType type, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        string text = value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.GetRawText();
        return type.Kind switch
        {
            TypeKind.Float or TypeKind.Double => text switch
            {
                "inf" => Text(double.PositiveInfinity),
                "-inf" => Text(double.NegativeInfinity),
                "nan" => Text(double.NaN),
                _ => Text(double.Parse(text, CultureInfo.InvariantCulture)),
            },
            TypeKind.TimestampMillis or TypeKind.TimestampMicros when text.Contains(':', StringComparison.Ordinal) =>
                Micros(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)),
            _ => text,
        };
    }

    /// <summary>A sample's text as the scripts of hudi-rs and Java hash it: Python's own forms.</summary>
    internal static string PythonText(ColumnType type, string text) => type.Kind switch
    {
        TypeKind.Float or TypeKind.Double => PythonReal(double.Parse(text, CultureInfo.InvariantCulture)),
        TypeKind.TimestampMillis or TypeKind.TimestampMicros => PythonTime(long.Parse(text, CultureInfo.InvariantCulture)),
        _ => text,
    };

    private static string PythonReal(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        string sign = double.IsNegative(value) ? "-" : "";
        if (value == 0)
        {
            return sign + "0.0";
        }

        // The shortest digits, as d.ddde-dd below 1e-4 and from 1e16 on, else plain with at least one digit behind the point.
        string[] shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture).Split('E');
        string plain = shortest[0].Replace(".", "", StringComparison.Ordinal);
        string digits = plain.Trim('0');
        int exponent = shortest[0].Split('.')[0].Length - 1 - (plain.Length - plain.TrimStart('0').Length)
            + (shortest.Length > 1 ? int.Parse(shortest[1], CultureInfo.InvariantCulture) : 0);
        if (exponent is >= -4 and < 16)
        {
            return sign + (exponent < 0 ? "0." + new string('0', -exponent - 1) + digits
                : digits.Length > exponent + 1 ? digits[..(exponent + 1)] + "." + digits[(exponent + 1)..]
                : digits.PadRight(exponent + 1, '0') + ".0");
        }

        string fraction = digits.Length > 1 ? "." + digits[1..] : "";
        return FormattableString.Invariant($"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    private static string PythonTime(long micros)
    {
        DateTime time = DateTime.UnixEpoch.AddTicks(micros * 10);
        return time.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)
            + (time.Ticks % TimeSpan.TicksPerSecond == 0 ? "" : time.ToString(".ffffff", CultureInfo.InvariantCulture)) + "+00:00";
    }

    private static string AppendDecimal(ColumnBuilder builder, Random random)
    {
        BigInteger limit = BigInteger.Pow(10, builder.Type.Precision) - 1;
        BigInteger unscaled = Pick(random, limit, -limit, 0, 1, -1, new BigInteger(random.NextInt64()) % limit);
        builder.Append((Int128)unscaled);
        string digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(builder.Type.Scale + 1, '0');
        return (unscaled < 0 ? "-" : "") + digits[..^builder.Type.Scale] + "." + digits[^builder.Type.Scale..];
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Micros(DateTimeOffset time) =>
        ((time - DateTimeOffset.UnixEpoch).Ticks / 10).ToString(CultureInfo.InvariantCulture);

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];
}
