namespace Lakehouse.Testing;

/// <summary>The clock of a machine that is wrong by a constant: time passes for it as for everybody.</summary>
public sealed class SkewedTime(TimeProvider time, TimeSpan skew) : TimeProvider
{
    /// <inheritdoc/>
    public override long TimestampFrequency => time.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + skew;

    /// <inheritdoc/>
    public override long GetTimestamp() => time.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);
}
