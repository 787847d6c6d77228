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
                Condition(filter.Condition, input, filter.Location, "A filter");
                return input;
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

    /// <summary>The conditions of the routes, in their order, for one subtask.</summary>
    internal static IReadOnlyList<BoundExpression> Routes(PipelineDefinition pipeline) =>
        [.. pipeline.Routes.Select(r => Condition(r.Condition, pipeline.Schemas.Output, r.Location, "A route's 'where'"))];

    /// <summary>A condition over some columns. Throws <see cref="PipelineDefinitionException"/> for an expression of another type.</summary>
    internal static BoundExpression Condition(string text, Schema input, SourceLocation location, string what)
    {
        BoundExpression condition = Bind(text, input, location);
        return condition.Type.Kind == TypeKind.Boolean
            ? condition
            : throw new PipelineDefinitionException(location, $"{what} is a condition; '{text}' is {condition.Type}.");
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
