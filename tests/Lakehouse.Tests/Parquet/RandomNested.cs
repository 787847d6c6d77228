using Lakehouse.Columns;

namespace Lakehouse.Tests.Parquet;

/// <summary>Random nested types and random columns of them: null, empty and long values at every level.</summary>
internal static class RandomNested
{
    private const int DepthMax = 3;

    internal static ColumnType Type(Random random, int depth = 0) => (depth == DepthMax ? 0 : random.Next(depth == 0 ? 1 : 0, 4)) switch
    {
        1 => ColumnType.List(Type(random, depth + 1), random.Next(3) == 0),
        2 => ColumnType.Map(TypeKind.String, Type(random, depth + 1), random.Next(3) == 0),
        3 => ColumnType.Struct([.. Enumerable.Range(0, random.Next(1, 4))
            .Select(i => new Field($"f{i}", Type(random, depth + 1), random.Next(3) == 0))]),
        _ => RandomRows.Types[random.Next(RandomRows.Types.Length)],
    };

    /// <summary>A column of so many rows. Now and then a value has more elements than <paramref name="longest"/> allows others to have.</summary>
    internal static ColumnVector Column(Random random, Field field, int rows, int distinct, int longest)
    {
        using var builder = new ColumnBuilder(field.Type);
        for (int i = 0; i < rows; i++)
        {
            Append(builder, field, random, distinct, longest);
        }

        return builder.Finish();
    }

    private static void Append(ColumnBuilder builder, Field field, Random random, int distinct, int longest)
    {
        if (!field.Required && random.Next(5) == 0)
        {
            builder.AppendNull();
            return;
        }

        if (!field.Type.IsNested)
        {
            RandomRows.Append(builder, field.Type, random.Next(distinct));
            return;
        }

        int elements = field.Type.Kind == TypeKind.Struct ? 1 : random.Next(40) == 0 ? longest : random.Next(4);
        for (int element = 0; element < elements; element++)
        {
            for (int i = 0; i < builder.Children.Length; i++)
            {
                Append(builder.Children[i], field.Type.Children[i], random, distinct, longest: 5);
            }
        }

        builder.AppendNested();
    }
}
