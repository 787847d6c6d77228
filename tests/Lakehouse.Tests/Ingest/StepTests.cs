using Lakehouse.Ingest;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class StepTests
{
    [Theory]
    [InlineData("- filter: \"fare >= 0\"", "- filter: \"fair >= 0\"", "fare")]
    [InlineData("- filter: \"fare >= 0\"", "- filter: \"fare + 1\"", "A filter is a condition; 'fare + 1' is double")]
    [InlineData("- filter: \"fare >= 0\"", "- filter: \"fare >=\"", "In 'fare >='")]
    [InlineData("- filter: \"fare >= 0\"", "- fliter: \"fare >= 0\"", "Did you mean 'filter'?")]
    [InlineData("- filter: \"fare >= 0\"", "- { filter: \"fare >= 0\", derive: { a: \"1\" } }", "exactly one key")]
    [InlineData("- filter: \"fare >= 0\"", "- derive: { Fare: \"1\" }", "a column 'Fare' already")]
    [InlineData("- filter: \"fare >= 0\"", "- derive: { _hoodie_x: \"1\" }", "Hudi's own")]
    public void Mistake_in_a_step_is_reported_at_its_line(string right, string wrong, string says)
    {
        Assert.Contains(right, PipelineBench.Trips, StringComparison.Ordinal);

        var error = Assert.Throws<PipelineDefinitionException>(
            () => PipelineBench.Parse(PipelineBench.Trips.Replace(right, wrong, StringComparison.Ordinal)));

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.Equal(9, error.Location.Line);
    }

    [Fact]
    public void Step_sees_the_columns_that_earlier_steps_derived()
    {
        PipelineDefinition pipeline = PipelineBench.Parse(PipelineBench.Trips.Replace(
            "- filter: \"fare >= 0\"", "- derive: { doubled: \"fare * 2\" }\n  - filter: \"doubled >= 0\"", StringComparison.Ordinal));

        Assert.Equal(["doubled", "dt"], pipeline.Schemas.Table.Fields.Select(f => f.Name).TakeLast(2));
    }
}
