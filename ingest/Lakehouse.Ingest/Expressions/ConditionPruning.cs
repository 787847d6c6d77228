using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>
/// Whether a condition can be true for any row of which only the bounds of each column are known. It asks the condition's own kernels:
/// <c>fare &gt; 10</c> can be true if it is true for the greatest fare, so comparisons of a column with a constant are evaluated at a
/// bound, with exactly the types and conversions that they have on rows. What it does not understand can be true.
/// </summary>
public sealed class ConditionPruning
{
    private readonly Expression _condition;

    /// <summary>Prepares a condition over a schema, to which it must bind.</summary>
    public ConditionPruning(Expression condition, Schema schema)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(schema);
        _condition = condition;
        var names = new HashSet<string>(StringComparer.Ordinal);
        Collect(condition, names);
        Bounds = new Schema([.. schema.Fields.Where(f => names.Contains(f.Name)).Select(f => f with { Required = false })]);
    }

    /// <summary>The columns that the condition refers to, in schema order, none of them required.</summary>
    public Schema Bounds { get; }

    /// <summary>Their names.</summary>
    public ImmutableArray<string> Columns => [.. Bounds.Fields.Select(f => f.Name)];

    /// <summary>
    /// Whether the condition can be true. <paramref name="bounds"/> has the columns of <see cref="Bounds"/> and two rows, the lower bounds
    /// and the upper bounds; null where a bound is not known.
    /// </summary>
    public bool MayBeTrue(RecordBatch bounds)
    {
        ArgumentNullException.ThrowIfNull(bounds);
        return MayBeTrue(_condition, bounds);
    }

    private static bool MayBeTrue(Expression condition, RecordBatch bounds) => condition switch
    {
        Expression.Binary { Operator: "and" } and => MayBeTrue(and.Left, bounds) && MayBeTrue(and.Right, bounds),
        Expression.Binary { Operator: "or" } or => MayBeTrue(or.Left, bounds) || MayBeTrue(or.Right, bounds),
        Expression.Binary comparison => ComparisonMayBeTrue(comparison, bounds),
        Expression.Between { Operand: Expression.Column column } between =>
            ComparisonMayBeTrue(new Expression.Binary(between.Position, ">=", column, between.Low), bounds)
            && ComparisonMayBeTrue(new Expression.Binary(between.Position, "<=", column, between.High), bounds),
        Expression.In { Operand: Expression.Column column } list => list.List.Any(value =>
            ComparisonMayBeTrue(new Expression.Binary(list.Position, "=", column, value), bounds)),
        _ => true,
    };

    private static bool ComparisonMayBeTrue(Expression.Binary comparison, RecordBatch bounds)
    {
        const int lower = 0;
        const int upper = 1;
        if (comparison.Right is Expression.Column && comparison.Left is not Expression.Column)
        {
            string? turned = comparison.Operator switch { "<" => ">", "<=" => ">=", ">" => "<", ">=" => "<=", "=" => "=", _ => null };
            return turned is null
                || ComparisonMayBeTrue(new Expression.Binary(comparison.Position, turned, comparison.Right, comparison.Left), bounds);
        }

        if (comparison.Left is not Expression.Column || !IsConstant(comparison.Right))
        {
            return true;
        }

        return comparison.Operator switch
        {
            "<" or "<=" => IsTrueOrUnknown(comparison, bounds, lower),
            ">" or ">=" => IsTrueOrUnknown(comparison, bounds, upper),
            "=" => IsTrueOrUnknown(comparison with { Operator = "<=" }, bounds, lower)
                && IsTrueOrUnknown(comparison with { Operator = ">=" }, bounds, upper),
            _ => true,
        };
    }

    private static bool IsTrueOrUnknown(Expression comparison, RecordBatch bounds, int row)
    {
        using ColumnVector result = comparison.Bind(bounds.Schema).Evaluate(bounds);
        return !result.IsValid(row) || result.BooleanAt(row);
    }

    private static bool IsConstant(Expression expression) => expression switch
    {
        Expression.Boolean or Expression.Number or Expression.Text or Expression.Temporal => true,
        Expression.Negate negate => IsConstant(negate.Operand),
        Expression.Cast cast => IsConstant(cast.Operand),
        _ => false,
    };

    private static void Collect(Expression? expression, HashSet<string> names)
    {
        IEnumerable<Expression?> children = expression switch
        {
            Expression.Negate e => [e.Operand],
            Expression.Not e => [e.Operand],
            Expression.Binary e => [e.Left, e.Right],
            Expression.IsNull e => [e.Operand],
            Expression.In e => [e.Operand, .. e.List],
            Expression.Between e => [e.Operand, e.Low, e.High],
            Expression.Like e => [e.Operand, e.Pattern],
            Expression.Case e => e.Branches.SelectMany(b => new Expression?[] { b.When, b.Then }).Append(e.Subject).Append(e.Otherwise),
            Expression.Cast e => [e.Operand],
            Expression.Call e => e.Arguments,
            _ => [],
        };
        if (expression is Expression.Column column)
        {
            names.Add(column.Name);
        }

        foreach (Expression? child in children)
        {
            Collect(child, names);
        }
    }
}
