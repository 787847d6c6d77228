using Xunit;

namespace Lakehouse.Conformance.Tests;

/// <summary>Hudi's Java code reads what was committed, and nothing else, however its tasks divide the files.</summary>
public sealed class HudiJavaTests(SampleTables tables)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(SampleTables.Names), MemberType = typeof(SampleTables))]
    public async Task Hudi_Java_sees_exactly_the_committed_rows_of_the_table(string table) =>
        await Comparison.HudiJavaAsync(await tables.GetAsync(table), null, 3, Cancellation);

    [Theory]
    [InlineData("by day")]
    [InlineData("with erased rows")]
    [InlineData("with merged files")]
    public async Task Hudi_Java_sees_the_table_as_it_was_at_each_instant(string table)
    {
        SampleTable sample = await tables.GetAsync(table);
        foreach (string instant in sample.Instants)
        {
            await Comparison.HudiJavaAsync(sample, instant, 1, Cancellation);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task Hudi_Java_reads_each_row_group_once_in_any_number_of_splits(int splits)
    {
        SampleTable sample = await tables.GetAsync("without partitions");
        await Comparison.HudiJavaAsync(sample, null, splits, Cancellation);
    }
}
