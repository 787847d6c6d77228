namespace Lakehouse.Ingest;

/// <summary>Guesses what a misspelt name was meant to be.</summary>
internal static class Spelling
{
    private const int NameLengthMax = 64;

    /// <summary>" Did you mean 'x'?" for the nearest candidate, or the list of candidates when none is near.</summary>
    internal static string Suggest(string name, IEnumerable<string> candidates)
    {
        string[] known = [.. candidates];
        string? nearest = Nearest(name, known);
        return nearest is not null ? $" Did you mean '{nearest}'?"
            : known.Length > 0 ? $" Known here: {string.Join(", ", known)}." : "";
    }

    /// <summary>The candidate with the smallest edit distance, or null when even that one is another word altogether.</summary>
    internal static string? Nearest(string name, IReadOnlyList<string> candidates)
    {
        string? best = null;
        int bestDistance = Math.Max(1, name.Length / 2) + 1;
        foreach (string candidate in candidates)
        {
            int distance = name.Length > NameLengthMax ? int.MaxValue : Distance(name, candidate);
            if (distance < bestDistance)
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return best;
    }

    // Levenshtein's distance by rows: previous[j] is the distance between the first i - 1 letters of a and the first j of b.
    private static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        int[] current = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substituted = previous[j - 1] + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                current[j] = Math.Min(substituted, 1 + Math.Min(previous[j], current[j - 1]));
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}
