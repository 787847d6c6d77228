namespace Lakehouse.Hudi;

/// <summary>A table cannot be created, opened or committed to: says which table, why and what to do.</summary>
public sealed class HudiException : IOException
{
    /// <summary>Describes a failure.</summary>
    /// <param name="table">Where the table is.</param>
    /// <param name="reason">What is wrong and what to do about it.</param>
    /// <param name="inner">The cause, if any.</param>
    public HudiException(string table, string reason, Exception? inner = null)
        : base($"Hudi table {table}: {reason}", inner) => Table = table;

    /// <summary>Where the table is.</summary>
    public string Table { get; }
}
