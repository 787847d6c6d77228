using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>
/// A SQL scalar expression as read, not yet bound to columns. Precedence, loosest first: OR, AND, NOT, comparisons with IS, IN, BETWEEN
/// and LIKE, || , + and -, * / and %, the sign. Keywords and functions may be written in any case, column names may not.
/// </summary>
public abstract record Expression
{
    private protected Expression(int position) => Position = position;

    /// <summary>Where it starts in its text, in characters from 0.</summary>
    public int Position { get; }

    /// <summary>Reads an expression. Throws <see cref="ExpressionException"/> with the position of what is wrong.</summary>
    public static Expression Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return ExpressionParser.Parse(text);
    }

    /// <summary>The condition that is true where both are.</summary>
    public Expression And(Expression other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new Binary(Position, "and", this, other);
    }

    /// <summary>Resolves columns and types. Throws <see cref="ExpressionException"/>, which names the nearest column.</summary>
    public BoundExpression Bind(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ExpressionNode node = new ExpressionBinder(schema).Bind(this);
        return node.IsUntypedNull
            ? throw new ExpressionException(Position, "NULL has no type here: write CAST(NULL AS type).")
            : new BoundExpression(node);
    }

    internal sealed record Null(int At) : Expression(At);

    internal sealed record Boolean(int At, bool Value) : Expression(At);

    /// <summary>Digits as written: its type depends on what it meets.</summary>
    internal sealed record Number(int At, string Digits) : Expression(At);

    internal sealed record Text(int At, string Value) : Expression(At);

    /// <summary>DATE '...' or TIMESTAMP '...'.</summary>
    internal sealed record Temporal(int At, TypeKind Kind, string Value) : Expression(At);

    internal sealed record Column(int At, string Name) : Expression(At);

    internal sealed record Negate(int At, Expression Operand) : Expression(At);

    internal sealed record Not(int At, Expression Operand) : Expression(At);

    internal sealed record Binary(int At, string Operator, Expression Left, Expression Right) : Expression(At);

    internal sealed record IsNull(int At, Expression Operand, bool Negated) : Expression(At);

    internal sealed record In(int At, Expression Operand, ImmutableArray<Expression> List) : Expression(At);

    internal sealed record Between(int At, Expression Operand, Expression Low, Expression High) : Expression(At);

    internal sealed record Like(int At, Expression Operand, Expression Pattern) : Expression(At);

    internal sealed record Case(
        int At, Expression? Subject, ImmutableArray<(Expression When, Expression Then)> Branches, Expression? Otherwise) : Expression(At);

    internal sealed record Cast(int At, Expression Operand, ColumnType Type) : Expression(At);

    internal sealed record Call(int At, string Function, ImmutableArray<Expression> Arguments) : Expression(At);
}
