using System.Runtime.InteropServices;

namespace Lakehouse.Benchmarks;

/// <summary>Seconds of CPU, user and system, that a process has used: what other programs on the machine do does not count.</summary>
internal static partial class CpuClock
{
    internal static double OfProcess(int processId)
    {
        if (clock_getcpuclockid(processId, out int clock) != 0 || clock_gettime(clock, out Timespec time) != 0)
        {
            throw new InvalidOperationException($"The CPU clock of process {processId} cannot be read.");
        }

        return time.Seconds + (time.Nanoseconds * 1e-9);
    }

    internal static double OfThisProcess() => OfProcess(0);

    [LibraryImport("libc")]
    private static partial int clock_getcpuclockid(int processId, out int clock);

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out Timespec time);

    private struct Timespec
    {
        internal long Seconds;
        internal long Nanoseconds;
    }
}
