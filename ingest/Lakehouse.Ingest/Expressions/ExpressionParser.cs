using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>Reads tokens by precedence (Pratt 1973): an operator binds what is left of it when it is stronger than its caller.</summary>
internal sealed class ExpressionParser
{
    private const int DepthMax = 200;
    private const int OrPower = 1;
    private const int AndPower = 2;
    private const int NotPower = 3;
    private const int ComparisonPower = 4;
    private const int ConcatenationPower = 5;
    private const int SumPower = 6;
    private const int ProductPower = 7;
    private const int SignPower = 8;

    private static readonly string[] Reserved =
        ["and", "or", "not", "is", "in", "between", "like", "case", "when", "then", "else", "end", "cast", "as", "null", "true", "false"];

    private readonly List<ExpressionToken> _tokens;
    private int _at;
    private int _depth;

    private ExpressionParser(List<ExpressionToken> tokens) => _tokens = tokens;

    private ExpressionToken Current => _tokens[_at];

    internal static Expression Parse(string text)
    {
        var parser = new ExpressionParser(ExpressionTokenizer.Read(text));
        Expression expression = parser.ParseOperators(0);
        return parser.Current.Kind == ExpressionTokenKind.End ? expression
            : throw parser.Unexpected("an operator or the end");
    }

    private Expression ParseOperators(int power)
    {
        if (++_depth > DepthMax)
        {
            throw new ExpressionException(Current.Position, $"The expression nests deeper than {DepthMax} levels.");
        }

        Expression left = ParsePrefix();
        while (PowerOf(Current) is int next && next > power)
        {
            left = next == ComparisonPower ? ParseComparison(left) : ParseBinary(left, next);
        }

        _depth--;
        return left;
    }

    /// <summary>How strongly an operator binds, or null when the token is none.</summary>
    private int? PowerOf(ExpressionToken token) => token.Kind switch
    {
        ExpressionTokenKind.Symbol => token.Text switch
        {
            "+" or "-" => SumPower,
            "*" or "/" or "%" => ProductPower,
            "||" => ConcatenationPower,
            "=" or "<>" or "!=" or "<" or "<=" or ">" or ">=" => ComparisonPower,
            _ => null,
        },
        ExpressionTokenKind.Word => token.Text.ToLowerInvariant() switch
        {
            "or" => OrPower,
            "and" => AndPower,
            "is" or "in" or "between" or "like" => ComparisonPower,
            "not" when _tokens[_at + 1] is var after && (after.IsWord("in") || after.IsWord("between") || after.IsWord("like"))
                => ComparisonPower,
            _ => null,
        },
        _ => null,
    };

    private Expression.Binary ParseBinary(Expression left, int power)
    {
        ExpressionToken token = Take();
        return new Expression.Binary(token.Position, token.Text.ToLowerInvariant(), left, ParseOperators(power));
    }

    private Expression ParseComparison(Expression left)
    {
        ExpressionToken token = Take();
        if (token.Kind == ExpressionTokenKind.Symbol)
        {
            string symbol = token.Text == "!=" ? "<>" : token.Text;
            return new Expression.Binary(token.Position, symbol, left, ParseOperators(ComparisonPower));
        }

        if (token.IsWord("is"))
        {
            bool isNot = TakeWord("not");
            ExpectWord("null");
            return new Expression.IsNull(token.Position, left, isNot);
        }

        bool negated = token.IsWord("not");
        token = negated ? Take() : token;
        Expression test = token.Text.ToLowerInvariant() switch
        {
            "in" => new Expression.In(token.Position, left, ParseList()),
            "like" => new Expression.Like(token.Position, left, ParseOperators(ComparisonPower)),
            _ => ParseBetween(token.Position, left),
        };
        return negated ? new Expression.Not(token.Position, test) : test;
    }

    private Expression.Between ParseBetween(int position, Expression left)
    {
        Expression low = ParseOperators(ComparisonPower);
        ExpectWord("and");
        return new Expression.Between(position, left, low, ParseOperators(ComparisonPower));
    }

    private ImmutableArray<Expression> ParseList()
    {
        ExpectSymbol("(");
        var items = ImmutableArray.CreateBuilder<Expression>();
        do
        {
            items.Add(ParseOperators(0));
        }
        while (TakeSymbol(","));
        ExpectSymbol(")");
        return items.ToImmutable();
    }

