namespace Lakehouse.Parquet;

/// <summary>
/// Cores that nothing else keeps busy and that may encode columns beside a writer's own thread. Whoever starts the work says how many there
/// are; all its writers share them, so that however many files are open no more threads encode than the machine has cores. Thread safe.
/// </summary>
public sealed class IdleCores
{
    private int _free;

    /// <summary>So many; with none, or less, every writer works alone.</summary>
    public IdleCores(int count) => _free = Math.Max(0, count);

    /// <summary>How many help nobody now.</summary>
    internal int FreeCount => Volatile.Read(ref _free);

    /// <summary>Borrows as many as are free, at most those wanted; each is given back.</summary>
    internal int Borrow(int wanted)
    {
        int free = Volatile.Read(ref _free);
        while (free > 0 && wanted > 0)
        {
            int taken = Math.Min(free, wanted);
            int seen = Interlocked.CompareExchange(ref _free, free - taken, free);
            if (seen == free)
            {
                return taken;
            }

            free = seen;
        }

        return 0;
    }

    internal void GiveBackOne() => Interlocked.Increment(ref _free);
}
