using System.Globalization;
using System.Text;
using Lakehouse.Columns;
using Lakehouse.Formats;

namespace Lakehouse.Ingest;

/// <summary>Literals, some of which take the type of what they stand beside.</summary>
internal static class Literals
{
    private const int DecimalDigitsMax = 38;

    /// <summary>
    /// Digits alone are the smallest of int, long and decimal that holds them; with a point or an exponent they are a double.
    /// </summary>
    internal static ConstantNode Number(Expression.Number number)
    {
        string text = number.Digits;
        if (text.AsSpan().IndexOfAny(".eE") < 0)
        {
            if (long.TryParse(text, CultureInfo.InvariantCulture, out long value))
            {
                return value == (int)value ? Constants.Fixed(TypeKind.Int, (int)value) : Constants.Long(value);
            }

            return Decimal(text) ?? throw new ExpressionException(number.Position, $"{text} has more than 38 digits.");
        }

        double parsed = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(parsed) ? Constants.Fixed(TypeKind.Double, parsed)
            : throw new ExpressionException(number.Position, $"{text} is too large for a double.");
    }

    /// <summary>A date or a time from its text.</summary>
    internal static ConstantNode Temporal(string text, TypeKind kind, int position)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        if (kind == TypeKind.Date && IsoDateTime.TryParseDate(bytes, out int days))
        {
            return Constants.Fixed(TypeKind.Date, days);
        }

        if (kind != TypeKind.Date && IsoDateTime.TryParseTimestamp(bytes, out long micros))
        {
            return Constants.Fixed(kind, kind == TypeKind.TimestampMicros ? micros
                : CivilTime.FloorDivide(micros, CivilTime.MicrosPerMilli));
        }

        throw new ExpressionException(position, kind == TypeKind.Date
            ? $"'{text}' is not a date such as 2026-03-01." : $"'{text}' is not a time such as 2026-03-01T12:30:00Z.");
    }

    /// <summary>True for literals whose type depends on what they stand beside.</summary>
    internal static bool Adapts(Expression expression) =>
        expression is Expression.Text || (DigitsOf(expression) is { } digits && digits.Contains('.', StringComparison.Ordinal));

    /// <summary>The type of such a literal beside a type, chosen so that nothing of the literal is lost.</summary>
    internal static ColumnType TypeBeside(Expression literal, ColumnType own, ColumnType? beside)
    {
        if (DigitsOf(literal) is { } digits)
        {
            return beside?.Kind == TypeKind.Decimal && Decimal(digits) is { } exact ? exact.Type : own;
        }

        if (literal is not Expression.Text text || beside is not { } type)
        {
            return own;
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text.Value);
        if (Casts.IsTimeOfDay(type.Kind))
        {
            return TypeKind.TimeMicros;
        }

        if (!Casts.IsTemporal(type.Kind))
        {
            return own;
        }

        bool isDate = IsoDateTime.TryParseDate(bytes, out _);
        bool isWholeMillis = IsoDateTime.TryParseTimestamp(bytes, out long micros) && micros % CivilTime.MicrosPerMilli == 0;
        return type.Kind switch
        {
            TypeKind.Date when isDate => TypeKind.Date,
            TypeKind.TimestampMillis when isWholeMillis => TypeKind.TimestampMillis,
            _ => TypeKind.TimestampMicros,
        };
    }

    /// <summary>The literal as a type that its text decides about, or null when a cast will do.</summary>
    internal static ConstantNode? TryAdapt(Expression expression, ColumnType type)
    {
        if (expression is Expression.Text time && Casts.IsTimeOfDay(type.Kind))
        {
            return Casts.To(TimeOfDay(time), type) as ConstantNode;
        }

        if (expression is Expression.Text text && Casts.IsTemporal(type.Kind))
        {
            return Temporal(text.Value, type.Kind, text.Position);
        }

        return type.Kind == TypeKind.Decimal && DigitsOf(expression) is { } digits && Decimal(digits) is { } exact
            ? Casts.To(exact, type) as ConstantNode : null;
    }

    private static ConstantNode TimeOfDay(Expression.Text text) =>
        IsoDateTime.TryParseTime(Encoding.UTF8.GetBytes(text.Value), out long micros)
            ? Constants.Fixed(TypeKind.TimeMicros, micros)
            : throw new ExpressionException(text.Position, $"'{text.Value}' is not a time of day such as 12:30:00.");

    private static string? DigitsOf(Expression expression) => expression switch
    {
        Expression.Number number => number.Digits,
        Expression.Negate { Operand: Expression.Number number } => "-" + number.Digits,
        _ => null,
    };

    /// <summary>Digits as the decimal type that they need; null when there are too many or an exponent.</summary>
    private static ConstantNode? Decimal(string text)
    {
        string digits = text.TrimStart('-');
        int point = digits.IndexOf('.', StringComparison.Ordinal);
        int scale = point < 0 ? 0 : digits.Length - point - 1;
        int precision = Math.Max(point < 0 ? digits.Length : digits.Length - 1, 1);
        if (precision > DecimalDigitsMax || !DecimalText.TryParse(Encoding.UTF8.GetBytes(text), precision, scale, out Int128 unscaled))
        {
            return null;
        }

        return Constants.Fixed(ColumnType.Decimal(precision, scale), unscaled);
    }
}
