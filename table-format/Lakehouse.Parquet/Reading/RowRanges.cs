using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>Rows of a row group, counted from its first: ranges in ascending order that neither touch nor overlap. Immutable.</summary>
public sealed class RowRanges
{
    private readonly ImmutableArray<RowRange> _ranges;

    private RowRanges(ImmutableArray<RowRange> ranges)
    {
        _ranges = ranges;
        foreach (RowRange range in ranges)
        {
            Count += range.Count;
        }
    }

    /// <summary>No row.</summary>
    public static RowRanges None { get; } = new([]);

    /// <summary>How many rows.</summary>
    public long Count { get; }

    /// <summary>The ranges.</summary>
    public ReadOnlySpan<RowRange> Spans => _ranges.AsSpan();

    /// <summary>The first rows, as many as a row group has.</summary>
    public static RowRanges All(long count) => Of(new RowRange(0, count));

    /// <summary>The first rows of a file, as <see cref="ReadRequest.Rows"/> wants them.</summary>
    public static Func<int, RowRanges?> First(FileMetaData file, long count)
    {
        ArgumentNullException.ThrowIfNull(file);
        return group => All(Math.Min(file.RowGroups[group].NumRows, count - file.RowGroups.Take(group).Sum(static g => g.NumRows)));
    }

    /// <summary>The rows of any ranges, in any order.</summary>
    public static RowRanges Of(params ReadOnlySpan<RowRange> ranges)
    {
        RowRange[] sorted = [.. ranges];
        Array.Sort(sorted, static (a, b) => a.From.CompareTo(b.From));
        var joined = new List<RowRange>();
        foreach (RowRange range in sorted)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(range.From, nameof(ranges));
            if (range.Count <= 0)
            {
                continue;
            }

            if (joined.Count > 0 && joined[^1].To >= range.From)
            {
                CollectionsMarshal.AsSpan(joined)[^1] = joined[^1] with { To = Math.Max(joined[^1].To, range.To) };
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined.Count == 0 ? None : new RowRanges([.. joined]);
    }

    /// <summary>The rows that are in one or the other.</summary>
    public RowRanges Or(RowRanges other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Of([.. _ranges, .. other._ranges]);
    }

    /// <summary>The rows that are in both.</summary>
    public RowRanges And(RowRanges other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var both = new List<RowRange>();
        for (int i = 0, j = 0; i < _ranges.Length && j < other._ranges.Length;)
        {
            (RowRange a, RowRange b) = (_ranges[i], other._ranges[j]);
            both.Add(new RowRange(Math.Max(a.From, b.From), Math.Min(a.To, b.To)));
            _ = a.To < b.To ? i++ : j++;
        }

        return Of(CollectionsMarshal.AsSpan(both));
    }

    /// <summary>Whether a row of a range is among these.</summary>
    public bool Overlaps(RowRange range)
    {
        int low = 0;
        int high = _ranges.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _ranges[middle].To <= range.From ? (middle + 1, high) : (low, middle);
        }

        return low < _ranges.Length && _ranges[low].From < range.To;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', _ranges);
}

/// <summary>Rows from one to before another.</summary>
public readonly record struct RowRange(long From, long To)
{
    /// <summary>How many.</summary>
    public long Count => To - From;

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{From}..{To}");
}
