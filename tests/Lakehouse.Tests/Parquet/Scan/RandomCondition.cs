using System.Globalization;
using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Tests.Parquet;

/// <summary>Random conditions as people write them, over the values that columns hold and over others near them.</summary>
internal sealed class RandomCondition(Random random, IReadOnlyList<(string Name, ColumnVector Values)> columns)
{
    private static readonly string[] Comparisons = ["=", "=", "<", "<=", ">", ">=", "<>"];

    /// <summary>The columns of which conditions can be made: those whose values can be written.</summary>
    internal static bool CanCompare(Field field) =>
        !field.Type.IsNested && field.Type.Kind is not (TypeKind.Binary or TypeKind.TimeMillis or TypeKind.TimeMicros
            or TypeKind.TimeNanos or TypeKind.TimestampNanos)
        && field.Name.Length > 0 && field.Name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_') && char.IsAsciiLetter(field.Name[0]);

    internal string Next(int depth = 0) => random.Next(depth > 2 ? 3 : 6) switch
    {
        3 => $"({Next(depth + 1)} AND {Next(depth + 1)})",
        4 => $"({Next(depth + 1)} OR {Next(depth + 1)})",
        5 => $"(NOT {Next(depth + 1)})",
        _ => Atom(),
    };

    private string Atom()
    {
        (string name, ColumnVector values) = columns[random.Next(columns.Count)];
        return random.Next(8) switch
        {
            0 => $"\"{name}\" IS NULL",
            1 => $"\"{name}\" IS NOT NULL",
            2 => $"\"{name}\" BETWEEN {Literal(values)} AND {Literal(values)}",
            4 when values.Type.Kind == TypeKind.String => $"\"{name}\" LIKE {Literal(values)[..^1]}%'",
            3 => $"\"{name}\" IN ({Literal(values)}, {Literal(values)})",
            4 => $"{Literal(values)} {Comparisons[random.Next(Comparisons.Length)]} \"{name}\"",
            _ => $"\"{name}\" {Comparisons[random.Next(Comparisons.Length)]} {Literal(values)}",
        };
    }

    private string Literal(ColumnVector values)
    {
        int at = values.Length == 0 ? -1 : random.Next(values.Length);
        bool isNear = random.Next(4) == 0;
        if (at < 0 || !values.IsValid(at))
        {
            return Default(values.Type);
        }

        return values.Type.Kind switch
        {
            TypeKind.Boolean => values.BooleanAt(at) ? "TRUE" : "FALSE",
            TypeKind.Int => Text(values.Values<int>()[at] + (isNear ? 1L : 0)),
            TypeKind.Long => Text((Int128)values.Values<long>()[at] + (isNear ? 1 : 0)),
            TypeKind.Float => Real(values.Values<float>()[at]),
            TypeKind.Double => Real(values.Values<double>()[at]),
            TypeKind.Decimal => Decimal(values.Values<Int128>()[at], values.Type.Scale),
            TypeKind.Date => Date(values.Values<int>()[at]),
            TypeKind.TimestampMillis => Timestamp(values.Values<long>()[at], 1_000),
            TypeKind.TimestampMicros => Timestamp(values.Values<long>()[at], 1),
            _ => Quoted(values.BytesAt(at), isNear),
        };
    }

    private static string Default(ColumnType type) => type.Kind switch
    {
        TypeKind.Boolean => "TRUE",
        TypeKind.String => "'m'",
        TypeKind.Date => "DATE '2001-01-01'",
        TypeKind.TimestampMillis or TypeKind.TimestampMicros => "TIMESTAMP '2001-01-01T00:00:00Z'",
        _ => "1",
    };

    private static string Text(Int128 value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Real(double value) =>
        double.IsFinite(value) ? value.ToString("E16", CultureInfo.InvariantCulture) : "0.0";

    private static string Decimal(Int128 unscaled, int scale)
    {
        string digits = Int128.Abs(unscaled == Int128.MinValue ? 0 : unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        string text = scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}";
        return unscaled < 0 ? "-" + text : text;
    }

    private static string Date(int days) => days is > -700_000 and < 2_900_000
        ? $"DATE '{DateOnly.FromDayNumber(719_162 + days).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}'"
        : Default(TypeKind.Date);

    private static string Timestamp(long value, long unit) => value > -60_000_000_000_000_000 / unit && value < 250_000_000_000_000_000 / unit
        ? $"TIMESTAMP '{DateTime.UnixEpoch.AddTicks(value * unit * 10).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture)}'"
        : Default(TypeKind.TimestampMicros);

    private static string Quoted(ReadOnlySpan<byte> value, bool isNear)
    {
        string text = Encoding.UTF8.GetString(value);
        text = text.Length > 3 && isNear ? text[..3] : text;
        return text.Any(char.IsControl) || text.Contains('\uFFFD', StringComparison.Ordinal)
            ? Default(TypeKind.String)
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
