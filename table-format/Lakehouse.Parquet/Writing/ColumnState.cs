namespace Lakehouse.Parquet;

/// <summary>
/// What the writers of one sink have learnt about one column: whether it has too many distinct values for a dictionary, and how it is encoded
/// then; otherwise its dictionary, which goes on from file to file (an epoch) until it is larger than the files need.
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
    /// where there is none, or when the epoch's has become larger than <paramref name="smallBytes"/> and than chunks need; 0: always a new one.
    /// </summary>
    internal TDictionary TakeDictionary<TDictionary>(long smallBytes)
        where TDictionary : EpochDictionary, new()
    {
        if (smallBytes == 0)
        {
            return new TDictionary();
        }

        if (_epoch is not TDictionary || !_epoch.GoesOn(smallBytes))
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
