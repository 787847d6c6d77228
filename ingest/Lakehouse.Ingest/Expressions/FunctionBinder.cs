using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>The functions by name: how many arguments, of which types, and the node that computes them.</summary>
internal sealed class FunctionBinder(ExpressionBinder binder)
{
    private const int RoundDigitsMax = 15;

    private static readonly Dictionary<string, (int Min, int Max)> Arguments = new(StringComparer.Ordinal)
    {
        ["date_format"] = (2, 2),
        ["date"] = (1, 1),
        ["year"] = (1, 1),
        ["month"] = (1, 1),
        ["day"] = (1, 1),
        ["hour"] = (1, 1),
        ["lower"] = (1, 1),
        ["upper"] = (1, 1),
        ["length"] = (1, 1),
        ["substring"] = (2, 3),
        ["concat"] = (1, 100),
        ["coalesce"] = (1, 100),
        ["nullif"] = (2, 2),
        ["abs"] = (1, 1),
        ["round"] = (1, 2),
        ["floor"] = (1, 1),
        ["ceil"] = (1, 1),
    };

    internal ExpressionNode Bind(Expression.Call call)
    {
        if (!Arguments.TryGetValue(call.Function, out (int Min, int Max) count))
        {
            throw new ExpressionException(call.Position,
                $"There is no function '{call.Function}'." + Spelling.Suggest(call.Function, Arguments.Keys));
        }

        if (call.Arguments.Length < count.Min || call.Arguments.Length > count.Max)
        {
            throw new ExpressionException(call.Position, count.Min == count.Max
                ? $"{call.Function} takes {count.Min} argument(s), not {call.Arguments.Length}."
                : $"{call.Function} takes {count.Min} to {count.Max} arguments, not {call.Arguments.Length}.");
        }

        return call.Function switch
        {
            "date_format" => DateFormat(call),
            "date" => Unary(Time(call), time => new MapNode<long, int, MicrosToDate>(time, TypeKind.Date, default)),
            "year" => Field(call, 'y'),
            "month" => Field(call, 'M'),
            "day" => Field(call, 'd'),
            "hour" => Field(call, 'H'),
            "lower" => ChangeCase(call, toUpper: false),
            "upper" => ChangeCase(call, toUpper: true),
            "length" => Length(call),
            "substring" => Substring(call),
            "concat" => Concatenate(call.Arguments),
            "coalesce" => Coalesce(call),
            "nullif" => NullIf(call),
            "abs" => Absolute(call),
            _ => Rounded(call),
        };
    }

    /// <summary>Parts as text, one behind the other.</summary>
    internal ExpressionNode Concatenate(ImmutableArray<Expression> arguments)
    {
        ImmutableArray<ExpressionNode> parts = [.. arguments.Select(AsText)];
        return Folding.Fold(new ConcatenationNode(parts), [.. parts]);
    }

    private static ExpressionNode Unary(ExpressionNode operand, Func<ExpressionNode, ExpressionNode> make) =>
        Folding.Fold(make(operand), operand);

    private ExpressionNode AsText(Expression expression)
    {
        ExpressionNode node = binder.Bind(expression);
        return Casts.To(node, TypeKind.String)
            ?? throw new ExpressionException(expression.Position, $"A {node.Type} cannot become text.");
    }

    /// <summary>A date or timestamp argument, in microseconds. A text literal is read as one.</summary>
    private ExpressionNode Time(Expression.Call call)
    {
        ExpressionNode node = TimeInItsUnit(call);
        return Casts.To(node, TypeKind.TimestampMicros) ?? node;
    }

    private ExpressionNode TimeInItsUnit(Expression.Call call)
    {
        Expression argument = call.Arguments[0];
        ExpressionNode node = Literals.TryAdapt(argument, TypeKind.TimestampMicros) ?? binder.Bind(argument);
        if (!node.IsUntypedNull && !Casts.IsTemporal(node.Type.Kind))
        {
            throw new ExpressionException(argument.Position, $"{call.Function} takes a date or a timestamp, not {node.Type}.");
        }

        return node.IsUntypedNull || node.Type.Kind == TypeKind.Date ? Casts.To(node, TypeKind.TimestampMicros) ?? node : node;
    }

    private ExpressionNode DateFormat(Expression.Call call)
    {
        ExpressionNode time = TimeInItsUnit(call);
        return call.Arguments[1] is Expression.Text pattern
            ? Folding.Fold(new DateFormatNode(time, pattern.Value, pattern.Position), time)
            : throw new ExpressionException(call.Arguments[1].Position, "The pattern of date_format must be a 'text'.");
    }

