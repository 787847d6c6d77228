namespace Lakehouse.Fuzz;

/// <summary>Ends the process, and says how to repeat it, when an execution goes on for too long: nothing else can stop a loop without end.</summary>
internal sealed class HangWatch : IDisposable
{
    private readonly Timer _timer;
    private readonly string _target;
    private readonly ulong _seed;
    private long _execution = -1;
    private long _seen = -1;

    internal HangWatch(string target, ulong seed, TimeSpan after)
    {
        (_target, _seed) = (target, seed);
        _timer = new Timer(_ => Look(), null, after, after);
    }

    internal void Begin(long execution) => Volatile.Write(ref _execution, execution);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        long now = Volatile.Read(ref _execution);
        if (now >= 0 && now == _seen)
        {
            Environment.FailFast($"{_target}: execution {now} of seed {_seed} does not end. Repeat it: {_target} --seed {_seed} --from {now} --executions 1");
        }

        _seen = now;
    }
}
