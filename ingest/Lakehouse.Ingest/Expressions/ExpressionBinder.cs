using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>Turns a parsed expression into nodes: finds columns, decides types, widens where SQL would, folds constants.</summary>
internal sealed class ExpressionBinder(Schema schema)
{
    internal ExpressionNode Bind(Expression expression) => expression switch
    {
        Expression.Null => Constants.UntypedNull(),
        Expression.Boolean boolean => Constants.Boolean(boolean.Value),
        Expression.Number number => Literals.Number(number),
        Expression.Text text => Constants.Text(text.Value),
        Expression.Temporal temporal => Literals.Temporal(temporal.Value, temporal.Kind, temporal.Position),
        Expression.Column column => BindColumn(column),
        Expression.Negate negate => BindNegate(negate),
        Expression.Not not => BindNot(not),
        Expression.Binary binary => BindBinary(binary),
        Expression.IsNull isNull => BindIsNull(isNull),
        Expression.In list => BindIn(list),
        Expression.Between between => BindBetween(between),
        Expression.Like like => BindLike(like),
        Expression.Case choice => BindCase(choice),
        Expression.Cast cast => BindCast(cast),
        Expression.Call call => new FunctionBinder(this).Bind(call),
        _ => throw new InvariantViolatedException($"Unbound {expression.GetType().Name}."),
    };

    /// <summary>Binds an expression as one type; what cannot become it by widening is an error that says what it is for.</summary>
    internal ExpressionNode BindAs(Expression expression, ColumnType type, string purpose)
    {
        ExpressionNode node = Bind(expression);
        bool widens = node.IsUntypedNull || Casts.Common(node.Type, type) == type;
        return widens && Casts.To(node, type) is { } cast ? cast
            : throw new ExpressionException(expression.Position, $"{purpose} must be {type} but is {node.Type}.");
    }

    /// <summary>
    /// Binds several expressions as their common type. Literals adapt to the others: a text to a date or time, digits to a decimal.
    /// </summary>
    internal ImmutableArray<ExpressionNode> BindAlike(IReadOnlyList<Expression> expressions, string purpose)
    {
        ExpressionNode[] nodes = [.. expressions.Select(Bind)];
        ColumnType? target = null;
        for (int i = 0; i < nodes.Length; i++)
        {
            if (!nodes[i].IsUntypedNull && !Literals.Adapts(expressions[i]))
            {
                target = Unify(target, nodes[i].Type, expressions[i], purpose);
            }
        }

        for (int i = 0; i < nodes.Length; i++)
        {
            if (Literals.Adapts(expressions[i]))
            {
                target = Unify(target, Literals.TypeBeside(expressions[i], nodes[i].Type, target), expressions[i], purpose);
            }
        }

        if (target is not { } type)
        {
            return [.. nodes];
        }

        var result = ImmutableArray.CreateBuilder<ExpressionNode>(nodes.Length);
        for (int i = 0; i < nodes.Length; i++)
        {
            result.Add(Literals.TryAdapt(expressions[i], type) ?? Casts.To(nodes[i], type)
                ?? throw new InvariantViolatedException($"No way from {nodes[i].Type} to {type}."));
        }

        return result.MoveToImmutable();
    }

    internal static ExpressionNode Compare(string symbol, ExpressionNode left, ExpressionNode right)
    {
        (left, right) = symbol is ">" or ">=" ? (right, left) : (left, right);
        ExpressionNode node = symbol switch
        {
            "=" => Compare<IsEqual>(left, right),
            "<>" => Compare<IsNotEqual>(left, right),
            "<" or ">" => Compare<IsLess>(left, right),
            _ => Compare<IsLessOrEqual>(left, right),
        };
        return Folding.Fold(node, left, right);
    }

    private static ColumnType Unify(ColumnType? target, ColumnType type, Expression expression, string purpose) =>
        target is not { } known ? type : Casts.Common(known, type)
            ?? throw new ExpressionException(expression.Position, $"{purpose} mixes {known} and {type}: CAST one of them.");

    private static ExpressionNode Compare<TComparison>(ExpressionNode left, ExpressionNode right)
        where TComparison : struct, IComparison
    {
        switch (left.Type.Kind)
        {
            case TypeKind.Boolean when Casts.To(left, TypeKind.Long) is { } a && Casts.To(right, TypeKind.Long) is { } b:
                return new CompareNode<long, TComparison>(a, b);
            case TypeKind.Int or TypeKind.Date or TypeKind.TimeMillis:
                return new CompareNode<int, TComparison>(left, right);
            case TypeKind.Float:
                return new CompareNode<float, TComparison>(left, right);
            case TypeKind.Double:
                return new CompareNode<double, TComparison>(left, right);
            case TypeKind.Decimal:
                return new CompareNode<Int128, TComparison>(left, right);
            case TypeKind.String or TypeKind.Binary:
                return new CompareBytesNode<TComparison>(left, right);
            default:
                return new CompareNode<long, TComparison>(left, right);
        }
    }

