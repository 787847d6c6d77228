using System.Globalization;
using System.Text.Json;
using Lakehouse.Columns;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>DuckDB reads what was committed, and nothing else, from the files that make up a table.</summary>
public sealed class DuckDbTests(SampleTables tables)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task DuckDB_sees_exactly_the_committed_rows_of_the_table(string table) =>
        await Comparison.DuckDbAsync(await tables.GetAsync(table), null, Cancellation);

    [Theory]
    [InlineData("by day")]
    [InlineData("with erased rows")]
    [InlineData("with merged files")]
    public async Task DuckDB_sees_the_table_as_it_was_at_each_instant(string table)
    {
        SampleTable sample = await tables.GetAsync(table);
        foreach (string instant in sample.Instants)
        {
            await Comparison.DuckDbAsync(sample, instant, Cancellation);
        }
    }

    /// <summary>DuckDB passes over row groups whose statistics exclude what is asked for. Wrong ones would lose rows.</summary>
    [Theory]
    [InlineData("without partitions")]
    [InlineData("whose writer was set differently each time")]
    [InlineData("of nothing but nulls")]
    public async Task DuckDB_finds_every_row_by_any_of_its_values(string table)
    {
        SampleTable sample = await tables.GetAsync(table);
        ExpectedTable expected = sample.Expected();
        var wanted = expected.Schema.Fields
            .SelectMany(f => expected.ValuesOf(f.Name).Take(25).Select(v => (Field: f, v.Value, v.RowCount)))
            .ToList();
        string sql = string.Join(" union all ", wanted.Select((w, i) =>
            $"select {i} as i, count(*)::varchar as n from {{table}} where \"{w.Field.Name}\" = {Literal(w.Field.Type, w.Value)}"));
        JsonElement counts = await ForeignReaders.DuckDb.QueryAsync(sample.Table, null, sql + " order by i", Cancellation);
        Assert.Equal(
            wanted.Select(static w => (w.Field.Name, w.Value, w.RowCount)),
            wanted.Zip(counts.EnumerateArray(), static (w, row) =>
                (w.Field.Name, w.Value, long.Parse(row.GetProperty("n").GetString()!, CultureInfo.InvariantCulture))));
    }

    private static string Literal(ColumnType type, string value) => type.Kind switch
    {
        TypeKind.Float => $"'{Infinite(value)}'::float",
        TypeKind.Double => $"'{Infinite(value)}'::double",
        TypeKind.Decimal => $"'{value}'::decimal({type.Precision},{type.Scale})",
        TypeKind.Date => $"'{value}'::date",
        TypeKind.TimestampMillis or TypeKind.TimestampMicros => $"make_timestamptz({value}::bigint)",
        TypeKind.String => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'",
        TypeKind.Binary => $"from_base64('{value}')",
        _ => value,
    };

    private static string Infinite(string value) => value.Replace("Infinity", "inf", StringComparison.Ordinal);
}
