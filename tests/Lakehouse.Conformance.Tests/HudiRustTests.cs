using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>hudi-rs reads what was committed, and nothing else.</summary>
public sealed class HudiRustTests(SampleTables tables)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task Hudi_rs_sees_exactly_the_committed_rows_of_the_table(string table) =>
        await Comparison.HudiRustAsync(await tables.GetAsync(table), null, Cancellation);

    [Theory]
    [InlineData("by day")]
    [InlineData("with erased rows")]
    [InlineData("with merged files")]
    public async Task Hudi_rs_sees_the_table_as_it_was_at_each_instant(string table)
    {
        SampleTable sample = await tables.GetAsync(table);
        foreach (string instant in sample.Instants)
        {
            await Comparison.HudiRustAsync(sample, instant, Cancellation);
        }
    }
}
