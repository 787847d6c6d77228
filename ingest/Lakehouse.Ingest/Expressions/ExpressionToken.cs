namespace Lakehouse.Ingest;

/// <summary>One token of an expression: its kind, its text (unquoted) and where it starts.</summary>
internal readonly record struct ExpressionToken(ExpressionTokenKind Kind, string Text, int Position)
{
    /// <summary>True for a bare word, in any case.</summary>
    internal bool IsWord(string word) => Kind == ExpressionTokenKind.Word && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    internal bool IsSymbol(string symbol) => Kind == ExpressionTokenKind.Symbol && Text == symbol;

    /// <summary>The token as an error shows it.</summary>
    public override string ToString() => Kind switch
    {
        ExpressionTokenKind.End => "the end of the expression",
        ExpressionTokenKind.Text => $"'{Text}'",
        _ => Text,
    };
}

/// <summary>What a token is.</summary>
internal enum ExpressionTokenKind
{
    End,
    Word,
    QuotedName,
    Number,
    Text,
    Symbol,
}
