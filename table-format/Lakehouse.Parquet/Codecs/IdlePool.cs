using System.Collections.Concurrent;

namespace Lakehouse.Parquet;

/// <summary>What is costly to make and used again, such as the contexts of codecs; each is in one hand at a time. Thread safe.</summary>
internal sealed class IdlePool<T>(Func<T> create)
    where T : class
{
    private const int IdleMax = 16;

    private readonly ConcurrentBag<T> _idle = [];

    /// <summary>One of them, to be given back by <see cref="Return"/>.</summary>
    internal T Take() => _idle.TryTake(out T? one) ? one : create();

    internal void Return(T one)
    {
        if (_idle.Count < IdleMax)
        {
            _idle.Add(one);
        }
        else
        {
            (one as IDisposable)?.Dispose();
        }
    }
}
