namespace Lakehouse.Tests.Hudi;

/// <summary>A clock that stands still until somebody waits: then it jumps to the end of the wait.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<Timer> _waiting = [];
    private DateTimeOffset _now = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    /// <summary>False: waits end only when the test calls <see cref="FireNext"/>.</summary>
    internal bool FiresAlone { get; init; } = true;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (FiresAlone)
        {
            Advance(dueTime > TimeSpan.Zero ? dueTime : TimeSpan.Zero);
            return base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? TimeSpan.Zero : dueTime, period);
        }

        var timer = new Timer(this, callback, state);
        lock (_lock)
        {
            timer.Due = _now + dueTime;
            _waiting.Add(timer);
        }

        return timer;
    }

    internal void Advance(TimeSpan by)
    {
        lock (_lock)
        {
            _now += by;
        }
    }

    /// <summary>Ends the shortest wait, on the caller's thread. False when nobody waits.</summary>
    internal bool FireNext()
    {
        Timer timer;
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                return false;
            }

            timer = _waiting.MinBy(static t => t.Due)!;
            _waiting.Remove(timer);
            _now = timer.Due > _now ? timer.Due : _now;
        }

        timer.Callback(timer.State);
        return true;
    }

    private sealed class Timer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        internal DateTimeOffset Due { get; set; }

        internal TimerCallback Callback => callback;

        internal object? State => state;

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            lock (time._lock)
            {
                time._waiting.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
