namespace Lakehouse.Tests.Tidy;

/// <summary>
/// How long the members of a file are. The sources are indented by four spaces without exception, so a member's body is what stands
/// between a lone brace and the lone closing brace of the same depth; the member is not a type, so nothing at that depth names one.
/// </summary>
internal static class MethodLengths
{
    private static readonly string[] TypeWords = ["class ", "struct ", "interface ", "enum ", "record ", "extension("];

    internal static IEnumerable<(int Line, int Lines)> Of(Sources.SourceFile file)
    {
        for (int open = 1; open < file.Lines.Length; open++)
        {
            string line = file.Lines[open];
            int depth = line.Length - line.TrimStart(' ').Length;
            if (line.AsSpan(depth) is not "{" || depth is not (4 or 8) || IsType(file.Lines, open, depth))
            {
                continue;
            }

            int close = Array.FindIndex(file.Lines, open, l => l.StartsWith(new string(' ', depth) + "}", StringComparison.Ordinal));
            if (close < 0)
            {
                continue;
            }

            yield return (open, close - open + 1);
            open = close;
        }
    }

    /// <summary>Reads upwards to the start of the declaration that the brace belongs to.</summary>
    private static bool IsType(string[] lines, int open, int depth)
    {
        for (int i = open - 1; i >= 0; i--)
        {
            string line = lines[i];
            if (line.Length > depth && line[depth] is not (' ' or ')' or ':') && line.AsSpan(0, depth).IsWhiteSpace())
            {
                return Array.Exists(TypeWords, word => line.Contains(word, StringComparison.Ordinal));
            }
        }

        return false;
    }
}
