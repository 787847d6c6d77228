using System.Diagnostics;
using Lakehouse.Testing;
using Xunit;

namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// One run: a worker whose table lies in a real object store, killed at random moments and at requests of each step, while the store is
/// slow, throttled, resets connections and is down for a while. A worker that ends by itself is started again, as systemd does; it may only
/// end so because the store is out of reach.
/// </summary>
internal sealed class S3ChaosRun(
    S3ChaosPlan plan, Random random, S3Service store, ToxiproxyService proxy, RequestTap tap, string pipeline, Action<string> say)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly HashSet<ProtocolStep> _hit = [];
    private LakehouseProcess _worker = StartWorker(store, tap, pipeline);

    /// <summary>Kills that fell.</summary>
    public int Kills { get; private set; }

    /// <summary>How often the worker ended by itself.</summary>
    public int OwnEnds { get; private set; }

    /// <summary>Plays to the end of the plan.</summary>
    public async Task PlayAsync()
    {
        try
        {
            Say("the store is healthy");
            await PhaseAsync(plan.Kills / 3);
            Say("the store is slow and throttled");
            await proxy.SlowAsync(100, 50);
            await proxy.ThrottleAsync(4_000);
            await PhaseAsync((plan.Kills + 1) / 3);
            await proxy.HealAsync();
            await OutageAsync();
            Say("connections are reset");
            await proxy.ResetAsync(0.3, 300);
            await PhaseAsync(plan.Kills - (plan.Kills / 3) - ((plan.Kills + 1) / 3));
            await proxy.HealAsync();
            Say("the store is healthy");
            await (plan.EveryStep ? HitEveryStepAsync() : HitAsync(Pick()));
            await PhaseAsync(0);
            await EndAsync();
        }
        finally
        {
            _worker.Dispose();
        }
    }

    /// <summary>The store itself goes away. Whoever runs must live through it; whoever starts meanwhile says why it cannot.</summary>
    private async Task OutageAsync()
    {
        await WaitUntilRunningAsync();
        store.KillGateway();
        Say("the store is down");
        int before = OwnEnds;
        await WatchAsync(plan.Outage / 2);
        Assert.True(before == OwnEnds, "A running worker did not live through the first half of the outage.");
        Kill("while the store is down");
        await WatchAsync(plan.Outage / 2);
        await store.BootGatewayAsync();
        Say("the store is back");
    }

    private async Task PhaseAsync(int kills)
    {
        for (int i = 0; i < kills; i++)
        {
            await WatchAsync(plan.PhaseDuration / kills * (0.5 + (random.NextDouble() / 2)));
            Kill("at random");
        }

        if (kills == 0)
        {
            await WatchAsync(plan.PhaseDuration);
        }
    }

    private async Task HitEveryStepAsync()
    {
        foreach (ProtocolStep step in Enum.GetValues<ProtocolStep>().Where(static s => s != ProtocolStep.Reading))
        {
            await HitAsync(step);
        }

        Assert.Equal(Enum.GetValues<ProtocolStep>().Length - 1, _hit.Count);
    }

    /// <summary>Kills the worker as a request of the step goes by, before or after the store got it.</summary>
    private async Task HitAsync(ProtocolStep step)
    {
        bool before = random.Next(2) == 0;
        int begun = 0;
        using var killed = new ManualResetEventSlim();
        void Look(string method, string path)
        {
            int table = path.IndexOf("/table/", StringComparison.Ordinal);
            if (method is "PUT" or "POST" && table >= 0 && StepWatcher.Begins(path[(table + "/table/".Length)..]) == step
                && Interlocked.Exchange(ref begun, 1) == 0)
            {
                _worker.Kill();
                killed.Set();
            }
        }

        Action<string, string> look = Look;
        (tap.Before, tap.After) = (before ? look : null, before ? null : look);
        for (var patience = Stopwatch.StartNew(); !killed.IsSet && patience.Elapsed < TimeSpan.FromMinutes(2);)
        {
            await Task.Delay(50);
            RestartIfEnded(mayEnd: Volatile.Read(ref begun) == 1);
        }

        (tap.Before, tap.After) = (null, null);
        Assert.True(killed.IsSet, $"No request of the step {step} was seen.");
        _hit.Add(step);
        Kill($"at a request of {step}, {(before ? "not passed on" : "passed on")}");
    }

    private ProtocolStep Pick()
    {
        ProtocolStep[] steps = [.. Enum.GetValues<ProtocolStep>().Where(static s => s != ProtocolStep.Reading)];
        return steps[random.Next(steps.Length)];
    }

    private async Task WatchAsync(TimeSpan duration)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration;)
        {
            await Task.Delay(Math.Min(500, (int)duration.TotalMilliseconds));
            RestartIfEnded(mayEnd: false);
        }
    }

    private void RestartIfEnded(bool mayEnd)
    {
        if (mayEnd || !_worker.HasExited)
        {
            return;
        }

        OwnEnds++;
        string why = _worker.Said;
        Say($"the worker ended by itself and is started again: {why.Split('\n').FirstOrDefault(static l => l.Contains("s3://", StringComparison.Ordinal))}");
        Assert.True(why.Contains("exit code 4", StringComparison.Ordinal), $"The worker ended for another reason than the store's: {why}");
        _worker.Dispose();
        _worker = StartWorker(store, tap, pipeline);
    }

    private void Kill(string how)
    {
        _worker.Kill();
        Kills++;
        Say($"worker killed {how}");
        _worker.Dispose();
        _worker = StartWorker(store, tap, pipeline);
    }

    private async Task WaitUntilRunningAsync()
    {
        for (var patience = Stopwatch.StartNew(); !_worker.Said.Contains("running with", StringComparison.Ordinal);)
        {
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(2), $"The worker does not start: {_worker.Said}");
            await Task.Delay(100);
            RestartIfEnded(mayEnd: false);
        }
    }

    private async Task EndAsync()
    {
        await WaitUntilRunningAsync();
        _worker.Terminate();
        (int exitCode, _, _) = await _worker.EndAsync(TimeSpan.FromSeconds(40));
        Assert.True(exitCode == 0, $"SIGTERM did not end the worker well: {_worker.Said}");
    }

    private void Say(string what) => say($"{_clock.Elapsed.TotalSeconds,6:F1} s  {what}");

    private static LakehouseProcess StartWorker(S3Service store, RequestTap tap, string pipeline) =>
        LakehouseProcess.Start(Path.GetDirectoryName(pipeline)!, store.EnvironmentAt(tap.Endpoint), "run", pipeline);
}
