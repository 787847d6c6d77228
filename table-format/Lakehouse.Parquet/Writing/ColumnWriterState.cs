namespace Lakehouse.Parquet;

/// <summary>
/// What the writers of one sink have learnt about its columns, so that the next file does not try again: which ones have too many distinct
/// values for a dictionary, and how those are encoded then. Give the same object to every writer of a sink. Not thread safe.
/// </summary>
public sealed class ColumnWriterState
{
    private readonly HashSet<string> _withoutDictionary = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ParquetEncoding> _encodings = new(StringComparer.Ordinal);

    /// <summary>True when a column was found not worth a dictionary.</summary>
    public bool IsWithoutDictionary(string column) => _withoutDictionary.Contains(column);

    /// <summary>The encoding that was found best for a column without dictionary; null when none was tried.</summary>
    public ParquetEncoding? EncodingOf(string column) => _encodings.TryGetValue(column, out ParquetEncoding encoding) ? encoding : null;

    internal void GiveUpDictionary(string column) => _withoutDictionary.Add(column);

    internal void Choose(string column, ParquetEncoding encoding) => _encodings[column] = encoding;
}
