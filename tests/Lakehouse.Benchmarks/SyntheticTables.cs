using System.Text;
using Lakehouse.Columns;

namespace Lakehouse.Benchmarks;

/// <summary>Tables that are made up, always the same: forty columns of numbers, and ten of text.</summary>
internal static class SyntheticTables
{
    private const int BatchRowCount = 8192;
    private const int NumberColumnCount = 40;
    private const int TextColumnCount = 10;

    private static readonly string[] Words =
        "the trip was fine but late driver polite car clean price high again never always city centre airport rain traffic ok thanks"
            .Split(' ');

    internal static List<RecordBatch> Numbers(int rowCount)
    {
        var schema = new Schema([.. Enumerable.Range(0, NumberColumnCount).Select(i => new Field($"n{i:d2}", NumberType(i)))]);
        var random = new Random(1);
        double[] walks = new double[NumberColumnCount];
        long[] sums = new long[NumberColumnCount];
        return Batches(schema, rowCount, (builder, column, row) =>
        {
            switch (column % 8)
            {
                case 0:
                    builder.Append(1_000_000L + row); // An id.
                    break;
                case 1:
                    builder.Append(1_700_000_000_000 + (sums[column] += random.Next(200))); // A time.
                    break;
                case 2:
                    builder.Append(random.Next(200)); // A small number.
                    break;
                case 3:
                    builder.Append(random.Next()); // Noise.
                    break;
                case 4:
                    builder.Append(walks[column] += random.NextDouble() - 0.5); // A measurement in full precision.
                    break;
                case 5:
                    builder.Append(Math.Round(20 + (5 * Math.Sin(row / 1000.0)) + random.NextDouble(), 1)); // One with one digit.
                    break;
                case 6:
                    builder.Append((Int128)random.Next(100_000)); // A price.
                    break;
                default:
                    builder.Append((int)(sums[column] += random.Next(-3, 4))); // A counter that goes up and down.
                    break;
            }
        });
    }

    internal static List<RecordBatch> Texts(int rowCount)
    {
        var schema = new Schema([.. Enumerable.Range(0, TextColumnCount).Select(i => new Field($"t{i}", TypeKind.String))]);
        var random = new Random(2);
        byte[] token = new byte[16];
        return Batches(schema, rowCount, (builder, column, row) =>
        {
            random.NextBytes(token);
            builder.Append(Encoding.UTF8.GetBytes(column switch
            {
                0 => new Guid(token).ToString(),
                1 => $"https://example.com/{Words[row / 5_000 % Words.Length]}/{row:d9}",
                2 => $"Mozilla/5.0 (X11; Linux x86_64) rv:{random.Next(500)}.0 Gecko/20100101",
                3 => $"user{random.Next(100_000)}@mail{random.Next(20)}.example.com",
                4 => Words[random.Next(4)],
                5 => string.Join(' ', Enumerable.Range(0, random.Next(3, 30)).Select(_ => Words[random.Next(Words.Length)])),
                6 => Convert.ToBase64String(token.AsSpan(0, random.Next(4, 16))),
                7 => $$"""{"speed":{{random.Next(120)}},"heading":{{random.Next(360)}},"ok":{{(random.Next(9) > 0 ? "true" : "false")}}}""",
                8 => $"host-{random.Next(64):d3}.rack{random.Next(8)}.example.net",
                _ => random.Next(10) == 0 ? "" : $"+33 6 {random.Next(100):d2} {random.Next(100):d2} {random.Next(100):d2}",
            }));
        });
    }

    private static ColumnType NumberType(int column) => (column % 8) switch
    {
        0 => TypeKind.Long,
        1 => TypeKind.TimestampMillis,
        2 or 3 or 7 => TypeKind.Int,
        4 or 5 => TypeKind.Double,
        _ => ColumnType.Decimal(10, 2),
    };

    private static List<RecordBatch> Batches(Schema schema, int rowCount, Action<ColumnBuilder, int, int> append)
    {
        var batches = new List<RecordBatch>();
        for (int from = 0; from < rowCount; from += BatchRowCount)
        {
            int rows = Math.Min(BatchRowCount, rowCount - from);
            ColumnBuilder[] builders = [.. schema.Fields.Select(static f => new ColumnBuilder(f.Type))];
            for (int row = from; row < from + rows; row++)
            {
                for (int column = 0; column < builders.Length; column++)
                {
                    append(builders[column], column, row);
                }
            }

            batches.Add(new RecordBatch(schema, [.. builders.Select(static b => b.Finish())], rows));
            Array.ForEach(builders, static b => b.Dispose());
        }

        return batches;
    }
}
