using System.Diagnostics;
using System.Globalization;

namespace Lakehouse.Benchmarks;

/// <summary>Runs something several times and prints the median and the best round; the first round only warms up.</summary>
internal static class Measurement
{
    internal static void Print(string name, int rounds, long rowCount, long byteCount, Action round)
    {
        round();
        var seconds = new List<double>();
        long allocated = 0;
        for (int i = 0; i < rounds; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            round();
            seconds.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        seconds.Sort();
        double median = seconds[seconds.Count / 2];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name} rows={rowCount} rows/s={rowCount / median:F0} us/row={median * 1e6 / rowCount:F3} "
            + $"best={seconds[0] * 1e6 / rowCount:F3} MB/s={byteCount / 1e6 / median:F0} "
            + $"allocated-bytes/row={(double)allocated / rowCount:F4}"));
    }
}
