using Lakehouse.Engine;
using Lakehouse.Kafka;

namespace Lakehouse.Testing;

/// <summary>
/// One life of a process in a <see cref="SimulatedWorld"/>. Killed, none of its code ever runs again: no finally, no continuation, no timer.
/// Only what it had done to the durable world remains. Every call to the outside passes <see cref="AtAsync"/> before and after, which is
/// where it may die, be paused, or be slow.
/// </summary>
public sealed class SimulatedProcess(SimulatedWorld world, string name, FaultPlan plan)
{
    private static readonly TimeSpan _pauseMin = TimeSpan.FromMilliseconds(100);
    private readonly Task _never = new TaskCompletionSource().Task; // Its own: whoever waits for it is kept by it.
    private int _loopCount;

    /// <summary>Its name in the trace.</summary>
    public string Name => name;

    /// <summary>The world it lives in.</summary>
    public SimulatedWorld World => world;

    /// <summary>What is done to it.</summary>
    public FaultPlan Faults { get; set; } = plan;

    /// <summary>It will never run again.</summary>
    public bool IsDead { get; private set; }

    /// <summary>It does not run for now, and does not know it.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>Points passed so far: two for each call to the outside.</summary>
    public long PointCount { get; private set; }

    /// <summary>The names of the points, when wanted.</summary>
    public List<string>? Points { get; set; }

    /// <summary>Starts loops of this process.</summary>
    public Scheduler Scheduler => new ProcessScheduler(this);

    /// <summary>Called when it is killed: Kafka notices.</summary>
    public event Action? Killed;

    /// <summary>Called when it is paused: whoever waits for its heartbeats gives up on it.</summary>
    public event Action? Paused;

    /// <summary>Called when it goes on after a pause, without knowing that there was one.</summary>
    public event Action? Woken;

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        if (!IsDead)
        {
            IsDead = true;
            world.Record(name + " dies");
            Killed?.Invoke();
        }
    }

    /// <summary>Stops the process for a while (a long collection, a suspended machine).</summary>
    public void Pause()
    {
        TimeSpan duration = _pauseMin * Math.Pow(Faults.PauseMax / _pauseMin, world.Random.NextDouble());
        IsPaused = true;
        world.Record(name + " pauses");
        Paused?.Invoke();
        SynchronizationContext? current = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        ITimer timer = world.Time.CreateTimer(_ => Wake(), null, duration, Timeout.InfiniteTimeSpan);
        SynchronizationContext.SetSynchronizationContext(current);
        GC.KeepAlive(timer);
    }

    /// <summary>
    /// Passes one point. Never completes when the process is, or becomes, dead. Where the plan wants a failure it is the one given here.
    /// </summary>
    public Task AtAsync(string point, Func<Exception> failure)
    {
        switch (Pass(point))
        {
            case Fault.Kill:
                return _never;
            case Fault.Fail:
                world.Record(point + " fails");
                return Task.FromException(failure());
            case Fault.Pause:
                Pause();
                return WaitAsync(TimeSpan.Zero);
            case Fault.Slow:
                return WaitAsync(TimeSpan.FromMilliseconds(world.Random.Next(0, 30)));
            default:
                return Task.CompletedTask;
        }
    }

    /// <summary>The hook that <see cref="SimulatedConsumer"/> takes. A poll cannot wait: there a dead process throws.</summary>
    public Task Intercept(string moment)
    {
        if (!moment.Contains(" Poll ", StringComparison.Ordinal))
        {
            return AtAsync(moment, () => Unreachable(moment));
        }

        switch (Pass(moment))
        {
            case Fault.Kill:
                throw new ProcessKilledException();
            case Fault.Fail:
                throw Unreachable(moment);
            case Fault.Pause:
                Pause(); // From the next wait on.
                break;
            default:
                break;
        }

        return Task.CompletedTask;
    }

    private void Wake()
    {
        IsPaused = false;
        if (!IsDead)
        {
            Woken?.Invoke();
        }
    }

    private static KafkaException Unreachable(string moment) =>
        new($"simulated: no broker answered ({moment}).", "_TRANSPORT", isTransient: true);

    private Fault Pass(string point)
    {
        if (IsDead)
        {
            return Fault.Kill;
        }

        world.Record(name + " " + point);
        Points?.Add(point);
        Fault fault = Faults.Draw(PointCount++, world.Random);
        if (fault == Fault.Kill)
        {
            Kill();
        }

        return fault;
    }

    private async Task WaitAsync(TimeSpan duration)
    {
        // At least one turn of the scheduler, so that others may run in between.
        await Task.Delay(duration + TimeSpan.FromTicks(1), world.Time, CancellationToken.None);
    }

    private sealed class ProcessScheduler(SimulatedProcess process) : Scheduler
    {
        public override Task RunAsync(string name, Func<Task> loop)
        {
            var ended = new TaskCompletionSource();
            string fullName = FormattableString.Invariant($"{process.Name}/{name}#{process._loopCount++}");
            var context = new LoopContext(process.World, process, fullName);
            process.World.Add(context);
            context.Post(_ => Start(loop, ended, context), null);
            return ended.Task;
        }

        private static async void Start(Func<Task> loop, TaskCompletionSource ended, LoopContext context)
        {
            try
            {
                await loop();
                context.HasEnded = true;
                ended.SetResult();
            }
            catch (Exception failure)
            {
                context.HasEnded = true;
                if (!context.Process.IsDead)
                {
                    ended.SetException(failure);
                }
            }
        }
    }
}

/// <summary>Thrown where dead code cannot be made to wait for ever. Nothing may act on it.</summary>
public sealed class ProcessKilledException : Exception
{
    public ProcessKilledException()
        : base("The simulated process is dead.")
    {
    }
}
