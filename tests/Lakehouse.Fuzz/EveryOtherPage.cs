using Lakehouse.Parquet;

namespace Lakehouse.Fuzz;

/// <summary>Asks for everything that is known of pages, and takes those with an odd hash.</summary>
internal sealed class EveryOtherPage : IRowPruning
{
    private readonly string[] _columns = [.. "abcdefghijklmnopqrstuvwxyz".Select(static c => c.ToString()), "id", "String", "int_col", "x"];

    public IReadOnlyList<string> Columns => _columns;

    public IReadOnlyList<string> EqualityColumns => _columns;

    public RowRanges Possible(RowGroupFacts facts)
    {
        var rows = new List<RowRange>();
        foreach (string column in _columns)
        {
            if (facts.Of(column) is not { } bounds)
            {
                continue;
            }

            for (int i = 0; i < bounds.Pages.Length; i++)
            {
                ulong hash = (bounds.HashOf(bounds.Lower, i) ?? 1) ^ (bounds.HashOf(bounds.Upper, i) ?? 0) ^ (ulong)bounds.Nulls[i];
                if ((hash & 1) != 0 || bounds.Filter?.MightContain(hash) == true)
                {
                    rows.Add(bounds.Pages[i]);
                }
            }
        }

        return rows.Count == 0 ? RowRanges.All(facts.RowCount) : RowRanges.Of([.. rows]);
    }
}
