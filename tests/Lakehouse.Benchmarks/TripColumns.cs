using System.Text.Json;
using Lakehouse.Columns;

namespace Lakehouse.Benchmarks;

/// <summary>
/// Other kinds of tables in the columns of the trips, which are all that the yardstick's program knows: those that a kind has no use for are
/// null. As lines of JSON, so that both sides decode the same rows.
/// </summary>
internal static class TripColumns
{
    // Columns of the trips, with those of BenchmarkTables whose values they take.
    private static readonly (string Name, int From)[] Numbers = [("event_time", 1), ("fare", 5), ("distance_km", 6), ("surge", 2), ("lat", 10), ("lon", 3)];

    private static readonly (string Name, int From)[] Text =
        [("trip_id", 0), ("rider", 1), ("driver", 2), ("city", 3), ("status", 4), ("payment", 8), ("notes", 6)];

    /// <summary>A counter with gaps, prices, halves and measurements, two of them with nulls.</summary>
    internal static void WriteNumbers(string path, int rowCount) => Write(
        path,
        new Schema([.. Numbers.Select(static c => new Field(c.Name, c.Name == "event_time" ? TypeKind.Long : TypeKind.Double))]),
        rowCount,
        static (random, target, column, row) => BenchmarkTables.AppendNumber(random, target, Numbers[column].From, row));

    /// <summary>Keys, addresses and sentences, some of them null.</summary>
    internal static void WriteText(string path, int rowCount) => Write(
        path,
        new Schema([.. Text.Select(static c => new Field(c.Name, TypeKind.String))]),
        rowCount,
        static (random, target, column, row) => BenchmarkTables.AppendText(random, target, Text[column].From, row));

    private static void Write(string path, Schema schema, int rowCount, Action<Random, ColumnBuilder, int, long> append)
    {
        using FileStream file = File.Create(path);
        using var json = new Utf8JsonWriter(file);
        foreach (RecordBatch batch in BenchmarkTables.Batches(schema, rowCount, append))
        {
            using (batch)
            {
                for (int row = 0; row < batch.RowCount; row++)
                {
                    WriteRow(json, batch, row);
                    json.Flush();
                    file.WriteByte((byte)'\n');
                    json.Reset();
                }
            }
        }
    }

    private static void WriteRow(Utf8JsonWriter json, RecordBatch batch, int row)
    {
        json.WriteStartObject();
        for (int c = 0; c < batch.Schema.Count; c++)
        {
            ColumnVector column = batch.Columns[c];
            if (!column.IsValid(row))
            {
                continue;
            }

            string name = batch.Schema[c].Name;
            switch (column.Type.Kind)
            {
                case TypeKind.Long:
                    json.WriteNumber(name, column.Values<long>()[row]);
                    break;
                case TypeKind.Double:
                    json.WriteNumber(name, column.Values<double>()[row]);
                    break;
                default:
                    json.WriteString(name, column.BytesAt(row));
                    break;
            }
        }

        json.WriteEndObject();
    }
}
