using System.Runtime.InteropServices;

namespace Lakehouse.Parquet;

/// <summary>What all codecs of native libraries have in common.</summary>
internal static class NativeCodec
{
    /// <summary>Makes a context of a library; the error says which package has it.</summary>
    internal static T NewContext<T>(string library, string package, Func<T> create)
        where T : SafeHandle
    {
        try
        {
            T context = create();
            return context.IsInvalid ? throw new InsufficientMemoryException($"{library} could not allocate a context.") : context;
        }
        catch (DllNotFoundException e)
        {
            throw Missing(library, package, e);
        }
    }

    /// <summary>The error of a library that is not there.</summary>
    internal static DllNotFoundException Missing(string library, string package, Exception e) =>
        new($"{library} is missing: install the package {package}.", e);
}