    private ColumnNode BindColumn(Expression.Column column)
    {
        ColumnNode node = FindColumn(column);
        return node.Type.IsNested
            ? throw new ExpressionException(column.Position,
                $"Column '{column.Name}' is {node.Type}: of such a column only IS NULL and IS NOT NULL can be asked.")
            : node;
    }

    private ColumnNode FindColumn(Expression.Column column)
    {
        int index = schema.IndexOf(column.Name);
        return index >= 0 ? new ColumnNode(index, schema[index].Type)
            : throw new ExpressionException(column.Position,
                $"There is no column '{column.Name}'." + Spelling.Suggest(column.Name, schema.Fields.Select(field => field.Name)));
    }

    private ExpressionNode BindNegate(Expression.Negate negate)
    {
        // The smallest integer has no positive twin, so the sign belongs to the digits.
        if (negate.Operand is Expression.Number number)
        {
            return Literals.Number(number with { Digits = "-" + number.Digits });
        }

        ExpressionNode node = Bind(negate.Operand);
        ExpressionNode? operand = node.IsUntypedNull ? Casts.NullOf(TypeKind.Long) : Arithmetic(node);
        ExpressionNode result = operand?.Type.Kind switch
        {
            TypeKind.Long => new MapNode<long, long, NegateLong>(operand, operand.Type, default),
            TypeKind.Double => new MapNode<double, double, NegateDouble>(operand, operand.Type, default),
            TypeKind.Decimal => new MapNode<Int128, Int128, NegateDecimal>(operand, operand.Type, default),
            _ => throw new ExpressionException(negate.Position, $"A {node.Type} has no sign."),
        };
        return Folding.Fold(result, node);
    }

    private ExpressionNode BindNot(Expression.Not not)
    {
        ExpressionNode operand = BindAs(not.Operand, TypeKind.Boolean, "What NOT applies to");
        return Folding.Fold(new NotNode(operand), operand);
    }

    private ExpressionNode BindIsNull(Expression.IsNull isNull)
    {
        ExpressionNode operand = isNull.Operand is Expression.Column column ? FindColumn(column) : Bind(isNull.Operand);
        return Folding.Fold(new IsNullNode(operand, isNull.Negated), operand);
    }

    private ExpressionNode BindBinary(Expression.Binary binary)
    {
        switch (binary.Operator)
        {
            case "and" or "or":
                string purpose = $"A side of {binary.Operator.ToUpperInvariant()}";
                return Logical(binary.Operator == "and", BindAs(binary.Left, TypeKind.Boolean, purpose),
                    BindAs(binary.Right, TypeKind.Boolean, purpose));
            case "||":
                return new FunctionBinder(this).Concatenate([binary.Left, binary.Right]);
            case "+" or "-" or "*" or "/" or "%":
                return BindArithmetic(binary);
            default:
                ImmutableArray<ExpressionNode> sides = BindAlike([binary.Left, binary.Right], $"'{binary.Operator}'");
                return Compare(binary.Operator, sides[0], sides[1]);
        }
    }

    private static ExpressionNode Logical(bool isAnd, ExpressionNode left, ExpressionNode right) =>
        Folding.Fold(new LogicalNode(isAnd, left, right), left, right);

    /// <summary>A number as the type that arithmetic runs in, or null when it is none.</summary>
    internal static ExpressionNode? Arithmetic(ExpressionNode node) => node.Type.Kind switch
    {
        TypeKind.Int or TypeKind.Long => Casts.To(node, TypeKind.Long),
        TypeKind.Float or TypeKind.Double => Casts.To(node, TypeKind.Double),
        TypeKind.Decimal => node,
        _ => null,
    };

    private ExpressionNode BindArithmetic(Expression.Binary binary)
    {
        ImmutableArray<ExpressionNode> sides = BindAlike([binary.Left, binary.Right], $"'{binary.Operator}'");
        if (sides.All(side => side.IsUntypedNull))
        {
            return Casts.NullOf(TypeKind.Long);
        }

        ExpressionNode? left = Arithmetic(sides[0]);
        ExpressionNode? right = Arithmetic(sides[1]);
        if (left is null || right is null)
        {
            throw new ExpressionException(binary.Position, $"'{binary.Operator}' does not work on {sides[0].Type}.");
        }

        if (binary.Operator == "/")
        {
            left = Casts.To(left, TypeKind.Double) ?? left;
            right = Casts.To(right, TypeKind.Double) ?? right;
        }

        ExpressionNode node = left.Type.Kind switch
        {
            TypeKind.Long => LongArithmetic(binary.Operator, left, right),
            TypeKind.Double => DoubleArithmetic(binary.Operator, left, right),
            _ => DecimalArithmetic(binary, left, right),
        };
        return Folding.Fold(node, left, right);
    }

