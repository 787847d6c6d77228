using System.Diagnostics;
using Lakehouse.Testing;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// One run: a worker that compacts too, a compactor of its own, single compactions and cleans, all on one table. Every few moments one of them
/// is killed where it stands; the first two are started again at once.
/// </summary>
internal sealed class CompactingRun(CompactingPlan plan, Random random, string pipeline, string table, Action<string> say) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<LakehouseProcess> _single = [];
    private LakehouseProcess? _worker;
    private LakehouseProcess? _compactor;

    /// <summary>How often what was killed.</summary>
    public Dictionary<string, int> Kills { get; } = new() { ["worker"] = 0, ["compactor"] = 0, ["both"] = 0, ["single compaction"] = 0 };

    /// <summary>Single compactions that were begun.</summary>
    public int SingleCount { get; private set; }

    /// <summary>Cleans that were run.</summary>
    public int CleanCount { get; private set; }

    /// <summary>
    /// Plays as long as the plan says. On a machine that has much else to do it goes on until something was killed, and then leaves the
    /// processes alone until enough was merged and read, for a while.
    /// </summary>
    public async Task PlayAsync(Func<bool> isEnough, CancellationToken stop)
    {
        (_worker, _compactor) = (StartWorker(), StartCompactor());
        while (_clock.Elapsed < plan.Duration || (Kills.Values.Sum() < plan.KillsMin && _clock.Elapsed < 3 * plan.Duration))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1_500, 6_000)), stop);
            Look();
            await HappenAsync();
        }

        for (var patience = Stopwatch.StartNew(); !isEnough() && patience.Elapsed < Patience;)
        {
            await Task.Delay(200, stop);
            Look();
        }

        foreach (LakehouseProcess process in (LakehouseProcess[])[_worker, _compactor])
        {
            for (var patience = Stopwatch.StartNew(); patience.Elapsed < TimeSpan.FromSeconds(5) && process.Said.Length == 0;)
            {
                await Task.Delay(100, stop); // A signal that falls before the program has begun ends it as the system does.
            }

            process.Terminate();
            (int exitCode, _, _) = await process.EndAsync(TimeSpan.FromSeconds(40));
            if (exitCode != 0)
            {
                throw new InvalidOperationException($"SIGTERM did not end it well: {process.Said}");
            }
        }

        foreach (LakehouseProcess single in _single)
        {
            await single.EndAsync(TimeSpan.FromMinutes(1));
        }

        Look();
    }

    public void Dispose()
    {
        foreach (LakehouseProcess process in _single.Append(_worker).Append(_compactor).OfType<LakehouseProcess>())
        {
            process.Dispose();
        }
    }

    private async Task HappenAsync()
    {
        switch (random.Next(8))
        {
            case 0 or 1:
                Kill("worker");
                KillWorker();
                break;
            case 2 or 3:
                Kill("compactor");
                KillCompactor();
                break;
            case 4:
                Kill("both");
                KillWorker();
                KillCompactor();
                break;
            case 5 when _single.Find(static p => !p.HasExited) is { } running:
                Kill("single compaction");
                _single.Remove(running);
                running.Kill();
                running.Dispose();
                break;
            case 5 or 6:
                SingleCount++;
                _single.Add(LakehouseProcess.Start(
                    Path.GetDirectoryName(pipeline)!, "compact", table, "--target-mib", "1", "--min-inputs", "2", "--concurrency", "2"));
                break;
            default:
                CleanCount++;
                (int exitCode, string said, string error) = await LakehouseProcess.RunAsync(
                    TimeSpan.FromMinutes(2), Path.GetDirectoryName(pipeline)!, "clean", table, "--keep-commits", $"{plan.CommitsKept}");
                if (exitCode != 0 && exitCode != 5) // There may be no table yet.
                {
                    throw new InvalidOperationException($"A clean failed: {said}{error}");
                }

                break;
        }
    }

    private void Kill(string what)
    {
        Kills[what]++;
        say($"{_clock.Elapsed.TotalSeconds,6:F1} s  {what} killed");
    }

    private void KillWorker()
    {
        _worker!.Kill(); // Started before anything happens, as is the compactor.
        _worker.Dispose();
        _worker = StartWorker();
    }

    private void KillCompactor()
    {
        _compactor!.Kill();
        _compactor.Dispose();
        _compactor = StartCompactor();
    }

    private LakehouseProcess StartWorker() => LakehouseProcess.Start(Path.GetDirectoryName(pipeline)!, "run", pipeline);

    /// <summary>Waits for the table, which the worker creates.</summary>
    private LakehouseProcess StartCompactor()
    {
        for (var patience = Stopwatch.StartNew(); !File.Exists(Path.Combine(table, ".hoodie", "hoodie.properties")); Thread.Sleep(50))
        {
            if (patience.Elapsed > TimeSpan.FromMinutes(1))
            {
                throw new InvalidOperationException($"The worker created no table: {_worker!.Said}");
            }
        }

        return LakehouseProcess.Start(Path.GetDirectoryName(pipeline)!, "compact", pipeline, "--scheduled");
    }

    /// <summary>Nobody ends by himself but single compactions, and these well.</summary>
    private void Look()
    {
        foreach (LakehouseProcess process in (LakehouseProcess[])[_worker!, _compactor!])
        {
            if (process is { HasExited: true, ExitCode: not 0 })
            {
                throw new InvalidOperationException($"A process ended by itself: {process.Said}");
            }

            if (process.Said.Contains("failed and is tried again", StringComparison.Ordinal))
            {
                say($"compaction failed once: {process.Said.Split('\n').First(static l => l.Contains("failed and", StringComparison.Ordinal))}");
            }
        }

        foreach (LakehouseProcess single in _single.Where(static p => p.HasExited).ToArray())
        {
            if (single.ExitCode != 0)
            {
                throw new InvalidOperationException($"A compaction failed: {single.Said}");
            }

            _single.Remove(single);
            single.Dispose();
        }
    }
}
