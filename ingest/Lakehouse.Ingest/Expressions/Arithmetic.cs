using Lakehouse.Columns;

namespace Lakehouse.Ingest;

// The arithmetic of expressions. Integers count in 64 bits; what does not fit, and division by zero, is null.
internal readonly struct AddLong : IZip<long>
{
    public bool TryApply(long left, long right, out long result)
    {
        result = unchecked(left + right);
        return ((left ^ result) & (right ^ result)) >= 0;
    }
}

internal readonly struct SubtractLong : IZip<long>
{
    public bool TryApply(long left, long right, out long result)
    {
        result = unchecked(left - right);
        return ((left ^ right) & (left ^ result)) >= 0;
    }
}

internal readonly struct MultiplyLong : IZip<long>
{
    public bool TryApply(long left, long right, out long result) =>
        Math.BigMul(left, right, out result) == result >> 63;
}

internal readonly struct RemainderLong : IZip<long>
{
    public bool TryApply(long left, long right, out long result)
    {
        // The processor traps on the smallest number by -1, whose remainder is 0 like any other by -1.
        result = right is 0 or -1 ? 0 : left % right;
        return right != 0;
    }
}

internal readonly struct AddDouble : IZip<double>
{
    public bool TryApply(double left, double right, out double result)
    {
        result = left + right;
        return double.IsFinite(result);
    }
}

internal readonly struct SubtractDouble : IZip<double>
{
    public bool TryApply(double left, double right, out double result)
    {
        result = left - right;
        return double.IsFinite(result);
    }
}

internal readonly struct MultiplyDouble : IZip<double>
{
    public bool TryApply(double left, double right, out double result)
    {
        result = left * right;
        return double.IsFinite(result);
    }
}

internal readonly struct DivideDouble : IZip<double>
{
    public bool TryApply(double left, double right, out double result)
    {
        result = left / right;
        return double.IsFinite(result);
    }
}

internal readonly struct RemainderDouble : IZip<double>
{
    public bool TryApply(double left, double right, out double result)
    {
        result = left % right;
        return double.IsFinite(result);
    }
}

/// <summary>Sum of decimals of one scale.</summary>
internal readonly struct AddDecimal(int precision) : IZip<Int128>
{
    public bool TryApply(Int128 left, Int128 right, out Int128 result)
    {
        result = left + right; // both below 10^38, so within 128 bits
        return DecimalText.Fits(result, precision);
    }
}

internal readonly struct SubtractDecimal(int precision) : IZip<Int128>
{
    public bool TryApply(Int128 left, Int128 right, out Int128 result)
    {
        result = left - right;
        return DecimalText.Fits(result, precision);
    }
}

internal readonly struct MultiplyDecimal(int precision) : IZip<Int128>
{
    public bool TryApply(Int128 left, Int128 right, out Int128 result)
    {
        result = 0;
        Int128 limit = Decimals.PowerOfTen(precision) - 1;
        if (left != 0 && Int128.Abs(right) > limit / Int128.Abs(left))
        {
            return false;
        }

        result = left * right;
        return true;
    }
}

internal readonly struct RemainderDecimal : IZip<Int128>
{
    public bool TryApply(Int128 left, Int128 right, out Int128 result)
    {
        result = right == 0 ? 0 : left % right;
        return right != 0;
    }
}

internal readonly struct NegateLong : IMap<long, long>
{
    public bool TryApply(long value, out long result)
    {
        result = unchecked(-value);
        return value != long.MinValue;
    }
}

internal readonly struct NegateDouble : IMap<double, double>
{
    public bool TryApply(double value, out double result)
    {
        result = -value;
        return true;
    }
}

internal readonly struct NegateDecimal : IMap<Int128, Int128>
{
    public bool TryApply(Int128 value, out Int128 result)
    {
        result = -value;
        return true;
    }
}

internal readonly struct AbsLong : IMap<long, long>
{
    public bool TryApply(long value, out long result)
    {
        result = unchecked(value < 0 ? -value : value);
        return result >= 0;
    }
}

internal readonly struct AbsDouble : IMap<double, double>
{
    public bool TryApply(double value, out double result)
    {
        result = Math.Abs(value);
        return true;
    }
}

internal readonly struct AbsDecimal : IMap<Int128, Int128>
{
    public bool TryApply(Int128 value, out Int128 result)
    {
        result = Int128.Abs(value);
        return true;
    }
}

/// <summary>Half away from zero, to a number of digits behind the point.</summary>
internal readonly struct RoundDouble(int digits) : IMap<double, double>
{
    public bool TryApply(double value, out double result)
    {
        result = Math.Round(value, digits, MidpointRounding.AwayFromZero);
        return true;
    }
}

internal readonly struct FloorDouble : IMap<double, double>
{
    public bool TryApply(double value, out double result)
    {
        result = Math.Floor(value);
        return true;
    }
}

internal readonly struct CeilingDouble : IMap<double, double>
{
    public bool TryApply(double value, out double result)
    {
        result = Math.Ceiling(value);
        return true;
    }
}
