using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Service;

/// <summary>An aggregate function over a column, or <c>count(*)</c> with no column.</summary>
internal sealed record AggregateCall(AggregateFunction Function, string? Column)
{
    /// <summary>The call as it was written, which heads its column.</summary>
    public string Name => $"{Function.ToString().ToLowerInvariant()}({Column ?? "*"})";

    /// <summary>Reads a list such as <c>count(*), sum(fare)</c>.</summary>
    internal static ImmutableArray<AggregateCall> ParseList(string text)
    {
        string[] parts = ColumnNames.Split(text);
        return parts.Length > 0
            ? [.. parts.Select(Parse)]
            : throw Wrong("it is empty; give for example --aggregate \"count(*), sum(fare)\".");
    }

    /// <summary>An accumulator for a column of a type; null for <c>count(*)</c>.</summary>
    internal Accumulator CreateAccumulator(ColumnType? type)
    {
        if (Function == AggregateFunction.Count)
        {
            return new CountAccumulator();
        }

        ColumnType of = type ?? throw Wrong($"{Name} needs a column; only count takes *.");
        bool isNumber = of.Kind is TypeKind.Int or TypeKind.Long or TypeKind.Float or TypeKind.Double or TypeKind.Decimal;
        if (Function is AggregateFunction.Sum or AggregateFunction.Avg && !isNumber)
        {
            throw Wrong($"{Name}: {of} is not a number; use count, min or max.");
        }

        return of.Kind switch
        {
            TypeKind.Float or TypeKind.Double => new DoubleAccumulator(Function),
            TypeKind.String or TypeKind.Binary => new BytesAccumulator(Function, of),
            _ => new IntegerAccumulator(Function, of),
        };
    }

    private static AggregateCall Parse(string text)
    {
        int open = text.IndexOf('(', StringComparison.Ordinal);
        if (open <= 0 || !text.EndsWith(')')
            || !Enum.TryParse(text[..open].Trim(), ignoreCase: true, out AggregateFunction function) || !Enum.IsDefined(function))
        {
            throw Wrong($"'{text}' is not an aggregate; write count(*), or count, sum, min, max or avg of (column).");
        }

        string argument = text[(open + 1)..^1].Trim();
        return argument switch
        {
            "" => throw Wrong($"'{text}' needs a column between its parentheses."),
            "*" when function != AggregateFunction.Count => throw Wrong($"'{text}' needs a column; only count takes *."),
            "*" => new AggregateCall(function, null),
            _ => new AggregateCall(function, argument),
        };
    }

    private static CommandFailedException Wrong(string message) => new(ExitCode.Usage, "--aggregate: " + message);
}

/// <summary>What is computed over the rows of a group. Nulls do not count, as in SQL.</summary>
internal enum AggregateFunction
{
    /// <summary>Rows, or values that are not null.</summary>
    Count,

    /// <summary>The sum, null of no values.</summary>
    Sum,

    /// <summary>The least value, null of no values.</summary>
    Min,

    /// <summary>The greatest value, null of no values.</summary>
    Max,

    /// <summary>The mean, null of no values.</summary>
    Avg,
}
