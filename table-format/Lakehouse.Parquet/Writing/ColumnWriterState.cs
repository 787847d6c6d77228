namespace Lakehouse.Parquet;

/// <summary>
/// What the writers of one sink have learnt about its columns, so that the next file does not try again: which ones have too many distinct
/// values for a dictionary, and how those are encoded then; and the dictionaries of the others, which go on from file to file (an epoch)
/// until they are too large to be repeated in each. Give the same object to every writer of a sink, open side by side or not. Not thread safe.
/// </summary>
public sealed class ColumnWriterState
{
    private readonly HashSet<string> _withoutDictionary = new(StringComparer.Ordinal);
    private readonly Dictionary<string, EpochDictionary> _epochs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ParquetEncoding> _encodings = new(StringComparer.Ordinal);

    /// <summary>True when a column was found not worth a dictionary.</summary>
    public bool IsWithoutDictionary(string column) => _withoutDictionary.Contains(column);

    /// <summary>The encoding that was found best for a column without dictionary; null when none was tried.</summary>
    public ParquetEncoding? EncodingOf(string column) => _encodings.TryGetValue(column, out ParquetEncoding encoding) ? encoding : null;

    internal void GiveUpDictionary(string column)
    {
        _withoutDictionary.Add(column);
        if (_epochs.Remove(column, out EpochDictionary? epoch))
        {
            epoch.Dispose();
        }
    }

    /// <summary>
    /// The dictionary for a chunk that begins, which the caller disposes when it is done with it: that of the column's epoch, or a new one
    /// where there is none, or when the epoch's has outgrown its limit.
    /// </summary>
    internal TDictionary TakeDictionary<TDictionary>(string column, long epochBytesMax)
        where TDictionary : EpochDictionary, new()
    {
        if (epochBytesMax == 0)
        {
            return new TDictionary();
        }

        if (!_epochs.TryGetValue(column, out EpochDictionary? epoch) || epoch is not TDictionary || epoch.ByteCount > epochBytesMax)
        {
            epoch?.Dispose();
            _epochs[column] = epoch = new TDictionary();
        }

        epoch.Join();
        return (TDictionary)epoch;
    }

    /// <summary>Gives the dictionaries back; nothing is written with this any more.</summary>
    internal void ForgetDictionaries()
    {
        foreach (EpochDictionary epoch in _epochs.Values)
        {
            epoch.Dispose();
        }

        _epochs.Clear();
    }

    internal void Choose(string column, ParquetEncoding encoding) => _encodings[column] = encoding;
}
