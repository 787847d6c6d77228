namespace Lakehouse.Benchmarks;

/// <summary>What one round of a benchmark took: CPU of the whole process, and the bytes that its thread allocated.</summary>
internal readonly record struct Measurement(double CpuSeconds, long AllocatedByteCount)
{
    internal static Measurement Of(Action round)
    {
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        double start = CpuClock.OfThisProcess();
        round();
        return new Measurement(CpuClock.OfThisProcess() - start, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    /// <summary>The middle value, or the mean of the two middle ones.</summary>
    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
