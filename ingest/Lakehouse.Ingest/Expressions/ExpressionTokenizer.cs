using System.Text;

namespace Lakehouse.Ingest;

/// <summary>Cuts an expression into tokens: words, "quoted names", 'texts' (a quote is doubled inside), numbers, symbols.</summary>
internal static class ExpressionTokenizer
{
    private static readonly string[] Symbols = ["<=", ">=", "<>", "!=", "||", "(", ")", ",", "+", "-", "*", "/", "%", "=", "<", ">"];

    internal static List<ExpressionToken> Read(string text)
    {
        var tokens = new List<ExpressionToken>();
        int at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            if (at == text.Length)
            {
                tokens.Add(new ExpressionToken(ExpressionTokenKind.End, "", at));
                return tokens;
            }

            tokens.Add(ReadOne(text, ref at));
        }
    }

    private static ExpressionToken ReadOne(string text, ref int at)
    {
        int start = at;
        char first = text[at];
        if (first is '\'' or '"')
        {
            string content = ReadQuoted(text, ref at);
            return new ExpressionToken(first == '"' ? ExpressionTokenKind.QuotedName : ExpressionTokenKind.Text, content, start);
        }

        if (char.IsLetter(first) || first == '_')
        {
            while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '$' or '.'))
            {
                at++;
            }

            return new ExpressionToken(ExpressionTokenKind.Word, text[start..at], start);
        }

        if (char.IsAsciiDigit(first) || (first == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])))
        {
            return ReadNumber(text, ref at);
        }

        foreach (string symbol in Symbols)
        {
            if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) == 0)
            {
                at += symbol.Length;
                return new ExpressionToken(ExpressionTokenKind.Symbol, symbol, start);
            }
        }

        throw new ExpressionException(at, $"'{first}' has no meaning here.");
    }

    private static ExpressionToken ReadNumber(string text, ref int at)
    {
        int start = at;
        SkipDigits(text, ref at);
        if (at < text.Length && text[at] == '.')
        {
            at++;
            SkipDigits(text, ref at);
        }

        if (at < text.Length && text[at] is 'e' or 'E')
        {
            at++;
            at += at < text.Length && text[at] is '+' or '-' ? 1 : 0;
            int exponent = at;
            SkipDigits(text, ref at);
            if (at == exponent)
            {
                throw new ExpressionException(start, $"'{text[start..at]}' is not a number.");
            }
        }

        if (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '.'))
        {
            throw new ExpressionException(start, $"'{text[start..(at + 1)]}' is neither a number nor a name.");
        }

        return new ExpressionToken(ExpressionTokenKind.Number, text[start..at], start);
    }

    private static void SkipDigits(string text, ref int at)
    {
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }
    }

    private static string ReadQuoted(string text, ref int at)
    {
        char quote = text[at];
        int start = at++;
        var content = new StringBuilder();
        while (at < text.Length)
        {
            if (text[at] == quote)
            {
                at++;
                if (at == text.Length || text[at] != quote)
                {
                    return content.ToString();
                }
            }

            content.Append(text[at++]);
        }

        throw new ExpressionException(start, $"The quote {quote} is never closed.");
    }
}
