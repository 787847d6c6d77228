using Lakehouse.Columns;

namespace Lakehouse.Ingest;

/// <summary>Chains of nodes that turn one type into another, through the widest type of each family.</summary>
internal static class Casts
{
    /// <summary>The node as the target type, or null when there is no way.</summary>
    internal static ExpressionNode? To(ExpressionNode node, ColumnType target)
    {
        if (node.Type == target && !node.IsUntypedNull)
        {
            return node;
        }

        ExpressionNode? result = node.IsUntypedNull ? NullOf(target) : Convert(node, target);
        return result is null || node is not ConstantNode ? result : Folding.Evaluate(result);
    }

    /// <summary>A constant null of a type.</summary>
    internal static ConstantNode NullOf(ColumnType type)
    {
        using var builder = new ColumnBuilder(type);
        builder.AppendNull();
        return new ConstantNode(builder.Finish());
    }

    /// <summary>The type that two types can both become without surprise, or null.</summary>
    internal static ColumnType? Common(ColumnType a, ColumnType b)
    {
        if (a == b)
        {
            return a;
        }

        if (IsNumber(a.Kind) && IsNumber(b.Kind))
        {
            if (a.Kind is TypeKind.Double or TypeKind.Float || b.Kind is TypeKind.Double or TypeKind.Float)
            {
                return TypeKind.Double;
            }

            return a.Kind != TypeKind.Decimal && b.Kind != TypeKind.Decimal ? TypeKind.Long : CommonDecimal(AsDecimal(a), AsDecimal(b));
        }

        return IsTemporal(a.Kind) && IsTemporal(b.Kind) ? TypeKind.TimestampMicros
            : IsTimeOfDay(a.Kind) && IsTimeOfDay(b.Kind) ? TypeKind.TimeMicros
            : null;
    }

    internal static bool IsNumber(TypeKind kind) =>
        kind is TypeKind.Int or TypeKind.Long or TypeKind.Float or TypeKind.Double or TypeKind.Decimal;

    internal static bool IsTemporal(TypeKind kind) => kind is TypeKind.Date or TypeKind.TimestampMillis or TypeKind.TimestampMicros;

    internal static bool IsTimeOfDay(TypeKind kind) => kind is TypeKind.TimeMillis or TypeKind.TimeMicros;

    /// <summary>The decimal type that holds every value of a decimal or integer type.</summary>
    internal static ColumnType AsDecimal(ColumnType type) => type.Kind switch
    {
        TypeKind.Int => ColumnType.Decimal(10, 0),
        TypeKind.Long => ColumnType.Decimal(19, 0),
        _ => type,
    };

    private static ColumnType CommonDecimal(ColumnType a, ColumnType b)
    {
        int scale = Math.Max(a.Scale, b.Scale);
        return ColumnType.Decimal(Math.Min(38, Math.Max(a.Precision - a.Scale, b.Precision - b.Scale) + scale), scale);
    }

