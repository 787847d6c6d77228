using System.Buffers.Binary;
using System.Collections.Immutable;
using Lakehouse.Columns;

namespace Lakehouse.Parquet;

/// <summary>Holds one chunk's statistics and page index against its values, which come in order. Not thread safe.</summary>
internal sealed class ChunkStatisticsCheck
{
    private readonly Field _field;
    private readonly Statistics? _statistics;
    private readonly ColumnIndex? _index;
    private readonly ImmutableArray<long> _pageEnds;
    private readonly ValueBounds _bounds;
    private readonly ImmutableArray<string>.Builder _wrong = ImmutableArray.CreateBuilder<string>();
    private (byte[] Min, byte[] Max)? _whole;
    private int _page;
    private long _row;
    private long _pageStart;
    private long _pageNulls;
    private long _nulls;

    internal ChunkStatisticsCheck(Field field, Statistics? statistics, ColumnIndex? index, OffsetIndex? offsets, long rowCount)
    {
        (_field, _statistics, _bounds) = (field, statistics, ValueBounds.For(field.Type));
        ImmutableArray<long> starts = offsets is null ? [0L] : [.. offsets.PageLocations.Select(static l => l.FirstRowIndex)];
        _pageEnds = [.. starts.Skip(1), rowCount];
        bool isWhole = starts is [0, ..] && _pageEnds.Zip(starts).All(static p => p.First >= p.Second);
        if (!isWhole)
        {
            Say("the offset index does not cover the rows in order");
            _pageEnds = [rowCount];
        }

        bool fits = index is not null && offsets is not null && isWhole && index.NullPages.Length == starts.Length
            && index.MinValues.Length == starts.Length && index.MaxValues.Length == starts.Length
            && (index.NullCounts.IsEmpty || index.NullCounts.Length == starts.Length);
        if (index is not null && !fits)
        {
            Say($"the column index has {index.NullPages.Length} pages, the offset index {offsets?.PageLocations.Length ?? 0}");
        }

        _index = fits ? index : null;
    }

    /// <summary>What does not fit.</summary>
    internal IReadOnlyList<string> Wrong => _wrong;

    /// <summary>Takes the next values.</summary>
    internal void Add(ColumnVector values)
    {
        for (int from = 0; from < values.Length;)
        {
            int to = (int)Math.Min(values.Length, from + (_pageEnds[_page] - _row));
            _bounds.Widen(values, from, to);
            for (int i = from; values.NullCount > 0 && i < to; i++)
            {
                _pageNulls += values.IsValid(i) ? 0 : 1;
            }

            _row += to - from;
            from = to;
            while (_page < _pageEnds.Length - 1 && _row == _pageEnds[_page])
            {
                EndPage();
            }
        }
    }

    /// <summary>Closes the last page and holds the chunk's own statistics against everything.</summary>
    internal void End()
    {
        EndPage();
        if (_statistics is not { } statistics)
        {
            return;
        }

        if (statistics.NullCount is { } nulls && nulls != _nulls)
        {
            Say($"the statistics say {nulls} nulls, there are {_nulls}");
        }

        if (_whole is not { } whole)
        {
            return;
        }

        CheckBounds("the statistics", statistics.MinValue, statistics.MaxValue, whole);
        bool isLoose = (statistics is { IsMinValueExact: true, MinValue: { } min } && Compare(min, whole.Min) != 0)
            || (statistics is { IsMaxValueExact: true, MaxValue: { } max } && Compare(max, whole.Max) != 0);
        if (isLoose)
        {
            Say("the statistics call a bound exact that no value has");
        }
    }

    private void EndPage()
    {
        (byte[] Min, byte[] Max)? bounds = _bounds.Take();
        if (_index is not null)
        {
            CheckPage(_index, bounds);
        }

        if (bounds is { } page)
        {
            _whole = _whole is { } so
                ? (Compare(page.Min, so.Min) < 0 ? page.Min : so.Min, Compare(page.Max, so.Max) > 0 ? page.Max : so.Max)
                : page;
        }

        _nulls += _pageNulls;
        (_pageStart, _pageNulls) = (_row, 0);
        _page++;
    }

    private void CheckPage(ColumnIndex index, (byte[] Min, byte[] Max)? bounds)
    {
        string where = FormattableString.Invariant($"the column index, page {_page},");
        bool isNull = _pageNulls == _row - _pageStart;
        if (index.NullPages[_page] != isNull)
        {
            Say($"{where} {(isNull ? "does not say" : "says")} that all is null");
        }
        else if (!isNull && bounds is { } actual)
        {
            CheckBounds(where, index.MinValues[_page], index.MaxValues[_page], actual);
        }

        if (!index.NullCounts.IsEmpty && index.NullCounts[_page] != _pageNulls)
        {
            Say($"{where} says {index.NullCounts[_page]} nulls, there are {_pageNulls}");
        }
    }

    private void CheckBounds(string who, byte[]? min, byte[]? max, (byte[] Min, byte[] Max) actual)
    {
        try
        {
            if (min is not null && Compare(min, actual.Min) > 0)
            {
                Say($"{who} has a lower bound above a value");
            }

            if (max is not null && Compare(max, actual.Max) < 0)
            {
                Say($"{who} has an upper bound below a value");
            }
        }
        catch (ParquetFormatException e)
        {
            Say($"{who}: {e.Message}");
        }
    }

    private int Compare(byte[] left, byte[] right) => BoundOrder.Compare(_field.Type, Normal(left), Normal(right));

    /// <summary>Decimals are stored on as many bytes as their precision needs; here they meet on 16.</summary>
    private ReadOnlySpan<byte> Normal(byte[] bound)
    {
        if (_field.Type.Kind != TypeKind.Decimal || bound.Length is 0 or 16)
        {
            return bound;
        }

        byte[] wide = new byte[16];
        BinaryPrimitives.WriteInt128BigEndian(wide, BoundOrder.ReadDecimal(bound));
        return wide;
    }

    private void Say(string what) => _wrong.Add($"column '{_field.Name}': {what}");
}
