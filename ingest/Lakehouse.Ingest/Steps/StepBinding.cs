using Lakehouse.Columns;
using Lakehouse.Engine;

namespace Lakehouse.Ingest;

/// <summary>Binds steps to the columns that reach them: once to check a pipeline, once per subtask to run it.</summary>
internal static class StepBinding
{
    /// <summary>The columns after a step. Throws <see cref="PipelineDefinitionException"/> at the step's place.</summary>
    internal static Schema OutputOf(Schema input, StepDefinition step)
    {
        switch (step)
        {
            case StepDefinition.Filter filter:
                BoundExpression condition = Bind(filter.Condition, input, filter.Location);
                return condition.Type.Kind == TypeKind.Boolean
                    ? input
                    : throw new PipelineDefinitionException(
                        filter.Location, $"A filter is a condition; '{filter.Condition}' is {condition.Type}.");
            case StepDefinition.Derive derive:
                ColumnNames.Check(derive.Column, derive.Location);
                if (input.Fields.Any(f => string.Equals(f.Name, derive.Column, StringComparison.OrdinalIgnoreCase)))
                {
                    throw new PipelineDefinitionException(derive.Location,
                        $"There is a column '{derive.Column}' already; derive one of another name.");
                }

                return input.Append(new Field(derive.Column, Bind(derive.Expression, input, derive.Location).Type));
            default:
                throw new ArgumentOutOfRangeException(nameof(step));
        }
    }

    /// <summary>The steps as operators of one subtask.</summary>
    internal static IReadOnlyList<IOperator> Operators(PipelineDefinition pipeline)
    {
        var operators = new List<IOperator>(pipeline.Steps.Length);
        Schema input = pipeline.Schemas.Source;
        foreach (StepDefinition step in pipeline.Steps)
        {
            Schema output = OutputOf(input, step);
            operators.Add(step switch
            {
                StepDefinition.Filter filter => new FilterOperator(filter.Condition, Bind(filter.Condition, input, step.Location)),
                StepDefinition.Derive derive => new DeriveOperator(
                    output, derive.Expression, Bind(derive.Expression, input, step.Location)),
                _ => throw new ArgumentOutOfRangeException(nameof(pipeline)),
            });
            input = output;
        }

        return operators;
    }

    private static BoundExpression Bind(string text, Schema input, SourceLocation location)
    {
        try
        {
            return Expression.Parse(text).Bind(input);
        }
        catch (ExpressionException error)
        {
            throw new PipelineDefinitionException(location, $"In '{text}': {error.Message}", error);
        }
    }
}
