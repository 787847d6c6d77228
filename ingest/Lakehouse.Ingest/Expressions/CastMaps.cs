using System.Buffers.Text;
using System.Globalization;
using System.Text.Unicode;
using Lakehouse.Columns;
using Lakehouse.Formats;

namespace Lakehouse.Ingest;

// What CAST does to single values; a value that does not fit becomes null.
internal readonly struct Same : IMap<long, long>
{
    public bool TryApply(long value, out long result)
    {
        result = value;
        return true;
    }
}

internal readonly struct IntToLong : IMap<int, long>
{
    public bool TryApply(int value, out long result)
    {
        result = value;
        return true;
    }
}

internal readonly struct LongToInt : IMap<long, int>
{
    public bool TryApply(long value, out int result)
    {
        result = unchecked((int)value);
        return result == value;
    }
}

internal readonly struct LongToDouble : IMap<long, double>
{
    public bool TryApply(long value, out double result)
    {
        result = value;
        return true;
    }
}

internal readonly struct FloatToDouble : IMap<float, double>
{
    public bool TryApply(float value, out double result)
    {
        result = value;
        return true;
    }
}

internal readonly struct DoubleToFloat : IMap<double, float>
{
    public bool TryApply(double value, out float result)
    {
        result = (float)value;
        return float.IsFinite(result);
    }
}

/// <summary>Towards zero.</summary>
internal readonly struct DoubleToLong : IMap<double, long>
{
    private const double Limit = 9223372036854775808.0; // 2^63

    public bool TryApply(double value, out long result)
    {
        bool fits = value >= -Limit && value < Limit;
        result = fits ? (long)value : 0;
        return fits;
    }
}

internal readonly struct LongToDecimal(int precision, int scale) : IMap<long, Int128>
{
    public bool TryApply(long value, out Int128 result) => DecimalText.TryRescale(value, 0, scale, precision, out result);
}

/// <summary>Half away from zero, as far as the double's own digits go.</summary>
internal readonly struct DoubleToDecimal(int precision, int scale) : IMap<double, Int128>
{
    public bool TryApply(double value, out Int128 result)
    {
        double scaled = Math.Round(value * (double)Decimals.PowerOfTen(scale), MidpointRounding.AwayFromZero);
        bool fits = Math.Abs(scaled) < 1e38;
        result = fits ? (Int128)scaled : 0;
        return fits && DecimalText.Fits(result, precision);
    }
}

internal readonly struct DecimalToDecimal(int fromScale, int precision, int scale) : IMap<Int128, Int128>
{
    public bool TryApply(Int128 value, out Int128 result) => DecimalText.TryRescale(value, fromScale, scale, precision, out result);
}

internal readonly struct DecimalToDouble(int scale) : IMap<Int128, double>
{
    public bool TryApply(Int128 value, out double result)
    {
        result = (double)value / (double)Decimals.PowerOfTen(scale);
        return true;
    }
}

/// <summary>Towards zero.</summary>
internal readonly struct DecimalToLong(int scale) : IMap<Int128, long>
{
    public bool TryApply(Int128 value, out long result)
    {
        Int128 whole = value / Decimals.PowerOfTen(scale);
        result = unchecked((long)whole);
        return result == whole;
    }
}

internal readonly struct TextToLong : IBytesMap<long>
{
    public bool TryApply(ReadOnlySpan<byte> value, out long result) =>
        long.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out result);
}

internal readonly struct TextToDouble : IBytesMap<double>
{
    public bool TryApply(ReadOnlySpan<byte> value, out double result) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out result) && double.IsFinite(result);
}

internal readonly struct TextToDecimal(int precision, int scale) : IBytesMap<Int128>
{
    public bool TryApply(ReadOnlySpan<byte> value, out Int128 result) => DecimalText.TryParse(value, precision, scale, out result);
}

internal readonly struct TextToDate : IBytesMap<int>
{
    public bool TryApply(ReadOnlySpan<byte> value, out int result) => IsoDateTime.TryParseDate(value, out result);
}

internal readonly struct TextToMicros : IBytesMap<long>
{
    public bool TryApply(ReadOnlySpan<byte> value, out long result) => IsoDateTime.TryParseTimestamp(value, out result);
}

internal readonly struct TextToTime : IBytesMap<long>
{
    public bool TryApply(ReadOnlySpan<byte> value, out long result) => IsoDateTime.TryParseTime(value, out result);
}

/// <summary>true and false in any case as 1 and 0.</summary>
internal readonly struct TextToTruth : IBytesMap<long>
{
    public bool TryApply(ReadOnlySpan<byte> value, out long result)
    {
        bool isTrue = System.Text.Ascii.EqualsIgnoreCase(value, "true"u8);
        result = isTrue ? 1 : 0;
        return isTrue || System.Text.Ascii.EqualsIgnoreCase(value, "false"u8);
    }
}

internal readonly struct LongToText : IFormat<long>
{
    public int Format(long value, Span<byte> destination) =>
        Utf8Formatter.TryFormat(value, destination, out int length) ? length : 0;
}

/// <summary>The shortest digits that read back as the same number.</summary>
internal readonly struct DoubleToText : IFormat<double>
{
    public int Format(double value, Span<byte> destination) =>
        value.TryFormat(destination, out int length, default, CultureInfo.InvariantCulture) ? length : 0;
}

internal readonly struct FloatToText : IFormat<float>
{
    public int Format(float value, Span<byte> destination) =>
        value.TryFormat(destination, out int length, default, CultureInfo.InvariantCulture) ? length : 0;
}

internal readonly struct DecimalToText(int scale) : IFormat<Int128>
{
    public int Format(Int128 value, Span<byte> destination) => DecimalText.Format(value, scale, destination);
}

/// <summary>Binary as text where it is UTF-8, else null.</summary>
internal readonly struct BytesToText : ITextMap
{
    public void Append(ReadOnlySpan<byte> value, ColumnBuilder output)
    {
        if (Utf8.IsValid(value))
        {
            output.Append(value);
        }
        else
        {
            output.AppendNull();
        }
    }
}

internal readonly struct TextToBytes : ITextMap
{
    public void Append(ReadOnlySpan<byte> value, ColumnBuilder output) => output.Append(value);
}
