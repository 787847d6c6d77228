namespace Lakehouse.Ingest;

/// <summary>
/// Counts good and bad records of all subtasks of one start and holds them against the limit. Once there is a reason to stop it stays.
/// Thread safe.
/// </summary>
internal sealed class DeadLetterWatch(DeadLetterLimit limit, TimeProvider time)
{
    private readonly Lock _gate = new();
    private volatile string? _reason;
    private long _windowStart = time.GetTimestamp();
    private long _read;
    private long _deadLettered;

    /// <summary>Why no more may be read; null while all is well.</summary>
    internal string? Reason => _reason;

    /// <summary>Takes one batch's counts.</summary>
    internal void Count(int read, int deadLettered)
    {
        lock (_gate)
        {
            _read += read;
            _deadLettered += deadLettered;
            TimeSpan elapsed = time.GetElapsedTime(_windowStart);
            _reason ??= limit.WhyStop(_read, _deadLettered, elapsed);
            if (limit.IsWindowOver(_read, elapsed))
            {
                (_read, _deadLettered, _windowStart) = (0, 0, time.GetTimestamp());
            }
        }
    }
}
