using Lakehouse.Engine;

namespace Lakehouse.Testing;

/// <summary>
/// Everything that happens, on one thread, in an order drawn from a seed: loops of several processes, their continuations, timers. What a
/// loop posts to itself stays in order, as on a thread of its own; between loops any order may be drawn. When nothing can run, time moves
/// to the next timer; when there is none either, that is a deadlock. The trace hash is equal for equal seeds.
/// </summary>
public sealed class SimulatedWorld
{
    private const ulong HashPrime = 0x100000001b3;
    private readonly List<LoopContext> _loops = [];
    private readonly List<LoopContext> _ready = [];
    private readonly int _threadId = Environment.CurrentManagedThreadId;
    private Exception? _foreign;

    public SimulatedWorld(int seed)
    {
        Seed = seed;
        Random = new Random(seed);
        Time = new SimulatedTime();
    }

    /// <summary>Print it when a test fails: it is all that is needed to see the same again.</summary>
    public int Seed { get; }

    /// <summary>The source of every draw.</summary>
    public Random Random { get; }

    /// <summary>The clock of the world.</summary>
    public SimulatedTime Time { get; }

    /// <summary>A hash over every step taken, in order.</summary>
    public ulong TraceHash { get; private set; } = 0xcbf29ce484222325;

    /// <summary>Steps taken so far.</summary>
    public long StepCount { get; private set; }

    /// <summary>When set, every traced step is kept here in words.</summary>
    public List<string>? Trace { get; set; }

    /// <summary>Set by whoever saw something wrong, wherever that was: the run ends with it.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Adds something that happened to the trace.</summary>
    public void Record(string what)
    {
        foreach (char letter in what)
        {
            TraceHash = (TraceHash ^ letter) * HashPrime;
        }

        Trace?.Add(FormattableString.Invariant($"{Time.Elapsed.TotalMilliseconds,10:f1} ms  {what}"));
    }

    /// <summary>Runs until the condition holds. Throws on deadlock, and after <paramref name="stepsMax"/> steps.</summary>
    public void RunUntil(Func<bool> condition, long stepsMax = 2_000_000)
    {
        SynchronizationContext? outer = SynchronizationContext.Current;
        long stepsEnd = StepCount + stepsMax;
        try
        {
            while (!condition())
            {
                if (StepCount++ > stepsEnd)
                {
                    throw new SimulationException($"Seed {Seed}: no end after {stepsMax} steps. {Describe()}");
                }

                Step();
                if (Failure is not null)
                {
                    throw Failure;
                }

                if (_foreign is not null)
                {
                    throw new SimulationException($"Seed {Seed}: a continuation came from another thread, so nothing is deterministic.", _foreign);
                }
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    internal void Add(LoopContext loop) => _loops.Add(loop);

    internal void CheckThread()
    {
        if (Environment.CurrentManagedThreadId != _threadId)
        {
            _foreign ??= new SimulationException(Environment.StackTrace);
        }
    }

    private void Step()
    {
        _ready.Clear();
        foreach (LoopContext loop in _loops)
        {
            if (loop.IsReady)
            {
                _ready.Add(loop);
            }
        }

        // Now and then a short while passes although there is work: computing takes time too.
        bool timePasses = _ready.Count == 0 || (Random.Next(24) == 0 && Time.NextDueIn is { TotalMilliseconds: < 50 });
        SynchronizationContext.SetSynchronizationContext(null);
        if (timePasses)
        {
            if (!Time.AdvanceToNextTimer(Random) && _ready.Count == 0)
            {
                throw new SimulationException($"Seed {Seed}: deadlock. {Describe()}");
            }

            return;
        }

        LoopContext next = _ready[Random.Next(_ready.Count)];
        Record(next.Name);
        next.RunOne();
        if (next.IsOver)
        {
            _loops.Remove(next);
        }
    }

    private string Describe() =>
        $"At {Time.Elapsed}; loops: {string.Join(", ", _loops.Select(static loop => loop.ToString()))}.";
}

/// <summary>The simulation itself cannot go on: deadlock, livelock, or code that left the simulated thread.</summary>
public sealed class SimulationException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>One loop of one process: its continuations in order.</summary>
internal sealed class LoopContext(SimulatedWorld world, SimulatedProcess process, string name) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();

    internal string Name { get; } = name;

    internal SimulatedProcess Process => process;

    internal bool IsReady => _posted.Count > 0 && !process.IsDead && !process.IsPaused;

    /// <summary>Set when the loop's task has ended; stragglers may still be posted and run.</summary>
    internal bool HasEnded { get; set; }

    internal bool IsOver => process.IsDead;

    public override SynchronizationContext CreateCopy() => this;

    public override void Post(SendOrPostCallback d, object? state)
    {
        world.CheckThread();
        lock (_posted)
        {
            _posted.Enqueue((d, state));
        }
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("A loop is never waited for synchronously.");

    public override string ToString() => Name + (process.IsDead ? " (dead)" : HasEnded ? " (ended)" : IsReady ? " (ready)" : " (waiting)");

    internal void RunOne()
    {
        (SendOrPostCallback callback, object? state) = _posted.Dequeue();
        SetSynchronizationContext(this);
        try
        {
            callback(state);
        }
        catch (ProcessKilledException)
        {
            // The process died in the middle of a step; nothing of it runs again.
        }
        finally
        {
            SetSynchronizationContext(null);
        }
    }
}
