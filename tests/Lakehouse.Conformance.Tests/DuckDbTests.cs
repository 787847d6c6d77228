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

    [Fact]
    public async Task DuckDB_sees_the_table_as_it_was_at_each_instant()
    {
        SampleTable sample = await tables.GetAsync("by day");
        foreach (string instant in sample.Instants)
        {
            await Comparison.DuckDbAsync(sample, instant, Cancellation);
        }
    }
}
