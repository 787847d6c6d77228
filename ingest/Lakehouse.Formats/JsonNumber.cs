using System.Globalization;
using System.Runtime.CompilerServices;
using Lakehouse.Columns;

namespace Lakehouse.Formats;

/// <summary>A JSON number as written: sign, digits and power of ten.</summary>
/// <param name="Start">Where it starts in its text.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="DigitCount">Digits before the exponent, leading zeros included; the mantissa is exact up to 19 of them.</param>
/// <param name="Mantissa">All digits as one number.</param>
/// <param name="Exponent">The power of ten that the mantissa is multiplied by.</param>
/// <param name="IsNegative">A minus sign was written, also before zero.</param>
/// <param name="IsPlain">Neither point nor exponent was written.</param>
internal readonly record struct JsonNumber(
    int Start, int Length, int DigitCount, ulong Mantissa, int Exponent, bool IsNegative, bool IsPlain)
{
    private const int DigitCountMax = 19; // of which any fit into 64 bits
    private const int ExponentMax = 99_999; // larger ones stay this large: nothing fits anyway
    private const ulong ExactDoubleMax = 1UL << 53;
    private const ulong ExactSingleMax = 1UL << 24;

    private static readonly double[] PowersOfTen =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    private static readonly float[] SinglePowersOfTen =
    [1e0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f, 1e8f, 1e9f, 1e10f];

    /// <summary>Reads a number (RFC 8259, section 6) and returns the byte behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Scan(ReadOnlySpan<byte> text, int at, out JsonNumber number, ref JsonFault fault)
    {
        int start = at;
        bool negative = text[at] == '-';
        at += negative ? 1 : 0;
        int firstDigit = at;
        ulong mantissa = 0;
        uint digit;
        while ((digit = (uint)text[at] - '0') <= 9)
        {
            mantissa = (mantissa * 10) + digit;
            at++;
        }

        int digits = at - firstDigit;
        if (digits == 0 || (digits > 1 && text[firstDigit] == '0'))
        {
            number = default;
            return fault.Malformed(firstDigit, "Expected a number without leading zeros.");
        }

        int exponent = 0;
        bool plain = true;
        if (text[at] == '.')
        {
            int firstFraction = ++at;
            while ((digit = (uint)text[at] - '0') <= 9)
            {
                mantissa = (mantissa * 10) + digit;
                at++;
            }

            plain = false;
            exponent = firstFraction - at;
            digits -= exponent;
        }

        if ((text[at] | 0x20) == 'e' || (exponent == 0 && !plain))
        {
            plain = false;
            at = ScanExponent(text, at, ref exponent, ref fault);
        }

        number = new JsonNumber(start, at - start, digits, mantissa, exponent, negative, plain);
        return at;
    }

    /// <summary>The nearest double, ties to even; infinite when the number is too large.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal double ToDouble(ReadOnlySpan<byte> text)
    {
        // Both operands are exact doubles, so the one operation rounds correctly (Clinger 1990).
        if (DigitCount <= DigitCountMax && Mantissa <= ExactDoubleMax && (uint)(Exponent + 22) <= 44)
        {
            double mantissa = (long)Mantissa;
            double value = Exponent < 0 ? mantissa / PowersOfTen[-Exponent] : mantissa * PowersOfTen[Exponent];
            return IsNegative ? -value : value;
        }

        return double.Parse(text.Slice(Start, Length), NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    /// <summary>The nearest float, rounded once; infinite when the number is too large.</summary>
    internal float ToSingle(ReadOnlySpan<byte> text)
    {
        if (DigitCount <= DigitCountMax && Mantissa <= ExactSingleMax && (uint)(Exponent + 10) <= 20)
        {
            float mantissa = (long)Mantissa;
            float value = Exponent < 0 ? mantissa / SinglePowersOfTen[-Exponent] : mantissa * SinglePowersOfTen[Exponent];
            return IsNegative ? -value : value;
        }

        return float.Parse(text.Slice(Start, Length), NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    /// <summary>The number as a 64-bit integer; what is no integer or does not fit is told apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Exactness ToInt64(ReadOnlySpan<byte> text, out long value)
    {
        if (IsPlain && DigitCount < DigitCountMax)
        {
            value = IsNegative ? -(long)Mantissa : (long)Mantissa;
            return Exactness.Exact;
        }

        Exactness exactness = ToScaled(text, 38, 0, out Int128 wide);
        value = (long)wide;
        return exactness == Exactness.Exact && wide != value ? Exactness.TooLarge : exactness;
    }

    /// <summary>The number times ten to the scale, exactly: at most so many digits, none lost behind the scale.</summary>
    internal Exactness ToScaled(ReadOnlySpan<byte> text, int precision, int scale, out Int128 unscaled)
    {
        Int128 significand = 0;
        int significantDigits = 0;
        int zeros = 0; // seen behind the last other digit, not yet multiplied in
        foreach (byte b in text.Slice(Start, Length))
        {
            uint digit = (uint)b - '0';
            if (digit > 9)
            {
                if (b is (byte)'e' or (byte)'E')
                {
                    break;
                }

                continue;
            }

            if (digit == 0)
            {
                zeros += significantDigits > 0 ? 1 : 0;
                continue;
            }

            significantDigits += zeros + 1;
            if (significantDigits > 38)
            {
                unscaled = 0;
                return Exponent + scale < 0 ? Exactness.Inexact : Exactness.TooLarge;
            }

            significand = (significand * Decimals.PowerOfTen(zeros + 1)) + digit;
            zeros = 0;
        }

        unscaled = 0;
        int shift = Exponent + zeros + scale;
        if (significantDigits == 0)
        {
            return Exactness.Exact;
        }

        if (shift < 0 || significantDigits + shift > precision)
        {
            return significantDigits + shift > precision ? Exactness.TooLarge : Exactness.Inexact;
        }

        unscaled = significand * Decimals.PowerOfTen(shift);
        unscaled = IsNegative ? -unscaled : unscaled;
        return Exactness.Exact;
    }

    private static int ScanExponent(ReadOnlySpan<byte> text, int at, ref int exponent, ref JsonFault fault)
    {
        if ((text[at] | 0x20) != 'e' || text[at - 1] == '.')
        {
            return fault.Malformed(at, "Expected a digit behind the decimal point.");
        }

        at++;
        bool negative = text[at] == '-';
        at += text[at] is (byte)'-' or (byte)'+' ? 1 : 0;
        int first = at;
        int power = 0;
        uint digit;
        while ((digit = (uint)text[at] - '0') <= 9)
        {
            power = Math.Min((power * 10) + (int)digit, ExponentMax);
            at++;
        }

        exponent += negative ? -power : power;
        return at > first ? at : fault.Malformed(at, "Expected a digit in the exponent.");
    }
}
