using System.Globalization;

namespace Lakehouse.Hudi;

/// <summary>
/// Floating-point numbers as Java's <c>Double.toString</c> lays them out: plain with at least one digit after the point from 10^-3 to
/// below 10^7, otherwise scientific as <c>1.0E10</c>.
/// </summary>
internal static class JavaFloatText
{
    internal static string Of(double value) => Layout(value, value.ToString("R", CultureInfo.InvariantCulture));

    internal static string Of(float value) => Layout(value, value.ToString("R", CultureInfo.InvariantCulture));

    private static string Layout(double value, string shortest)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
        }

        string sign = double.IsNegative(value) ? "-" : "";
        (string digits, int pointAt) = Digits(shortest);
        if (digits.Length == 0)
        {
            return sign + "0.0";
        }

        double magnitude = Math.Abs(value);
        if (magnitude is >= 1e-3 and < 1e7)
        {
            string padded = pointAt <= 0 ? new string('0', 1 - pointAt) + digits : digits.PadRight(pointAt, '0');
            int point = Math.Max(pointAt, 1);
            return sign + padded[..point] + "." + (padded.Length > point ? padded[point..] : "0");
        }

        string fraction = digits.Length > 1 ? digits[1..] : "0";
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[0]}.{fraction}E{pointAt - 1}");
    }

    /// <summary>The significant digits of a number's text, and how many of them (or, negative, zeros) stand before the point.</summary>
    private static (string Digits, int PointAt) Digits(string text)
    {
        string mantissa = text.TrimStart('-');
        int exponent = 0;
        if (mantissa.IndexOf('E', StringComparison.Ordinal) is var e and >= 0)
        {
            exponent = int.Parse(mantissa[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            mantissa = mantissa[..e];
        }

        int dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        int before = dot < 0 ? mantissa.Length : dot;
        string all = mantissa.Replace(".", "", StringComparison.Ordinal);
        string leading = all.TrimStart('0');
        return (leading.TrimEnd('0'), before - (all.Length - leading.Length) + exponent);
    }
}
