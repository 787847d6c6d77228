using Lakehouse.Columns;

namespace Lakehouse.Tests.Parquet;

/// <summary>What a schema may have been before it became what it is, and what the older values are in it.</summary>
internal static class RandomEvolution
{
    private static readonly Field[] Gone = [new Field("gone", TypeKind.Long), new Field("lost", ColumnType.List(TypeKind.String), Required: true)];

    /// <summary>
    /// An older form of a schema: columns and members that may be null are missing, flat columns that may be were required, numbers were
    /// narrower, there were columns that are gone, and the order was another. If <paramref name="isFar"/>, what is nested has changed in ways,
    /// too, that a merger may refuse.
    /// </summary>
    internal static Schema Before(Random random, Schema now, bool isFar)
    {
        List<Field> fields = [.. now.Fields.Select(f => Before(random, f, isFar, isTop: true)).OfType<Field>()];
        fields.AddRange(Gone.Where(_ => random.Next(4) == 0));
        if (fields.Count == 0)
        {
            fields.Add(now[0]);
        }

        Field[] ordered = random.Next(3) == 0 ? [.. fields.OrderBy(_ => random.Next())] : [.. fields];
        return new Schema(ordered);
    }

    /// <summary>The text of an older value as one of the type that its column has now.</summary>
    internal static string Text(ColumnVector column, int index, ColumnType now, bool mapsArePairs = false)
    {
        if (!column.IsValid(index))
        {
            return "N";
        }

        ColumnType before = column.Type;
        switch (now.Kind)
        {
            case TypeKind.Struct:
                return "{" + string.Join(',', now.Children.Select(f => Member(column, before, f) is { } member
                    ? Text(member, index, f.Type, mapsArePairs)
                    : "N")) + "}";
            case TypeKind.List:
                return "[" + string.Join(',', Elements(column, index).Select(e => Text(column.Children[0], e, now.Children[0].Type, mapsArePairs))) + "]";
            case TypeKind.Map:
                (string open, string equals, string close) = mapsArePairs ? ("{", ",", "}") : ("", "=", "");
                IEnumerable<string> entries = Elements(column, index).Select(e => open
                    + Text(column.Children[0], e, now.Children[0].Type, mapsArePairs) + equals
                    + Text(column.Children[1], e, now.Children[1].Type, mapsArePairs) + close);
                return (mapsArePairs ? "[" : "<") + string.Join(',', entries) + (mapsArePairs ? "]" : ">");
            case TypeKind.Double when before.Kind == TypeKind.Float:
                return $"d{BitConverter.DoubleToInt64Bits(BitConverter.Int32BitsToSingle(column.Values<int>()[index])):x16}";
            default:
                return CanonicalText.Of(column, index); // The text of a narrower integer is that of the wider one.
        }
    }

    /// <summary>A column by name; null when an older schema lacks it.</summary>
    internal static ColumnVector? Column(RecordBatch batch, Field now) =>
        batch.Schema.IndexOf(now.Name) is var at and >= 0 ? batch.Columns[at] : null;

    private static Field? Before(Random random, Field now, bool isFar, bool isTop, bool canBeMissing = true)
    {
        if (canBeMissing && !now.Required && random.Next(5) == 0)
        {
            return null;
        }

        bool isStricter = (isFar || (isTop && !now.Type.IsNested)) && random.Next(4) == 0;
        return now with { Type = Before(random, now.Type, isFar, isTop), Required = now.Required || isStricter };
    }

    private static ColumnType Before(Random random, ColumnType now, bool isFar, bool isTop)
    {
        switch (now.Kind)
        {
            case TypeKind.Struct:
                Field[] members = [.. now.Children.Select(f => Before(random, f, isFar, isTop: false)).OfType<Field>()];
                return members.Length == 0 ? now : ColumnType.Struct(random.Next(3) == 0 ? [.. members.OrderBy(_ => random.Next())] : members);
            case TypeKind.List:
                Field element = Before(random, now.Children[0], isFar, isTop: false, canBeMissing: false)!; // not null: it cannot be missing
                return ColumnType.List(element.Type, element.Required);
            case TypeKind.Map:
                Field value = Before(random, now.Children[1], isFar, isTop: false, canBeMissing: false)!; // not null: it cannot be missing
                return ColumnType.Map(now.Children[0].Type, value.Type, value.Required);
            case TypeKind.Long when (isFar || isTop) && random.Next(3) == 0:
                return TypeKind.Int;
            case TypeKind.Double when (isFar || isTop) && random.Next(3) == 0:
                return TypeKind.Float;
            default:
                return now;
        }
    }

    private static ColumnVector? Member(ColumnVector column, ColumnType before, Field now)
    {
        for (int i = 0; i < before.Children.Length; i++)
        {
            if (before.Children[i].Name == now.Name)
            {
                return column.Children[i];
            }
        }

        return null;
    }

    private static IEnumerable<int> Elements(ColumnVector column, int index) =>
        Enumerable.Range(column.Offsets[index], column.Offsets[index + 1] - column.Offsets[index]);
}
