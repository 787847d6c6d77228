using System.Diagnostics;
using Lakehouse.Testing;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// One run: every few seconds something happens to one of the workers, whatever happens to the others at that time. A process that ends by
/// itself must have said why in one sentence, with an exit code for it.
/// </summary>
internal sealed class WorkersRun(
    WorkersPlan plan, Random random, IReadOnlyList<WorkerPlace> places, bool hasStore, ServedTable services, Action<string> say)
{
    /// <summary>Kafka or the store is away for too long; another process runs under the id.</summary>
    private static readonly int[] _ownEnds = [4, 6];

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly PriorityQueue<Func<Task>, TimeSpan> _later = new();

    public Dictionary<WorkerFault, int> Faults { get; } = Enum.GetValues<WorkerFault>().ToDictionary(static f => f, static _ => 0);

    /// <summary>What processes said that were pushed aside and joined again by themselves.</summary>
    public List<string> Rejoined { get; } = [];

    /// <summary>What processes said that ended by themselves.</summary>
    public List<string> Ended { get; } = [];

    /// <summary>Plays to the end of the plan; all workers have ended then.</summary>
    public async Task PlayAsync()
    {
        foreach (WorkerPlace place in places)
        {
            place.Start();
        }

        while (_clock.Elapsed < plan.Duration)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(500, 6_000)));
            while (_later.TryPeek(out Func<Task>? due, out TimeSpan at) && at <= _clock.Elapsed)
            {
                _later.Dequeue();
                await due();
            }

            Look();
            if (random.Next(4) == 0)
            {
                services.Begin();
            }

            await HappenAsync();
        }

        while (_later.TryDequeue(out Func<Task>? left, out _))
        {
            await left();
        }

        foreach (WorkerPlace place in places)
        {
            await place.HealAsync();
        }

        Look();
        await StopAllAsync();
    }

    private async Task HappenAsync()
    {
        WorkerPlace place = places[random.Next(places.Count)];
        WorkerFault[] all = [.. Enum.GetValues<WorkerFault>().Where(f => hasStore || f < WorkerFault.CutOffFromStore)];
        WorkerFault fault = all[random.Next(all.Length)];
        TimeSpan length = WorkersPlan.Lengths[random.Next(WorkersPlan.Lengths.Length)];
        LakehouseProcess? process = place.Processes.Count == 0 ? null : place.Processes[random.Next(place.Processes.Count)];
        if (process is null || place.IsPaused(process) || (fault == WorkerFault.StartedTwice && place.Processes.Count > 1))
        {
            return;
        }

        Faults[fault]++;
        string how = "";
        switch (fault)
        {
            case WorkerFault.Killed:
                Hear(place, process);
                place.Kill(process);
                StartAgain(place, length, ref how);
                break;
            case WorkerFault.Stopped:
                process.Terminate();
                StartAgain(place, length, ref how);
                break;
            case WorkerFault.Paused:
                place.Pause(process);
                how = $" for {length.TotalSeconds} s";
                Later(length, () =>
                {
                    Say($"{place.Id} goes on");
                    place.Continue(process);
                    return Task.CompletedTask;
                });
                break;
            case WorkerFault.StartedTwice:
                place.Start();
                break;
            default:
                await place.CutAsync(fault, isCut: true);
                how = $" for {length.TotalSeconds} s";
                Later(length, async () =>
                {
                    Say($"{place.Id} is connected again");
                    await place.CutAsync(fault, isCut: false);
                });
                break;
        }

        Say($"{place.Id} {fault}{how}");
    }

    /// <summary>At once, as a supervisor does, or so late that the group gives its partitions to others.</summary>
    private void StartAgain(WorkerPlace place, TimeSpan length, ref string how)
    {
        if (random.Next(2) == 0)
        {
            place.Start();
            how = " and started again";
            return;
        }

        how = $" and away for {length.TotalSeconds} s";
        Later(length, () =>
        {
            if (place.Processes.Count == 0)
            {
                Say($"{place.Id} is started");
                place.Start();
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>Takes note of processes that have ended; an id without any, and without a start to come, gets a new one.</summary>
    private void Look()
    {
        foreach (WorkerPlace place in places)
        {
            foreach (LakehouseProcess process in place.Processes.Where(static p => p.HasExited).ToArray())
            {
                Hear(place, process);
                Judge(place, process);
                place.Kill(process);
            }

            if (place.Processes.Count == 0 && _later.Count == 0)
            {
                place.Start();
            }
        }
    }

    private async Task StopAllAsync()
    {
        foreach (LakehouseProcess process in places.SelectMany(static p => p.Processes))
        {
            process.Terminate();
        }

        foreach (WorkerPlace place in places)
        {
            foreach (LakehouseProcess process in place.Processes.ToArray())
            {
                await process.EndAsync(TimeSpan.FromSeconds(40));
                Hear(place, process);
                Judge(place, process);
                place.Kill(process);
            }
        }
    }

    /// <summary>0 and the signal's own codes come from a stop; 1 only with the sentence of a stop that could not commit.</summary>
    private void Judge(WorkerPlace place, LakehouseProcess process)
    {
        int code = process.ExitCode;
        string last = process.Said.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
        if (process.Said.Contains("   at Lakehouse.", StringComparison.Ordinal)
            || (code is not (0 or 128 + 15) && !_ownEnds.Contains(code) && !(code == 1 && process.Said.Contains("Stopping:", StringComparison.Ordinal))))
        {
            throw new InvalidOperationException($"{place.Id} ended with {code} as it must not: {process.Said}");
        }

        if (code is not (0 or 128 + 15))
        {
            Ended.Add($"{code}: {last}");
            Say($"{place.Id} ended with {code}: {last}");
        }
    }

    private void Hear(WorkerPlace place, LakehouseProcess process) => Rejoined.AddRange(process.Said.Split('\n')
        .Where(static line => line.Contains(": restart ", StringComparison.Ordinal)).Select(line => $"{place.Id} {line}"));

    private void Later(TimeSpan after, Func<Task> act) => _later.Enqueue(act, _clock.Elapsed + after);

    private void Say(string what) => say($"{_clock.Elapsed.TotalSeconds,6:F1} s  {what}");
}
