namespace Lakehouse.Parquet;

/// <summary>The statistics of a chunk from those of its parts: what one part does not know the whole does not know. Not thread safe.</summary>
internal sealed class StatisticsFold(LeafType leaf)
{
    private long? _nullCount = 0;
    private bool _boundsAreKnown = true;
    private Statistics? _bounds;

    /// <summary>Bounds, where every part with values has them, and nulls, where every part tells them.</summary>
    internal Statistics Result => (_boundsAreKnown ? _bounds : null) is { } known
        ? known with { NullCount = _nullCount }
        : new Statistics { NullCount = _nullCount };

    /// <summary>Adds entries without values.</summary>
    internal void AddNulls(long count) => _nullCount += count;

    /// <summary>Adds a part of so many entries.</summary>
    internal void Add(Statistics? part, long valueCount)
    {
        _nullCount += part?.NullCount;
        if (part?.NullCount == valueCount)
        {
            return;
        }

        if (part is not { MinValue: { } min, MaxValue: { } max })
        {
            _boundsAreKnown = false;
            return;
        }

        if (_bounds is not { MinValue: { } lowest, MaxValue: { } highest })
        {
            _bounds = part;
            return;
        }

        int low = LeafOrder.Compare(leaf, min, lowest);
        int high = LeafOrder.Compare(leaf, max, highest);

        // < Of equal bounds the exact one wins.
        if (low < 0 || (low == 0 && part.IsMinValueExact))
        {
            _bounds = _bounds with { MinValue = min, IsMinValueExact = part.IsMinValueExact };
        }

        if (high > 0 || (high == 0 && part.IsMaxValueExact))
        {
            _bounds = _bounds with { MaxValue = max, IsMaxValueExact = part.IsMaxValueExact };
        }
    }
}
