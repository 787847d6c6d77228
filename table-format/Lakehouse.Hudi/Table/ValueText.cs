using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Hudi;

/// <summary>Values as Hudi writes them into partition paths and record keys: Java's <c>toString</c>, dates as ISO 8601.</summary>
internal static class ValueText
{
    /// <summary>The text of a value, or null for a null.</summary>
    internal static string? Of(ColumnVector column, int row)
    {
        if (!column.IsValid(row))
        {
            return null;
        }

        switch (column.Type.Kind)
        {
            case TypeKind.String:
                return Encoding.UTF8.GetString(column.BytesAt(row));
            case TypeKind.Binary:
                return Convert.ToBase64String(column.BytesAt(row));
            case TypeKind.Boolean:
                return column.BooleanAt(row) ? "true" : "false";
            case TypeKind.Int or TypeKind.TimeMillis:
                return column.Values<int>()[row].ToString(CultureInfo.InvariantCulture);
            case TypeKind.Long or TypeKind.TimeMicros or TypeKind.TimestampMillis or TypeKind.TimestampMicros:
                return column.Values<long>()[row].ToString(CultureInfo.InvariantCulture);
            case TypeKind.Float:
                return JavaFloatText.Of(column.Values<float>()[row]);
            case TypeKind.Double:
                return JavaFloatText.Of(column.Values<double>()[row]);
            case TypeKind.Date:
                return DateOnly.FromDayNumber(DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber + column.Values<int>()[row])
                    .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            default:
                return Decimal(BinaryPrimitives.ReadInt128LittleEndian(column.Bytes[(16 * row)..]), column.Type.Scale);
        }
    }

    private static string Decimal(Int128 unscaled, int scale)
    {
        string digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        string text = scale == 0 ? digits : digits[..^scale] + "." + digits[^scale..];
        return unscaled < 0 ? "-" + text : text;
    }
}
