using System.Runtime.CompilerServices;

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

    /// <summary>
    /// The items in their order, each with the work for it, of which the next <paramref name="width"/> are under way while an item is looked
    /// at: for a walk over many objects that would wait for each. Who leaves early waits for what was begun; its failures are nobody's then.
    /// </summary>
    public static async IAsyncEnumerable<(T Item, Task<TResult> Work)> AheadAsync<T, TResult>(
        IEnumerable<T> items,
        int width,
        Func<T, CancellationToken, Task<TResult>> work,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(work);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        var begun = new Queue<(T Item, Task<TResult> Work)>();
        try
        {
            foreach (T item in items)
            {
                begun.Enqueue((item, work(item, cancellation)));
                if (begun.Count > width)
                {
                    yield return begun.Dequeue();
                }
            }

            while (begun.TryDequeue(out (T Item, Task<TResult> Work) next))
            {
                yield return next;
            }
        }
        finally
        {
            foreach ((_, Task<TResult> left) in begun)
            {
                await Task.WhenAny(left);
                _ = left.Exception; // < Seen: nobody asks for it any more.
            }
        }
    }
}