    private static ExpressionNode LongArithmetic(string symbol, ExpressionNode left, ExpressionNode right) => symbol switch
    {
        "+" => new ZipNode<long, AddLong>(left, right, TypeKind.Long, default),
        "-" => new ZipNode<long, SubtractLong>(left, right, TypeKind.Long, default),
        "*" => new ZipNode<long, MultiplyLong>(left, right, TypeKind.Long, default),
        _ => new ZipNode<long, RemainderLong>(left, right, TypeKind.Long, default),
    };

    private static ExpressionNode DoubleArithmetic(string symbol, ExpressionNode left, ExpressionNode right) => symbol switch
    {
        "+" => new ZipNode<double, AddDouble>(left, right, TypeKind.Double, default),
        "-" => new ZipNode<double, SubtractDouble>(left, right, TypeKind.Double, default),
        "*" => new ZipNode<double, MultiplyDouble>(left, right, TypeKind.Double, default),
        "/" => new ZipNode<double, DivideDouble>(left, right, TypeKind.Double, default),
        _ => new ZipNode<double, RemainderDouble>(left, right, TypeKind.Double, default),
    };

    private static ExpressionNode DecimalArithmetic(Expression.Binary binary, ExpressionNode left, ExpressionNode right)
    {
        ColumnType type = left.Type;
        if (binary.Operator == "*")
        {
            int scale = 2 * type.Scale;
            ColumnType product = scale <= 38 ? ColumnType.Decimal(Math.Min(38, 2 * type.Precision), scale)
                : throw new ExpressionException(binary.Position, $"The product of two {type} has more than 38 digits behind the point.");
            return new ZipNode<Int128, MultiplyDecimal>(left, right, product, new MultiplyDecimal(product.Precision));
        }

        ColumnType sum = ColumnType.Decimal(Math.Min(38, type.Precision + 1), type.Scale);
        return binary.Operator switch
        {
            "+" => new ZipNode<Int128, AddDecimal>(left, right, sum, new AddDecimal(sum.Precision)),
            "-" => new ZipNode<Int128, SubtractDecimal>(left, right, sum, new SubtractDecimal(sum.Precision)),
            _ => new ZipNode<Int128, RemainderDecimal>(left, right, type, default),
        };
    }

    private ExpressionNode BindIn(Expression.In list)
    {
        ImmutableArray<ExpressionNode> nodes = BindAlike([list.Operand, .. list.List], "IN");
        ExpressionNode result = Compare("=", nodes[0], nodes[1]);
        foreach (ExpressionNode item in nodes.Skip(2))
        {
            result = Logical(isAnd: false, result, Compare("=", nodes[0], item));
        }

        return result;
    }

    private ExpressionNode BindBetween(Expression.Between between)
    {
        ImmutableArray<ExpressionNode> nodes = BindAlike([between.Operand, between.Low, between.High], "BETWEEN");
        return Logical(isAnd: true, Compare(">=", nodes[0], nodes[1]), Compare("<=", nodes[0], nodes[2]));
    }

    private ExpressionNode BindLike(Expression.Like like)
    {
        ExpressionNode operand = BindAs(like.Operand, TypeKind.String, "What LIKE tests");
        return like.Pattern is Expression.Text pattern
            ? Folding.Fold(new LikeNode(operand, pattern.Value), operand)
            : throw new ExpressionException(like.Pattern.Position, "The pattern of LIKE must be a 'text'.");
    }

    private ChoiceNode BindCase(Expression.Case choice)
    {
        ImmutableArray<ExpressionNode> conditions =
        [
            .. choice.Branches.Select(branch => choice.Subject is null
                ? BindAs(branch.When, TypeKind.Boolean, "A condition of CASE")
                : BindBinary(new Expression.Binary(branch.When.Position, "=", choice.Subject, branch.When))),
        ];
        List<Expression> values = [.. choice.Branches.Select(branch => branch.Then)];
        if (choice.Otherwise is not null)
        {
            values.Add(choice.Otherwise);
        }

        ImmutableArray<ExpressionNode> results = BindAlike(values, "CASE");
        return results.All(result => result.IsUntypedNull)
            ? throw new ExpressionException(choice.Position, "CASE has no result but NULL.")
            : new ChoiceNode(conditions, results, results.First(result => !result.IsUntypedNull).Type);
    }

    private ExpressionNode BindCast(Expression.Cast cast)
    {
        ExpressionNode operand = Bind(cast.Operand);
        return Casts.To(operand, cast.Type)
            ?? throw new ExpressionException(cast.Position, $"A {operand.Type} cannot be cast to {cast.Type}.");
    }
}
