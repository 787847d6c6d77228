using System.Diagnostics;
using Lakehouse.Testing;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// One run: a worker that is killed and started again, at random moments first and then, where a step of the protocol was not hit yet, at
/// the moment that step begins; a broker killed and booted in between. Says where each kill fell.
/// </summary>
internal sealed class ChaosRun(ChaosPlan plan, Random random, KafkaService kafka, string pipeline, TablesOnDisk tables, Action<string> say)
{
    private const int AimsMax = 400;
    private readonly List<TableStep> _kills = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private int _brokerKills;
    private DateTime _startedUtc;

    /// <summary>Plays to the end of the plan and returns the step of every kill of the worker.</summary>
    public async Task<List<TableStep>> PlayAsync()
    {
        TimeSpan pause = plan.Duration / (plan.WorkerKills + 1) * plan.RandomShare;
        LakehouseProcess worker = StartWorker();
        try
        {
            for (int i = 0; i < plan.WorkerKills; i++)
            {
                Thread.Sleep(pause * (0.5 + random.NextDouble()) * 0.9);
                KillBrokerWhenDue(i);
                worker = KillAndStart(worker, "at random");
            }

            HitMissingSteps(ref worker);
            while (_clock.Elapsed < plan.Duration || (tables.CommitCountMin < plan.CommitsMin && _clock.Elapsed < 3 * plan.Duration))
            {
                Thread.Sleep(1_000);
                RequireRunning(worker);
            }

            WaitUntilRunning(worker); // A signal that falls before the program has begun ends it as the system does.
            worker.Terminate();
            (int exitCode, _, _) = await worker.EndAsync(TimeSpan.FromSeconds(30));
            return exitCode == 0 ? _kills : throw new InvalidOperationException($"SIGTERM did not end the worker well: {worker.Said}");
        }
        finally
        {
            worker.Dispose();
        }
    }

    private void HitMissingSteps(ref LakehouseProcess worker)
    {
        for (int attempt = 0; attempt < (plan.EveryStep ? AimsMax : plan.Aims); attempt++)
        {
            TableStep[] missing = [.. tables.Steps.Except(_kills)];
            if (missing.Length == 0)
            {
                return;
            }

            LakehouseProcess running = worker;
            TableStep aim = missing[random.Next(missing.Length)];
            if (Aim(aim, running))
            {
                worker = KillAndStart(worker, $"aimed at {aim}");
            }

            RequireRunning(worker);
        }
    }

    /// <summary>No file begins the reading: it is hit by a kill at any moment between two commits.</summary>
    private bool Aim(TableStep aim, LakehouseProcess running)
    {
        if (aim.Step == ProtocolStep.Reading)
        {
            WaitUntilRunning(running);
            Thread.Sleep(random.Next(2_000));
            return true;
        }

        // A short step may be over before the kill falls: so sometimes the one before it is waited for, and then a moment.
        bool isEarly = aim.Step > ProtocolStep.Claimed && random.Next(2) == 0;
        return StepWatcher.OnStep(tables.FolderOf(aim), isEarly ? aim.Step - 1 : aim.Step, TimeSpan.FromSeconds(30), () =>
        {
            Thread.Sleep(isEarly ? random.Next(20) : 0);
            running.Kill();
        });
    }

    private void KillBrokerWhenDue(int kill)
    {
        if (_brokerKills >= plan.BrokerKills || kill * plan.BrokerKills / plan.WorkerKills < _brokerKills)
        {
            return;
        }

        _brokerKills++;
        kafka.Kill(1);
        say($"{_clock.Elapsed.TotalSeconds,6:F1} s  broker killed ({_brokerKills})");
        Thread.Sleep(random.Next(500, 4_000));
        kafka.Boot(1);
        say($"{_clock.Elapsed.TotalSeconds,6:F1} s  broker is back");
    }

    private LakehouseProcess KillAndStart(LakehouseProcess worker, string how)
    {
        bool alive = !worker.HasExited;
        worker.Kill();
        if (!alive && how == "at random")
        {
            throw new InvalidOperationException($"The worker had ended by itself: {worker.Said}");
        }

        TableStep step = tables.LastStep(_startedUtc);
        _kills.Add(step);
        say($"{_clock.Elapsed.TotalSeconds,6:F1} s  worker killed {how}: {step}");
        worker.Dispose();
        return StartWorker();
    }

    private LakehouseProcess StartWorker()
    {
        _startedUtc = DateTime.UtcNow;
        return LakehouseProcess.Start(Path.GetDirectoryName(pipeline)!, "run", pipeline);
    }

    private static void WaitUntilRunning(LakehouseProcess worker)
    {
        var patience = Stopwatch.StartNew();
        while (!worker.Said.Contains("running with", StringComparison.Ordinal) && patience.Elapsed < TimeSpan.FromMinutes(1))
        {
            RequireRunning(worker);
            Thread.Sleep(100);
        }
    }

    private static void RequireRunning(LakehouseProcess worker)
    {
        if (worker.HasExited)
        {
            throw new InvalidOperationException($"The worker ended by itself: {worker.Said}");
        }
    }
}
