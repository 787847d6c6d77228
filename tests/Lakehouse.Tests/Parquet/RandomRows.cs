using Lakehouse.Columns;

namespace Lakehouse.Tests.Parquet;

/// <summary>Random columns of every type, and their values as text to compare.</summary>
internal static class RandomRows
{
    internal static readonly ColumnType[] Types =
    [
        TypeKind.Boolean, TypeKind.Int, TypeKind.Long, TypeKind.Float, TypeKind.Double, ColumnType.Decimal(9, 2),
        ColumnType.Decimal(38, 4), TypeKind.Date, TypeKind.TimeMillis, TypeKind.TimeMicros,
        TypeKind.TimestampMillis, TypeKind.TimestampMicros, TypeKind.TimeNanos, TypeKind.TimestampNanos, TypeKind.String, TypeKind.Binary,
    ];

    /// <summary>Some flat columns and a nested one, any of them required or not.</summary>
    internal static Schema Schema(Random random) => new(
    [
        .. Enumerable.Range(0, 1 + random.Next(4)).Select(i => new Field($"flat{i}", Types[random.Next(Types.Length)], random.Next(2) == 0)),
        new Field("nested", RandomNested.Type(random), random.Next(2) == 0),
        .. Enumerable.Range(0, random.Next(3)).Select(i => new Field($"after{i}", Types[random.Next(Types.Length)], random.Next(2) == 0)),
    ]);

    /// <summary>Rows of a schema; flat columns are random, in runs, or ascending.</summary>
    internal static RecordBatch Batch(Random random, Schema schema, int rows, int distinct) => new(
        schema,
        [
            .. schema.Fields.Select(f => f.Type.IsNested ? RandomNested.Column(random, f, rows, distinct, longest: 100)
                : random.Next(3) == 0 ? Ascending(random, f, rows)
                : Column(random, f, rows, distinct, runs: random.Next(2) == 0)),
        ],
        rows);

    /// <summary>Values that rise by little, all of them new or many of them equal.</summary>
    internal static ColumnVector Ascending(Random random, Field field, int rows)
    {
        using var builder = new ColumnBuilder(field.Type);
        bool hasNulls = !field.Required && random.Next(2) == 0;
        int step = random.Next(1, 4);
        long value = random.Next(1_000_000);
        for (int i = 0; i < rows; i++)
        {
            value += random.Next(step);
            if (hasNulls && random.Next(10) == 0)
            {
                builder.AppendNull();
            }
            else if (field.Type.IsVariableWidth)
            {
                builder.Append(System.Text.Encoding.UTF8.GetBytes($"https://example.com/trips/{value:d9}/é"));
            }
            else if (field.Type.Kind is TypeKind.Long or TypeKind.TimestampMillis or TypeKind.TimestampMicros)
            {
                builder.Append(1_700_000_000_000 + value);
            }
            else
            {
                Append(builder, field.Type, (int)value);
            }
        }

        return builder.Finish();
    }

    /// <summary>A column with about so many distinct values and, unless required, nulls; runs of equal values if <paramref name="runs"/>.</summary>
    internal static ColumnVector Column(Random random, Field field, int rows, int distinct, bool runs)
    {
        using var builder = new ColumnBuilder(field.Type);
        double nullShare = field.Required ? 0 : random.Next(3) * 0.45;
        int value = 0;
        for (int i = 0; i < rows; i++)
        {
            if (random.NextDouble() < nullShare)
            {
                builder.AppendNull();
                continue;
            }

            if (!runs || i == 0 || random.Next(60) == 0)
            {
                value = random.Next(distinct);
            }

            Append(builder, field.Type, value);
        }

        return builder.Finish();
    }

    internal static void Append(ColumnBuilder builder, ColumnType type, int value)
    {
        switch (type.Kind)
        {
            case TypeKind.Boolean:
                builder.Append((value & 1) == 1);
                break;
            case TypeKind.TimeMillis:
                builder.Append((int)(value * 7919L % 86_400_000));
                break;
            case TypeKind.TimeMicros:
                builder.Append(value * 1_000_000_007L % 86_400_000_000);
                break;
            case TypeKind.TimeNanos:
                builder.Append(value * 1_000_000_007L % 86_400_000_000_000);
                break;
            case TypeKind.Int or TypeKind.Date:
                builder.Append((value * 7919) - 1000);
                break;
            case TypeKind.Float:
                builder.Append((value * 0.5f) - 100);
                break;
            case TypeKind.Double:
                builder.Append((value * 0.01) - 1);
                break;
            case TypeKind.Decimal:
                Int128 unit = type.Precision == 38 ? Int128.MaxValue / 10_000_000 : 1;
                builder.Append(value % 999_999 * ((value & 1) == 0 ? unit : -unit));
                break;
            case TypeKind.String or TypeKind.Binary:
                builder.Append(System.Text.Encoding.UTF8.GetBytes(value % 13 == 0 ? "" : new string('ä', value % 50) + value));
                break;
            default:
                builder.Append((value * 1_000_000_007L) - 5_000_000_000);
                break;
        }
    }

    internal static string Text(ColumnVector vector, int row)
    {
        if (!vector.IsValid(row))
        {
            return "null";
        }

        return vector.Type.Kind switch
        {
            TypeKind.Boolean => vector.BooleanAt(row) ? "true" : "false",
            TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis or TypeKind.Float => $"{vector.Values<int>()[row]}",
            TypeKind.Decimal => vector.Values<Int128>()[row].ToString(System.Globalization.CultureInfo.InvariantCulture),
            TypeKind.String or TypeKind.Binary => Convert.ToHexString(vector.BytesAt(row)),
            _ => $"{vector.Values<long>()[row]}",
        };
    }
}
