namespace Lakehouse.Engine;

/// <summary>
/// Starts the loops of a job. In production every loop has its own thread and a single-threaded synchronization context, so code after an
/// await continues on the loop's thread. The simulator runs all loops on one thread, in an order drawn from a seed. Nothing else may
/// start a task.
/// </summary>
public abstract class Scheduler
{
    /// <summary>Runs a loop to its end. The task fails when the loop throws.</summary>
    public abstract Task RunAsync(string name, Func<Task> loop);
}
