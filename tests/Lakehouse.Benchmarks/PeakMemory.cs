using System.Globalization;

namespace Lakehouse.Benchmarks;

/// <summary>The most memory that this process has had at a time (proc(5): <c>VmHWM</c>, and 5 in <c>clear_refs</c>).</summary>
internal static class PeakMemory
{
    /// <summary>Begins again with what there is now.</summary>
    internal static void Forget() => File.WriteAllText("/proc/self/clear_refs", "5");

    internal static double Megabytes()
    {
        string line = File.ReadLines("/proc/self/status").First(static l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1e3;
    }
}
