using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>Checks a step against the columns that reach it.</summary>
internal static class StepBinding
{
    internal static Schema OutputOf(Schema input, StepDefinition step) =>
        throw new PipelineDefinitionException(step.Location, "Steps need expressions.");
}
