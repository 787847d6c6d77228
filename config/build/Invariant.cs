using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Lakehouse;

/// <summary>A statement about this program that must hold, checked in release builds too.</summary>
internal static class Invariant
{
    /// <summary>Throws <see cref="InvariantViolatedException"/> when <paramref name="condition"/> is false.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Holds(
        [DoesNotReturnIf(false)] bool condition,
        string because,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        if (!condition)
        {
            Violated(because, file, line);
        }
    }

    [DoesNotReturn]
    private static void Violated(string because, string file, int line) =>
        throw new InvariantViolatedException($"{because} ({Path.GetFileName(file)}:{line})");
}

/// <summary>A defect of this program, never of its input. It stops the pipeline before anything is committed.</summary>
internal sealed class InvariantViolatedException(string because) : Exception("Invariant violated: " + because);