    private static ExpressionNode? Convert(ExpressionNode node, ColumnType target)
    {
        // The last step from the widest type of a family to a narrower one.
        switch (target.Kind)
        {
            case TypeKind.Int when To(node, TypeKind.Long) is { } wide:
                return new MapNode<long, int, LongToInt>(wide, target, default);
            case TypeKind.Float when To(node, TypeKind.Double) is { } wide:
                return new MapNode<double, float, DoubleToFloat>(wide, target, default);
            case TypeKind.TimestampMillis when node.Type.Kind is not TypeKind.Int and not TypeKind.Long:
                return To(node, TypeKind.TimestampMicros) is { } micros
                    ? new MapNode<long, long, MicrosToMillis>(micros, target, default) : null;
            case TypeKind.TimeMillis:
                return To(node, TypeKind.TimeMicros) is { } time ? new MapNode<long, int, MicrosToTimeMillis>(time, target, default) : null;
            case TypeKind.Int or TypeKind.Float:
                return null;
        }

        return node.Type.Kind switch
        {
            TypeKind.Int => To(new MapNode<int, long, IntToLong>(node, TypeKind.Long, default), target),
            TypeKind.Float when target.Kind == TypeKind.String => new FormatNode<float, FloatToText>(node, default),
            TypeKind.Float => To(new MapNode<float, double, FloatToDouble>(node, TypeKind.Double, default), target),
            TypeKind.Long => FromLong(node, target),
            TypeKind.Double => FromDouble(node, target),
            TypeKind.Decimal => FromDecimal(node, target),
            TypeKind.Boolean => FromBoolean(node, target),
            TypeKind.String => FromText(node, target),
            TypeKind.Binary => target.Kind == TypeKind.String ? new TextMapNode<BytesToText>(node, target, default) : null,
            TypeKind.TimeMillis => To(new MapNode<int, long, TimeMillisToMicros>(node, TypeKind.TimeMicros, default), target),
            TypeKind.TimeMicros => FromTimeOfDay(node, target),
            _ => FromTemporal(node, target),
        };
    }

    private static ExpressionNode? FromLong(ExpressionNode node, ColumnType target) => target.Kind switch
    {
        TypeKind.Double => new MapNode<long, double, LongToDouble>(node, target, default),
        TypeKind.Decimal => new MapNode<long, Int128, LongToDecimal>(node, target, new LongToDecimal(target.Precision, target.Scale)),
        TypeKind.String => new FormatNode<long, LongToText>(node, default),
        TypeKind.TimestampMillis or TypeKind.TimestampMicros => new MapNode<long, long, Same>(node, target, default),
        TypeKind.Boolean => new CompareNode<long, IsNotEqual>(node, Constants.Long(0)),
        _ => null,
    };

    private static ExpressionNode? FromDouble(ExpressionNode node, ColumnType target) => target.Kind switch
    {
        TypeKind.Long => new MapNode<double, long, DoubleToLong>(node, target, default),
        TypeKind.Decimal => new MapNode<double, Int128, DoubleToDecimal>(node, target, new DoubleToDecimal(target.Precision, target.Scale)),
        TypeKind.String => new FormatNode<double, DoubleToText>(node, default),
        _ => null,
    };

    private static ExpressionNode? FromDecimal(ExpressionNode node, ColumnType target) => target.Kind switch
    {
        TypeKind.Decimal => new MapNode<Int128, Int128, DecimalToDecimal>(
            node, target, new DecimalToDecimal(node.Type.Scale, target.Precision, target.Scale)),
        TypeKind.Double => new MapNode<Int128, double, DecimalToDouble>(node, target, new DecimalToDouble(node.Type.Scale)),
        TypeKind.Long => new MapNode<Int128, long, DecimalToLong>(node, target, new DecimalToLong(node.Type.Scale)),
        TypeKind.String => new FormatNode<Int128, DecimalToText>(node, new DecimalToText(node.Type.Scale)),
        _ => null,
    };

    private static ChoiceNode? FromBoolean(ExpressionNode node, ColumnType target)
    {
        (ConstantNode? whenTrue, ConstantNode? whenFalse) = target.Kind switch
        {
            TypeKind.Long => (Constants.Long(1), Constants.Long(0)),
            TypeKind.String => (Constants.Text("true"), Constants.Text("false")),
            _ => default((ConstantNode?, ConstantNode?)),
        };
        return whenTrue is null || whenFalse is null ? null
            : new ChoiceNode([node, new NotNode(node)], [whenTrue, whenFalse], target);
    }

