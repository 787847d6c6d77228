using System.Globalization;
using Lakehouse.Columns;

namespace Lakehouse.Tests.Parquet;

/// <summary>
/// One text for each value, whatever the reader, as the corpus <c>page-merged</c> defines it: null <c>N</c>, booleans <c>T</c> and <c>F</c>,
/// numbers in decimal digits (decimals unscaled, dates in days, timestamps in microseconds), floating point as its bits behind <c>f</c> or
/// <c>d</c>, strings and binary as hexadecimal behind <c>x</c>, lists <c>[a,b]</c>, structs <c>{a,b}</c>, maps <c>&lt;k=v,k=v&gt;</c>.
/// </summary>
internal static class CanonicalText
{
    /// <summary>The text of a value; of maps as lists of structs with a key and a value if <paramref name="mapsArePairs"/>.</summary>
    internal static string Of(ColumnVector column, int index, bool mapsArePairs = false) => !column.IsValid(index) ? "N" : column.Type.Kind switch
    {
        TypeKind.Boolean => column.BooleanAt(index) ? "T" : "F",
        TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis => Text(column.Values<int>()[index]),
        TypeKind.Float => $"f{column.Values<int>()[index]:x8}",
        TypeKind.Double => $"d{column.Values<long>()[index]:x16}",
        TypeKind.Decimal => Text(column.Values<Int128>()[index]),
        TypeKind.TimestampMillis => Text(column.Values<long>()[index] * 1000),
        TypeKind.String or TypeKind.Binary => "x" + Convert.ToHexStringLower(column.BytesAt(index)),
        TypeKind.Struct => "{" + string.Join(',', column.Children.Select(c => Of(c, index, mapsArePairs))) + "}",
        TypeKind.List => "[" + string.Join(',', Elements(column, index).Select(e => Of(column.Children[0], e, mapsArePairs))) + "]",
        TypeKind.Map when mapsArePairs => "[" + string.Join(
            ',', Elements(column, index).Select(e => $"{{{Of(column.Children[0], e, true)},{Of(column.Children[1], e, true)}}}")) + "]",
        TypeKind.Map => "<" + string.Join(
            ',', Elements(column, index).Select(e => $"{Of(column.Children[0], e)}={Of(column.Children[1], e)}")) + ">",
        _ => Text(column.Values<long>()[index]),
    };

    private static IEnumerable<int> Elements(ColumnVector column, int index) =>
        Enumerable.Range(column.Offsets[index], column.Offsets[index + 1] - column.Offsets[index]);

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
