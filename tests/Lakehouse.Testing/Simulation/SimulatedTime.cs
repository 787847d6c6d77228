namespace Lakehouse.Testing;

/// <summary>A clock that stands still until the world moves it to the next timer.</summary>
public sealed class SimulatedTime : TimeProvider
{
    private static readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly SortedSet<SimulatedTimer> _timers = new(SimulatedTimer.Order);
    private long _created;

    /// <summary>Time since the world began.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How long until the next timer, or null when there is none.</summary>
    public TimeSpan? NextDueIn => _timers.Min is { } next ? next.DueAt - Elapsed : null;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _start + Elapsed;

    /// <inheritdoc/>
    public override long GetTimestamp() => Elapsed.Ticks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulatedTimer(this, callback, state, _created++, (SynchronizationContext.Current as LoopContext)?.Process);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Fires one of the timers that are due next. False when there is none.</summary>
    internal bool AdvanceToNextTimer(Random random)
    {
        while (_timers.Min is { } first)
        {
            if (first.IsOrphan)
            {
                _timers.Remove(first);
                continue;
            }

            Elapsed = first.DueAt > Elapsed ? first.DueAt : Elapsed;
            SimulatedTimer[] due = [.. _timers.TakeWhile(timer => timer.DueAt <= Elapsed)];
            SimulatedTimer chosen = due[random.Next(due.Length)];
            _timers.Remove(chosen);
            if (!chosen.IsOrphan)
            {
                chosen.Fire();
                return true;
            }
        }

        return false;
    }

    private sealed class SimulatedTimer(SimulatedTime time, TimerCallback callback, object? state, long number, SimulatedProcess? owner) : ITimer
    {
        private TimeSpan _period;

        internal static IComparer<SimulatedTimer> Order { get; } = Comparer<SimulatedTimer>.Create(static (a, b) =>
            a.DueAt.CompareTo(b.DueAt) is var byTime and not 0 ? byTime : a.Number.CompareTo(b.Number));

        internal TimeSpan DueAt { get; private set; }

        internal bool IsOrphan => owner is { IsDead: true };

        private long Number => number;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time._timers.Remove(this);
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                DueAt = time.Elapsed + dueTime;
                time._timers.Add(this);
            }

            return true;
        }

        public void Dispose() => time._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        internal void Fire()
        {
            if (_period != Timeout.InfiniteTimeSpan && _period > TimeSpan.Zero)
            {
                DueAt += _period;
                time._timers.Add(this);
            }

            callback(state);
        }
    }
}