    private Expression ParsePrefix()
    {
        ExpressionToken token = Current;
        switch (token.Kind)
        {
            case ExpressionTokenKind.Number:
                _at++;
                return new Expression.Number(token.Position, token.Text);
            case ExpressionTokenKind.Text:
                _at++;
                return new Expression.Text(token.Position, token.Text);
            case ExpressionTokenKind.QuotedName:
                _at++;
                return new Expression.Column(token.Position, token.Text);
            case ExpressionTokenKind.Word:
                return ParseWord(token);
            case ExpressionTokenKind.Symbol when token.Text is "(":
                _at++;
                Expression inner = ParseOperators(0);
                ExpectSymbol(")");
                return inner;
            case ExpressionTokenKind.Symbol when token.Text is "-" or "+":
                _at++;
                Expression operand = ParseOperators(SignPower);
                return token.Text == "+" ? operand : new Expression.Negate(token.Position, operand);
            default:
                throw Unexpected("a value, a column or a function");
        }
    }

    private Expression ParseWord(ExpressionToken token)
    {
        _at++;
        string word = token.Text.ToLowerInvariant();
        switch (word)
        {
            case "null":
                return new Expression.Null(token.Position);
            case "true" or "false":
                return new Expression.Boolean(token.Position, word == "true");
            case "not":
                return new Expression.Not(token.Position, ParseOperators(NotPower));
            case "case":
                return ParseCase(token.Position);
            case "cast":
                return ParseCast(token.Position);
            case "date" or "timestamp" when Current.Kind == ExpressionTokenKind.Text:
                TypeKind kind = word == "date" ? TypeKind.Date : TypeKind.TimestampMicros;
                return new Expression.Temporal(token.Position, kind, Take().Text);
        }

        if (Current.IsSymbol("("))
        {
            return new Expression.Call(token.Position, word, ParseArguments());
        }

        if (Reserved.Contains(word))
        {
            _at--;
            throw Unexpected("a value, a column or a function");
        }

        return new Expression.Column(token.Position, token.Text);
    }

    private ImmutableArray<Expression> ParseArguments()
    {
        if (_tokens[_at + 1].IsSymbol(")"))
        {
            _at += 2;
            return [];
        }

        return ParseList();
    }

    private Expression.Case ParseCase(int position)
    {
        Expression? subject = Current.IsWord("when") ? null : ParseOperators(0);
        var branches = ImmutableArray.CreateBuilder<(Expression, Expression)>();
        ExpectWord("when");
        do
        {
            Expression when = ParseOperators(0);
            ExpectWord("then");
            branches.Add((when, ParseOperators(0)));
        }
        while (TakeWord("when"));
        Expression? otherwise = TakeWord("else") ? ParseOperators(0) : null;
        ExpectWord("end");
        return new Expression.Case(position, subject, branches.ToImmutable(), otherwise);
    }

    private Expression.Cast ParseCast(int position)
    {
        ExpectSymbol("(");
        Expression operand = ParseOperators(0);
        ExpectWord("as");
        ExpressionToken name = Take();
        string text = name.Text.ToLowerInvariant();
        if (text == "decimal" && TakeSymbol("("))
        {
            string precision = Take().Text;
            string scale = TakeSymbol(",") ? Take().Text : "0";
            ExpectSymbol(")");
            text = $"decimal({precision},{scale})";
        }

        text = text switch
        {
            "integer" => "int",
            "bigint" => "long",
            "varchar" or "text" => "string",
            "timestamp" => "timestamp_micros",
            _ => text,
        };
        if (name.Kind != ExpressionTokenKind.Word || !ColumnType.TryParse(text, out ColumnType type))
        {
            throw new ExpressionException(name.Position, $"'{name.Text}' is not a type."
                + Spelling.Suggest(name.Text, ColumnType.ScalarKinds
                    .Select(kind => kind == TypeKind.Decimal ? "decimal(p,s)" : ((ColumnType)kind).ToString())));
        }

        ExpectSymbol(")");
        return new Expression.Cast(position, operand, type);
    }

    private ExpressionToken Take() => Current.Kind == ExpressionTokenKind.End ? throw Unexpected("more") : _tokens[_at++];

    private bool TakeWord(string word)
    {
        bool taken = Current.IsWord(word);
        _at += taken ? 1 : 0;
        return taken;
    }

    private bool TakeSymbol(string symbol)
    {
        bool taken = Current.IsSymbol(symbol);
        _at += taken ? 1 : 0;
        return taken;
    }

    private void ExpectWord(string word)
    {
        if (!TakeWord(word))
        {
            throw Unexpected(word.ToUpperInvariant());
        }
    }

    private void ExpectSymbol(string symbol)
    {
        if (!TakeSymbol(symbol))
        {
            throw Unexpected($"'{symbol}'");
        }
    }

    private ExpressionException Unexpected(string expected) => new(Current.Position, $"Expected {expected}, found {Current}.");
}
