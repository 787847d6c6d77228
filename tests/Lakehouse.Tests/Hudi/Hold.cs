using Lakehouse.Testing;

namespace Lakehouse.Tests.Hudi;

/// <summary>Holds a process back at its first store call of a kind, until the test lets it go on.</summary>
internal sealed class Hold
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(20));

    internal static Hold At(ProcessStore store, Func<StoreCall, bool> where)
    {
        var hold = new Hold();
        store.Before = async call =>
        {
            if (!hold._reached.Task.IsCompleted && where(call))
            {
                hold._reached.SetResult();
                await hold._released.Task;
            }
        };
        return hold;
    }

    internal void Release() => _released.SetResult();
}
