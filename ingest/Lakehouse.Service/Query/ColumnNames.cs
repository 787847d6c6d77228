using Lakehouse.Columns;

namespace Lakehouse.Service;

/// <summary>Finds columns by name and says which one was probably meant.</summary>
internal static class ColumnNames
{
    /// <summary>The position of a column. Throws with the nearest name when there is none.</summary>
    internal static int Find(Schema schema, string name, string where)
    {
        int index = schema.IndexOf(name);
        if (index >= 0)
        {
            return index;
        }

        string nearest = schema.Fields.Select(f => f.Name).MinBy(f => Distance(f, name)) ?? "";
        throw new CommandFailedException(ExitCode.Usage, Distance(nearest, name) <= Math.Max(2, name.Length / 3)
            ? $"{where}: the table has no column '{name}'; did you mean '{nearest}'?"
            : $"{where}: the table has no column '{name}'; it has {string.Join(", ", schema.Fields.Select(f => f.Name))}.");
    }

    /// <summary>Splits a list such as <c>a, b</c>.</summary>
    internal static string[] Split(string? list) =>
        list?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
