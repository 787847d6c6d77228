namespace Lakehouse.Ingest;

/// <summary>
/// What this worker was reading is not its own any more, or not where it was: the run is given up and begins anew from the table.
/// </summary>
public sealed class SplitsLostException(string message, Exception? inner = null) : Exception(message, inner);
