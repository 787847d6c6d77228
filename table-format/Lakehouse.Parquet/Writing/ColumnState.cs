namespace Lakehouse.Parquet;

/// <summary>
/// What the writers of one sink have learnt about one column: whether it has too many distinct values for a dictionary, and how it is encoded
/// then; otherwise its dictionary, which goes on from file to file (an epoch) until it is too large to be repeated in each.
/// </summary>
internal sealed class ColumnState
{
    private EpochDictionary? _epoch;

    /// <summary>Whether the column was found not worth a dictionary.</summary>
    internal bool IsWithoutDictionary { get; private set; }

    /// <summary>The encoding that was found best without dictionary; null when none was tried.</summary>
    internal ParquetEncoding? Encoding { get; set; }

    internal void GiveUpDictionary()
    {
        IsWithoutDictionary = true;
        ForgetDictionary();
    }

    /// <summary>
    /// The dictionary for a chunk that begins, which the caller disposes when it is done with it: that of the column's epoch, or a new one
    /// where there is none, or when the epoch's has outgrown its limit.
    /// </summary>
    internal TDictionary TakeDictionary<TDictionary>(long epochBytesMax)
        where TDictionary : EpochDictionary, new()
    {
        if (epochBytesMax == 0)
        {
            return new TDictionary();
        }

        if (_epoch is not TDictionary || _epoch.ByteCount > epochBytesMax)
        {
            _epoch?.Dispose();
            _epoch = new TDictionary();
        }

        _epoch.Join();
        return (TDictionary)_epoch;
    }

    internal void ForgetDictionary()
    {
        _epoch?.Dispose();
        _epoch = null;
    }
}