    private static ExpressionNode? FromText(ExpressionNode node, ColumnType target) => target.Kind switch
    {
        TypeKind.Long => new BytesMapNode<long, TextToLong>(node, target, default),
        TypeKind.Double => new BytesMapNode<double, TextToDouble>(node, target, default),
        TypeKind.Decimal => new BytesMapNode<Int128, TextToDecimal>(node, target, new TextToDecimal(target.Precision, target.Scale)),
        TypeKind.Date => new BytesMapNode<int, TextToDate>(node, target, default),
        TypeKind.TimeMicros => new BytesMapNode<long, TextToTime>(node, target, default),
        TypeKind.TimestampMicros => new BytesMapNode<long, TextToMicros>(node, target, default),
        TypeKind.Binary => new TextMapNode<TextToBytes>(node, target, default),
        TypeKind.Boolean => To(new BytesMapNode<long, TextToTruth>(node, TypeKind.Long, default), target),
        _ => null,
    };

    private static ExpressionNode? FromTimeOfDay(ExpressionNode node, ColumnType target) => target.Kind switch
    {
        TypeKind.Long => new MapNode<long, long, Same>(node, target, default),
        TypeKind.String => new DateFormatNode(node, "HH:mm:ss.SSSSSS", 0),
        _ => null,
    };

    private static ExpressionNode? FromTemporal(ExpressionNode node, ColumnType target)
    {
        switch (target.Kind)
        {
            case TypeKind.TimestampMicros:
                return node.Type.Kind == TypeKind.Date
                    ? new MapNode<int, long, DateToMicros>(node, target, default)
                    : new MapNode<long, long, MillisToMicros>(node, target, default);
            case TypeKind.Date:
                return To(node, TypeKind.TimestampMicros) is { } micros
                    ? new MapNode<long, int, MicrosToDate>(micros, target, default) : null;
            case TypeKind.Long when node.Type.Kind != TypeKind.Date:
                return new MapNode<long, long, Same>(node, target, default);
            case TypeKind.String:
                string pattern = node.Type.Kind switch
                {
                    TypeKind.Date => "yyyy-MM-dd",
                    TypeKind.TimestampMillis => "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'",
                    _ => "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'",
                };
                ExpressionNode? time = node.Type.Kind == TypeKind.Date ? To(node, TypeKind.TimestampMicros) : node;
                return time is null ? null : new DateFormatNode(time, pattern, 0);
            default:
                return null;
        }
    }
}

/// <summary>Constant nodes.</summary>
internal static class Constants
{
    internal static ConstantNode UntypedNull() => new(Casts.NullOf(TypeKind.Boolean).Value, isUntypedNull: true);

    internal static ConstantNode Boolean(bool value)
    {
        using var builder = new ColumnBuilder(TypeKind.Boolean);
        builder.Append(value);
        return new ConstantNode(builder.Finish());
    }

    internal static ConstantNode Long(long value) => Fixed(TypeKind.Long, value);

    internal static ConstantNode Fixed<T>(ColumnType type, T value)
        where T : unmanaged
    {
        using var builder = new ColumnBuilder(type);
        builder.Append(value);
        return new ConstantNode(builder.Finish());
    }

    internal static ConstantNode Text(string value)
    {
        using var builder = new ColumnBuilder(TypeKind.String);
        builder.Append(System.Text.Encoding.UTF8.GetBytes(value));
        return new ConstantNode(builder.Finish());
    }
}

/// <summary>Computes what does not depend on rows once.</summary>
internal static class Folding
{
    private static readonly RecordBatch OneRow = new(new Schema(), [], 1);

    /// <summary>A node whose inputs are all constant as a constant.</summary>
    internal static ConstantNode Evaluate(ExpressionNode node)
    {
        EvaluatedColumn result = node.Evaluate(OneRow);
        return new ConstantNode(result.IsOwned ? result.Vector : RowCopy.Of(result.Vector, 1));
    }

    internal static ExpressionNode Fold(ExpressionNode node, params ReadOnlySpan<ExpressionNode> inputs)
    {
        foreach (ExpressionNode input in inputs)
        {
            if (input is not ConstantNode)
            {
                return node;
            }
        }

        return Evaluate(node);
    }
}
