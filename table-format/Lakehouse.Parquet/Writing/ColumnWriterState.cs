namespace Lakehouse.Parquet;

/// <summary>
/// What the writers of one sink have learnt about its columns: which ones have too many distinct values for a dictionary, so that the
/// next file does not try again. Give the same object to every writer of a sink. Not thread safe.
/// </summary>
public sealed class ColumnWriterState
{
    private readonly HashSet<string> _withoutDictionary = new(StringComparer.Ordinal);

    /// <summary>True when a column was found not worth a dictionary.</summary>
    public bool IsWithoutDictionary(string column) => _withoutDictionary.Contains(column);

    internal void GiveUpDictionary(string column) => _withoutDictionary.Add(column);
}
