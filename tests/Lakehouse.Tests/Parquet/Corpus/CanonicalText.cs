using System.Buffers.Binary;
using System.Globalization;
using Lakehouse.Columns;

namespace Lakehouse.Tests.Parquet;

/// <summary>
/// One text for each value, whatever the reader: the scripts beside this file make the same of what foreign readers return. Null is
/// <c>~</c>, floating point is the bits of the double, strings and binary are hexadecimal behind <c>x</c>, decimals their unscaled value
/// and scale, dates and times their number; structs, lists and maps are <c>{a,b}</c>, <c>[a,b]</c> and <c>&lt;k=v&gt;</c>.
/// </summary>
internal static class CanonicalText
{
    internal static string Of(ColumnVector column, int index) => !column.IsValid(index) ? "~" : column.Type.Kind switch
    {
        TypeKind.Boolean => column.BooleanAt(index) ? "t" : "f",
        TypeKind.Int or TypeKind.Date => Text(column.Values<int>()[index]),
        TypeKind.Float => Number(column.Values<float>()[index]),
        TypeKind.Double => Number(column.Values<double>()[index]),
        TypeKind.Decimal => Text(column.Values<Int128>()[index]) + (column.Type.Scale > 0 ? $"e-{column.Type.Scale}" : ""),
        TypeKind.String or TypeKind.Binary => "x" + Convert.ToHexStringLower(column.BytesAt(index)),
        TypeKind.Struct => "{" + string.Join(',', column.Children.Select(c => Of(c, index))) + "}",
        TypeKind.List => "[" + string.Join(',', Elements(column, index).Select(e => Of(column.Children[0], e))) + "]",
        TypeKind.Map => "<" + string.Join(
            ',', Elements(column, index).Select(e => $"{Of(column.Children[0], e)}={Of(column.Children[1], e)}")) + ">",
        _ => Text(column.Values<long>()[index]),
    };

    private static IEnumerable<int> Elements(ColumnVector column, int index) =>
        Enumerable.Range(column.Offsets[index], column.Offsets[index + 1] - column.Offsets[index]);

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Number(double value)
    {
        if (double.IsNaN(value))
        {
            return "nan";
        }

        byte[] bits = new byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bits, value);
        return Convert.ToHexStringLower(bits);
    }
}
