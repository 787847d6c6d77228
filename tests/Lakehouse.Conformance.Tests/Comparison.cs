using System.Text.Json;
using Lakehouse.Columns;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>A reader must see exactly what is expected: every value of every column of every row, the meta columns too, once.</summary>
internal static class Comparison
{
    internal static async Task HudiRustAsync(SampleTable sample, string? asOf, CancellationToken cancellation)
    {
        ExpectedTable expected = sample.Expected(asOf);
        TableReading reading = await ForeignReaders.HudiRust.ReadAsync(sample.Folder, asOf, cancellation);
        Assert.Equal(expected.Rows, ExpectedTable.Sorted(Rows(expected.Schema, reading.Document.GetProperty("data"))));
        Same(expected, reading);
    }

    internal static async Task HudiJavaAsync(SampleTable sample, string? asOf, int splits, CancellationToken cancellation)
    {
        ExpectedTable expected = sample.Expected(asOf);
        TableReading reading = await ForeignReaders.HudiJava.ReadAsync(sample.Folder, asOf, splits, cancellation);
        Same(expected, reading);
        Assert.Equal(
            expected.CommitTimes, reading.Document.GetProperty("commitTimes").EnumerateObject().Select(c => (c.Name, c.Value.GetInt64())));
    }

    internal static async Task DuckDbAsync(SampleTable sample, string? asOf, CancellationToken cancellation)
    {
        ExpectedTable expected = sample.Expected(asOf);
        await ForeignReaders.DuckDb.RequireAsync();
        if (expected.RowCount == 0)
        {
            Assert.Empty((await sample.Table.SnapshotAsync(asOf, cancellation)).FileSlices);
            return;
        }

        string columns = string.Join(", ", expected.Schema.Fields.Select(f => $"{DuckDbText(f)} as \"{f.Name}\""));
        JsonElement rows = await ForeignReaders.DuckDb.QueryAsync(sample.Table, asOf, $"select {columns} from {{table}}", cancellation);
        Assert.Equal(expected.Rows, ExpectedTable.Sorted(Rows(expected.Schema, rows)));
    }

    private static void Same(ExpectedTable expected, TableReading reading)
    {
        Assert.Equal(expected.RowCount, reading.RowCount);
        Assert.Equal(expected.FileNames, reading.FileNames);
        if (expected.RowCount > 0)
        {
            Assert.Equal(
                expected.Columns.OrderBy(c => c.Key, StringComparer.Ordinal), reading.Columns.OrderBy(c => c.Key, StringComparer.Ordinal));
        }
    }

    private static IEnumerable<string?[]> Rows(Schema schema, JsonElement data) => data.EnumerateArray()
        .Select(row => schema.Fields.Select(f => SampleValues.Text(f.Type, row.GetProperty(f.Name))).ToArray());

    private static string DuckDbText(Field field) => field.Type.Kind switch
    {
        TypeKind.TimestampMillis or TypeKind.TimestampMicros => $"epoch_us(\"{field.Name}\")::varchar",
        TypeKind.Binary => $"to_base64(\"{field.Name}\")",
        TypeKind.Float => $"\"{field.Name}\"::double::varchar",
        _ => $"\"{field.Name}\"::varchar",
    };
}
