using System.Collections.Immutable;

namespace Lakehouse.Parquet;

/// <summary>
/// What the writers of one sink share: what they have learnt about its columns, so that the next file does not try again, and the cores that
/// may help them. Give the same object to every writer of a sink, open side by side or not. Not thread safe; nothing is shared between columns.
/// </summary>
public sealed class ColumnWriterState(IdleCores? cores = null)
{
    private readonly Dictionary<string, ColumnState> _columns = new(StringComparer.Ordinal);

    internal IdleCores? Cores => cores;

    /// <summary>True when a column was found not worth a dictionary.</summary>
    public bool IsWithoutDictionary(string column) => _columns.TryGetValue(column, out ColumnState? state) && state.IsWithoutDictionary;

    /// <summary>The encoding that was found best for a column without dictionary; null when none was tried.</summary>
    public ParquetEncoding? EncodingOf(string column) => _columns.TryGetValue(column, out ColumnState? state) ? state.Encoding : null;

    /// <summary>The part of one leaf, by its names from the root down.</summary>
    internal ColumnState Of(ReadOnlySpan<string?> names)
    {
        // < Not a dot: another column may have it in its name, and two columns are encoded at the same time.
        string key = string.Join('\0', names);
        if (!_columns.TryGetValue(key, out ColumnState? state))
        {
            _columns.Add(key, state = new ColumnState());
        }

        return state;
    }

    /// <summary>Gives the dictionaries back; nothing is written with this any more.</summary>
    internal void ForgetDictionaries()
    {
        foreach (ColumnState state in _columns.Values)
        {
            state.ForgetDictionary();
        }
    }
}