    private ExpressionNode Field(Expression.Call call, char field) =>
        Unary(Time(call), time => new MapNode<long, int, CalendarField>(time, TypeKind.Int, new CalendarField(field)));

    private ExpressionNode ChangeCase(Expression.Call call, bool toUpper) =>
        Unary(binder.BindAs(call.Arguments[0], TypeKind.String, $"The argument of {call.Function}"),
            text => new TextMapNode<ChangeCase>(text, TypeKind.String, new ChangeCase(toUpper)));

    private ExpressionNode Length(Expression.Call call)
    {
        ExpressionNode node = binder.Bind(call.Arguments[0]);
        if (node.Type.Kind == TypeKind.Binary)
        {
            return Unary(node, bytes => new BytesMapNode<long, ByteCount>(bytes, TypeKind.Long, default));
        }

        return Unary(binder.BindAs(call.Arguments[0], TypeKind.String, "The argument of length"),
            text => new BytesMapNode<long, CodePointCount>(text, TypeKind.Long, default));
    }

    private ExpressionNode Substring(Expression.Call call)
    {
        ExpressionNode text = binder.BindAs(call.Arguments[0], TypeKind.String, "The first argument of substring");
        ExpressionNode start = binder.BindAs(call.Arguments[1], TypeKind.Long, "The start of substring");
        ExpressionNode? length = call.Arguments.Length < 3 ? null
            : binder.BindAs(call.Arguments[2], TypeKind.Long, "The length of substring");
        return Folding.Fold(new SubstringNode(text, start, length), text, start, length ?? start);
    }

    private ExpressionNode Coalesce(Expression.Call call)
    {
        ImmutableArray<ExpressionNode> values = binder.BindAlike(call.Arguments, "coalesce");
        return values.All(value => value.IsUntypedNull) ? values[0]
            : Folding.Fold(new ChoiceNode([], values, values[0].Type), [.. values]);
    }

    private ExpressionNode NullIf(Expression.Call call)
    {
        ExpressionNode value = binder.Bind(call.Arguments[0]);
        ImmutableArray<ExpressionNode> sides = binder.BindAlike(call.Arguments, "nullif");
        if (value.IsUntypedNull)
        {
            return value;
        }

        ExpressionNode equal = ExpressionBinder.Compare("=", sides[0], sides[1]);
        return Folding.Fold(new ChoiceNode([equal], [Casts.NullOf(value.Type), value], value.Type), equal, value);
    }

    private ExpressionNode Absolute(Expression.Call call)
    {
        ExpressionNode number = Number(call);
        return Folding.Fold(number.Type.Kind switch
        {
            TypeKind.Long => new MapNode<long, long, AbsLong>(number, number.Type, default),
            TypeKind.Double => new MapNode<double, double, AbsDouble>(number, number.Type, default),
            _ => new MapNode<Int128, Int128, AbsDecimal>(number, number.Type, default),
        }, number);
    }

    private ExpressionNode Rounded(Expression.Call call)
    {
        int digits = 0;
        if (call.Arguments.Length == 2 && (call.Arguments[1] is not Expression.Number number
            || !int.TryParse(number.Digits, out digits) || digits > RoundDigitsMax))
        {
            throw new ExpressionException(call.Arguments[1].Position, $"The digits of round must be a number from 0 to {RoundDigitsMax}.");
        }

        ExpressionNode value = Number(call);
        return value.Type.Kind switch
        {
            TypeKind.Long => value,
            TypeKind.Decimal => throw new ExpressionException(call.Arguments[0].Position,
                $"{call.Function} does not take a decimal: CAST it to decimal(p,s) or to double."),
            _ => Folding.Fold(call.Function switch
            {
                "round" => new MapNode<double, double, RoundDouble>(value, TypeKind.Double, new RoundDouble(digits)),
                "floor" => new MapNode<double, double, FloorDouble>(value, TypeKind.Double, default),
                _ => new MapNode<double, double, CeilingDouble>(value, TypeKind.Double, default),
            }, value),
        };
    }

    private ExpressionNode Number(Expression.Call call)
    {
        ExpressionNode node = binder.Bind(call.Arguments[0]);
        node = node.IsUntypedNull ? Casts.NullOf(TypeKind.Double) : node;
        return ExpressionBinder.Arithmetic(node)
            ?? throw new ExpressionException(call.Arguments[0].Position, $"{call.Function} takes a number, not {node.Type}.");
    }
}
