using System.Diagnostics;
using System.Runtime;

namespace Lakehouse.Benchmarks;

/// <summary>What one round of a benchmark took: CPU of the whole process, and the bytes that its thread allocated.</summary>
internal readonly record struct Measurement(double CpuSeconds, long AllocatedByteCount)
{
    private const int SettlingRoundsMax = 100;
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(600);

    internal static Measurement Of(Action round)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        double start = CpuClock.OfThisProcess();
        round();
        return new Measurement(CpuClock.OfThisProcess() - start, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    /// <summary>
    /// Repeats a round until the runtime compiles nothing more for it: it compiles what runs often once more, better, in the background, and
    /// what a process does for days is not measured by its first second.
    /// </summary>
    internal static void Settle(Action round)
    {
        long lastCompiled = Stopwatch.GetTimestamp();
        long compiled = -1;
        for (int rounds = 0; rounds < SettlingRoundsMax && Stopwatch.GetElapsedTime(lastCompiled) < Quiet; rounds++)
        {
            round();
            if (JitInfo.GetCompiledMethodCount() != compiled)
            {
                (compiled, lastCompiled) = (JitInfo.GetCompiledMethodCount(), Stopwatch.GetTimestamp());
            }
        }
    }

    /// <summary>The middle value, or the mean of the two middle ones.</summary>
    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
