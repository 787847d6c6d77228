namespace Lakehouse.Storage;

/// <summary>Several asynchronous pieces of work at a time, no more than allowed. Starts no thread: the work runs where the caller runs.</summary>
public static class SideBySide
{
    /// <summary>How many small requests (listings, footers, links, deletions) one caller has on their way to a store.</summary>
    public const int RequestsAtATime = 16;

    /// <summary>
    /// Does the work for every item, begun in their order, at most <paramref name="width"/> at a time. After a failure no more is begun;
    /// when what was begun has ended the first failure is thrown, so nothing goes on behind the caller's back.
    /// </summary>
    public static async Task RunAsync<T>(
        IEnumerable<T> items, int width, Func<T, CancellationToken, Task> work, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(work);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        List<Task> begun = [];
        foreach (T item in items)
        {
            if (begun.Count == width)
            {
                Task ended = await Task.WhenAny(begun);
                if (!ended.IsCompletedSuccessfully)
                {
                    break;
                }

                begun.Remove(ended);
            }

            begun.Add(work(item, cancellation));
        }

        await Task.WhenAll(begun);
    }
}
