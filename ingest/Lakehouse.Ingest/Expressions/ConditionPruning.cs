using System.Collections.Immutable;
using Lakehouse.Columns;
using Lakehouse.Parquet;

namespace Lakehouse.Ingest;

/// <summary>
/// For which rows a condition can be true, of which only the bounds of pages are known, their nulls and bloom filters. It asks the
/// condition's own kernels: <c>fare &gt; 10</c> can be true in a page if it is true for the greatest fare there, so comparisons of a column
/// with a constant are evaluated at a bound, with exactly the types and conversions that they have on rows. What it does not understand
/// can be true.
/// </summary>
public sealed class ConditionPruning : IRowPruning
{
    private const char FirstSurrogate = '\uD800';
    private readonly Expression _condition;

    /// <summary>Prepares a condition over a schema, to which it must bind.</summary>
    public ConditionPruning(Expression condition, Schema schema)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(schema);
        _condition = condition;
        Types = schema.Fields.ToImmutableDictionary(static f => f.Name, static f => f.Type, StringComparer.Ordinal);
        Columns = Names(condition, equalityOnly: false, schema);
        EqualityColumns = Names(condition, equalityOnly: true, schema);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Columns { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> EqualityColumns { get; }

    private ImmutableDictionary<string, ColumnType> Types { get; }

    /// <inheritdoc/>
    public RowRanges Possible(RowGroupFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        return Possible(_condition, facts);
    }

    private RowRanges Possible(Expression condition, RowGroupFacts facts) => condition switch
    {
        Expression.Binary { Operator: "and" } and => Possible(and.Left, facts).And(Possible(and.Right, facts)),
        Expression.Binary { Operator: "or" } or => Possible(or.Left, facts).Or(Possible(or.Right, facts)),
        Expression.Binary comparison => Compared(comparison, facts),
        Expression.Between { Operand: Expression.Column column } between =>
            Compared(new Expression.Binary(between.Position, ">=", column, between.Low), facts)
                .And(Compared(new Expression.Binary(between.Position, "<=", column, between.High), facts)),
        Expression.In { Operand: Expression.Column column } list => list.List
            .Select(value => Compared(new Expression.Binary(list.Position, "=", column, value), facts))
            .Aggregate(RowRanges.None, static (a, b) => a.Or(b)),
        Expression.Like { Operand: Expression.Column column, Pattern: Expression.Text pattern } => Prefixed(column, pattern, facts),
        Expression.IsNull { Operand: Expression.Column column } isNull => Nulls(column, isNull.Negated, facts),
        _ => RowRanges.All(facts.RowCount),
    };

    /// <summary>What begins with a text is not below it, and below the text whose last character is the next one.</summary>
    private RowRanges Prefixed(Expression.Column column, Expression.Text pattern, RowGroupFacts facts)
    {
        int end = pattern.Value.AsSpan().IndexOfAny('%', '_', '\\');
        string prefix = end < 0 ? pattern.Value : pattern.Value[..end];
        if (prefix.Length == 0 || Bounds(column, facts) is not { Type.Kind: TypeKind.String })
        {
            return RowRanges.All(facts.RowCount);
        }

        RowRanges notBelow = Compared(new Expression.Binary(column.Position, ">=", column, pattern with { Value = prefix }), facts);
        if (prefix[^1] >= FirstSurrogate - 1)
        {
            return notBelow;
        }

        string next = prefix[..^1] + (char)(prefix[^1] + 1);
        return notBelow.And(Compared(new Expression.Binary(column.Position, "<", column, pattern with { Value = next }), facts));
    }

    private RowRanges Nulls(Expression.Column column, bool isNot, RowGroupFacts facts)
    {
        PageNulls ruledOut = isNot ? PageNulls.Only : PageNulls.None;
        return Bounds(column, facts) is { } bounds ? Pages(bounds, page => bounds.Nulls[page] != ruledOut) : RowRanges.All(facts.RowCount);
    }

    private RowRanges Compared(Expression.Binary comparison, RowGroupFacts facts)
    {
        RowRanges all = RowRanges.All(facts.RowCount);
        if (comparison.Right is Expression.Column && comparison.Left is not Expression.Column)
        {
            string? turned = comparison.Operator switch { "<" => ">", "<=" => ">=", ">" => "<", ">=" => "<=", "=" => "=", _ => null };
            return turned is null
                ? all
                : Compared(new Expression.Binary(comparison.Position, turned, comparison.Right, comparison.Left), facts);
        }

        if (comparison.Left is not Expression.Column column || !IsConstant(comparison.Right) || Bounds(column, facts) is not { } bounds)
        {
            return all;
        }

        return comparison.Operator switch
        {
            "<" or "<=" => AtBound(comparison, column, bounds, bounds.Lower),
            ">" or ">=" => AtBound(comparison, column, bounds, bounds.Upper),
            "=" when bounds.Filter is { } filter && !MightContain(filter, bounds, comparison.Right) => RowRanges.None,
            "=" => AtBound(comparison with { Operator = "<=" }, column, bounds, bounds.Lower)
                .And(AtBound(comparison with { Operator = ">=" }, column, bounds, bounds.Upper)),
            _ => all,
        };
    }

    /// <summary>The rows of the pages for whose bound a comparison is true, or whose bound is not known; it is not true for nulls.</summary>
    private static RowRanges AtBound(Expression.Binary comparison, Expression.Column column, PageBounds bounds, ColumnVector values)
    {
        // < The batch is not disposed: its column belongs to the bounds.
        var batch = new RecordBatch(new Schema(new Field(column.Name, bounds.Type)), [values], values.Length);
        using ColumnVector result = comparison.Bind(batch.Schema).Evaluate(batch);
        return Pages(bounds, page => bounds.Nulls[page] != PageNulls.Only && (!result.IsValid(page) || result.BooleanAt(page)));
    }

    private static RowRanges Pages(PageBounds bounds, Func<int, bool> isPossible)
    {
        ReadOnlySpan<RowRange> pages = bounds.Pages;
        var possible = new List<RowRange>(pages.Length);
        for (int i = 0; i < pages.Length; i++)
        {
            if (isPossible(i))
            {
                possible.Add(pages[i]);
            }
        }

        return RowRanges.Of([.. possible]);
    }

    /// <summary>
    /// Whether a value that equals a constant may be in a filter. The constant must have a value of the column's type that is the only one
    /// to equal it, so only equal types will do, and integers of both widths.
    /// </summary>
    private static bool MightContain(BloomFilter filter, PageBounds bounds, Expression constant)
    {
        using var builder = new ColumnBuilder(TypeKind.Int);
        builder.Append(0);
        using var row = new RecordBatch(new Schema(new Field("none", TypeKind.Int)), [builder.Finish()], 1);
        ColumnType own = constant.Bind(row.Schema).Type;
        bool areIntegers = own.Kind is TypeKind.Int or TypeKind.Long && bounds.Type.Kind is TypeKind.Int or TypeKind.Long;
        if (own != bounds.Type && !areIntegers)
        {
            return true;
        }

        using ColumnVector value = new Expression.Cast(constant.Position, constant, bounds.Type).Bind(row.Schema).Evaluate(row);
        return bounds.HashOf(value, 0) is not { } hash || filter.MightContain(hash);
    }

    /// <summary>What is known of a column, if the file has it in the type that the condition is bound to.</summary>
    private PageBounds? Bounds(Expression.Column column, RowGroupFacts facts) =>
        facts.Of(column.Name) is { } bounds && Types.TryGetValue(column.Name, out ColumnType type) && bounds.Type == type ? bounds : null;

    private static bool IsConstant(Expression expression) => expression switch
    {
        Expression.Boolean or Expression.Number or Expression.Text or Expression.Temporal => true,
        Expression.Negate negate => IsConstant(negate.Operand),
        Expression.Cast cast => IsConstant(cast.Operand),
        _ => false,
    };

    private static ImmutableArray<string> Names(Expression condition, bool equalityOnly, Schema schema)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        Collect(condition, !equalityOnly, equalityOnly, names);
        return [.. schema.Fields.Select(static f => f.Name).Where(names.Contains)];
    }

    private static void Collect(Expression? expression, bool isTaken, bool equalityOnly, HashSet<string> names)
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
        if (expression is Expression.Column column && isTaken)
        {
            names.Add(column.Name);
        }

        bool isEquality = expression is Expression.In or Expression.Binary { Operator: "=" };
        foreach (Expression? child in children)
        {
            Collect(child, !equalityOnly || isEquality, equalityOnly, names);
        }
    }
}
