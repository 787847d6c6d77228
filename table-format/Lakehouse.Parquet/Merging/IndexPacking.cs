namespace Lakehouse.Parquet;

/// <summary>
/// How pages of dictionary indexes are compressed. Packed bits without an order hardly shrink, and finding that out costs more than the rest of the
/// page: after a page that did not the next ones stand in their frames as they are, then one is tried again. Not thread safe.
/// </summary>
internal sealed class IndexPacking(CompressionCodec codec, int level)
{
    private const int StoredAtATime = 7;

    // Of so many bytes one at least has to be saved: readers unpack what shrinks less for next to nothing, too.
    private const int GainMin = 8;
    private int _stored;

    /// <summary>The level for the next page.</summary>
    internal int Level => _stored > 0 ? ZstdFrame.Stored : level;

    /// <summary>Takes in what became of a page.</summary>
    internal void Learn(int unpacked, int packed)
    {
        bool shrank = packed < unpacked - (unpacked / GainMin);
        _stored = _stored > 0 ? _stored - 1 : codec == CompressionCodec.Zstd && !shrank ? StoredAtATime : 0;
    }
}
