using System.Globalization;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>Decimals as unscaled 128-bit integers: range, change of scale, text.</summary>
internal static class DecimalText
{
    /// <summary>True when a value has no more digits than the precision.</summary>
    internal static bool Fits(Int128 unscaled, int precision) => Int128.Abs(unscaled) < Decimals.PowerOfTen(precision);

    /// <summary>The same value at another scale, rounded half away from zero; false when it does not fit the precision.</summary>
    internal static bool TryRescale(Int128 unscaled, int fromScale, int toScale, int precision, out Int128 result)
    {
        if (toScale >= fromScale)
        {
            Int128 factor = Decimals.PowerOfTen(toScale - fromScale);
            bool fits = Int128.Abs(unscaled) <= (Decimals.PowerOfTen(precision) - 1) / factor;
            result = fits ? unscaled * factor : 0;
            return fits;
        }

        Int128 divisor = Decimals.PowerOfTen(fromScale - toScale);
        Int128 remainder = unscaled % divisor;
        result = unscaled / divisor;
        if (Int128.Abs(remainder) >= divisor - Int128.Abs(remainder))
        {
            result += unscaled < 0 ? -1 : 1;
        }

        return Fits(result, precision);
    }

    /// <summary>Reads an optional sign, digits and a point; digits behind the scale are rounded half away from zero.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> text, int precision, int scale, out Int128 unscaled)
    {
        unscaled = 0;
        text = text.Trim(" \t\r\n"u8);
        bool negative = !text.IsEmpty && text[0] == '-';
        text = !text.IsEmpty && text[0] is (byte)'-' or (byte)'+' ? text[1..] : text;
        int point = text.IndexOf((byte)'.');
        ReadOnlySpan<byte> whole = point < 0 ? text : text[..point];
        ReadOnlySpan<byte> fraction = point < 0 ? default : text[(point + 1)..];
        if (whole.Length + fraction.Length == 0 || whole.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        bool roundUp = fraction.Length > scale && fraction[scale] >= '5';
        foreach (byte digit in whole)
        {
            unscaled = (unscaled * 10) + (digit - '0');
            if (!Fits(unscaled, precision - scale))
            {
                return false;
            }
        }

        for (int i = 0; i < scale; i++)
        {
            unscaled = (unscaled * 10) + (i < fraction.Length ? fraction[i] - '0' : 0);
        }

        unscaled += roundUp ? 1 : 0;
        bool fits = Fits(unscaled, precision);
        unscaled = negative ? -unscaled : unscaled;
        return fits;
    }

    /// <summary>Writes a value with all digits of its scale.</summary>
    internal static int Format(Int128 unscaled, int scale, Span<byte> destination)
    {
        Span<byte> digits = stackalloc byte[40];
        Int128.Abs(unscaled).TryFormat(digits, out int count, default, CultureInfo.InvariantCulture);
        int length = 0;
        if (unscaled < 0)
        {
            destination[length++] = (byte)'-';
        }

        int wholeCount = Math.Max(count - scale, 0);
        if (wholeCount == 0)
        {
            destination[length++] = (byte)'0';
        }

        digits[..wholeCount].CopyTo(destination[length..]);
        length += wholeCount;
        if (scale == 0)
        {
            return length;
        }

        destination[length++] = (byte)'.';
        for (int i = count - scale; i < 0; i++)
        {
            destination[length++] = (byte)'0';
        }

        digits[wholeCount..count].CopyTo(destination[length..]);
        return length + count - wholeCount;
    }
}
