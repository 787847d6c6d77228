using System.Diagnostics;
using Lakehouse.Parquet;

namespace Lakehouse.Fuzz;

/// <summary>Runs a target again and again and judges each execution. One thread; a second one only watches for executions that never end.</summary>
public static class FuzzRunner
{
    private static readonly TimeSpan HangAfter = TimeSpan.FromSeconds(30);

    /// <summary>What an execution may allocate besides what its input justifies.</summary>
    private const long AllocationFree = 32 << 20;

    private const long AllocationPerByte = 64 << 10;

    /// <summary>Runs executions until their number or the time is over, or one of them shows a defect.</summary>
    /// <param name="target">What is fed.</param>
    /// <param name="seed">Where the random numbers come from.</param>
    /// <param name="from">The first execution; executions are the same whichever was first.</param>
    /// <param name="executions">How many.</param>
    /// <param name="time">How long at most.</param>
    public static FuzzVerdict Run(FuzzTarget target, ulong seed, long from, long executions, TimeSpan time)
    {
        ArgumentNullException.ThrowIfNull(target);
        long started = Stopwatch.GetTimestamp();
        long refused = 0;
        long execution = from;
        using var watch = new HangWatch(target.Name, seed, HangAfter);
        for (; execution < from + executions && Stopwatch.GetElapsedTime(started) < time; execution++)
        {
            var random = new FuzzRandom(seed, (ulong)execution);
            byte[] input = Mutator.Mutate(target.Samples, ref random);
            watch.Begin(execution);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                target.Run(input);
            }
            catch (ParquetFormatException)
            {
                refused++;
            }
#pragma warning disable CA1031 // That is what is looked for.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                return new FuzzVerdict(target.Name, execution - from + 1, refused, execution, failure.ToString());
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > AllocationFree + (AllocationPerByte * input.Length))
            {
                return new FuzzVerdict(
                    target.Name, execution - from + 1, refused, execution, $"{allocated} bytes allocated for an input of {input.Length}");
            }
        }

        return new FuzzVerdict(target.Name, execution - from, refused, null, null);
    }
}

/// <summary>How a run ended.</summary>
/// <param name="Target">The target.</param>
/// <param name="Executions">How many executions there were.</param>
/// <param name="Refused">How many inputs were refused, which is right.</param>
/// <param name="FailedExecution">The execution that showed a defect, or null.</param>
/// <param name="Failure">What it was.</param>
public sealed record FuzzVerdict(string Target, long Executions, long Refused, long? FailedExecution, string? Failure);
