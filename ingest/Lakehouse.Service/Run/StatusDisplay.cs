namespace Lakehouse.Service;

/// <summary>Says how pipelines are doing while they run: one line that is rewritten on a terminal, now and then a line in a pipe.</summary>
internal sealed class StatusDisplay(IReadOnlyList<RunningPipeline> pipelines, Terminal terminal, TimeProvider time)
{
    private static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(3);

    /// <summary>Shows the status until <paramref name="running"/> has ended.</summary>
    internal async Task ShowUntilAsync(Task running)
    {
        TimeSpan interval = terminal.IsInteractive ? LiveInterval : LogInterval;
        long[] lastRead = new long[pipelines.Count];
        long last = time.GetTimestamp();
        long looked = last;
        while (await Task.WhenAny(running, Task.Delay(interval, time)) != running)
        {
            if (!terminal.IsInteractive || time.GetElapsedTime(looked) >= LookInterval)
            {
                await Task.WhenAll(pipelines.Select(p => p.LookAsync()));
                looked = time.GetTimestamp();
            }

            double seconds = time.GetElapsedTime(last).TotalSeconds;
            last = time.GetTimestamp();
            IEnumerable<string> lines = pipelines.Select((p, i) =>
            {
                long read = p.Progress.RecordsRead;
                double rate = (read - lastRead[i]) / Math.Max(seconds, 0.001);
                lastRead[i] = read;
                return p.Line(rate);
            });
            terminal.Status(string.Join(" | ", lines));
        }

        terminal.EndStatus();
    }
}
