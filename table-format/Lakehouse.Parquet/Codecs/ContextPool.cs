using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>Contexts of a native library that are used again; each is in one hand at a time. Thread safe.</summary>
internal sealed class ContextPool<T>(string library, string package, Func<T> create)
    where T : SafeHandle
{
    private const int IdleMax = 16;

    private readonly ConcurrentBag<T> _idle = [];

    /// <summary>A context, to be given back by <see cref="Return"/>.</summary>
    internal T Take() => _idle.TryTake(out T? context) ? context : Create();

    internal void Return(T context)
    {
        if (_idle.Count < IdleMax)
        {
            _idle.Add(context);
        }
        else
        {
            context.Dispose();
        }
    }

    private T Create()
    {
        try
        {
            T context = create();
            return context.IsInvalid ? throw new InsufficientMemoryException($"{library} could not allocate a context.") : context;
        }
        catch (DllNotFoundException e)
        {
            throw new DllNotFoundException($"{library} is missing: install the package {package}.", e);
        }
    }
}
