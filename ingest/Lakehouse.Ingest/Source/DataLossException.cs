namespace Lakehouse.Ingest;

/// <summary>
/// The log does not hold what the table needs next: expired offsets, a recreated topic, another cluster. Nothing is skipped without the
/// choice that the message names.
/// </summary>
public sealed class DataLossException(string pipeline, IReadOnlyList<string> losses) : Exception(
    $"Pipeline '{pipeline}' stops, because the log does not continue where the table ends: {string.Join("; ", losses)}. "
    + "Restore the log, or set source.kafka.on_data_loss: earliest to go on from the beginning of what is there; the commit will say so.")
{
    /// <summary>What is lost, one sentence each.</summary>
    public IReadOnlyList<string> Losses { get; } = losses;
}
