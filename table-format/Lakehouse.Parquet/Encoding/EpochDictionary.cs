namespace Lakehouse.Parquet;

/// <summary>
/// Distinct values in order of appearance. Nothing is ever removed or moved, so the dictionary page of a chunk is the beginning, byte by
/// byte, of that of a later chunk that uses the same dictionary: their data pages can be joined without decoding. Whoever uses it says so;
/// its buffers are given back when the last one has gone. Not thread safe.
/// </summary>
internal abstract class EpochDictionary : IDisposable
{
    private int _userCount = 1;
    private bool _isOutgrown;

    /// <summary>Distinct values.</summary>
    internal abstract int Count { get; }

    /// <summary>About the bytes of its page.</summary>
    internal abstract long ByteCount { get; }

    /// <summary>A chunk ends that it is the dictionary of and that has so many of its values.</summary>
    internal void ChunkEnds(int usedCount) => _isOutgrown |= usedCount < Count / 2;

    /// <summary>Whether another chunk takes it: as long as it is small, or chunks have half of its values at least.</summary>
    internal bool GoesOn(long smallBytes) => ByteCount <= smallBytes || !_isOutgrown;

    /// <summary>One more uses it.</summary>
    internal void Join()
    {
        Invariant.Holds(_userCount > 0, "a dictionary that was given back is not used");
        _userCount++;
    }

    /// <summary>One user leaves.</summary>
    public void Dispose()
    {
        Invariant.Holds(_userCount > 0, "a dictionary is left as often as it was joined");
        if (--_userCount == 0)
        {
            GiveBack();
        }
    }

    private protected abstract void GiveBack();
}
