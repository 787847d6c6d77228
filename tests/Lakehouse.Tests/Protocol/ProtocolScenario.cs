using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Hudi;
using Xunit;

namespace Lakehouse.Tests.Protocol;

/// <summary>
/// One seed of the commit protocol: one to four workers, one or two processes that run services, up to two that merge small files and one
/// that reads, each in several lives,
/// while calls fail, take long or lose their answer and processes die or sleep, for longer than every deadline and retention too.
/// In a dense seed little time passes between the things that may go wrong together.
/// </summary>
internal static class ProtocolScenario
{
    private const int AgainMax = 4;
    private const int TraceShown = 20000;
    private const int DenseShare = 4;
    private static readonly double[] _intensities = [0, 0.5, 1, 3];

    internal static (ProtocolTally Tally, ulong TraceHash) Run(int seed, DroppedRule? dropped = null)
    {
        var world = new SimulatedWorld(seed) { Trace = Seeds.One is null ? null : [] };
        Random random = world.Random;
        bool isDense = random.Next(DenseShare) == 0 || dropped is not null;
        var system = new ProtocolSystem(world, dropped ?? DroppedRule.None, isDense);
        int committerCount = random.Next(1, 5);
        int keeperCount = random.Next(1, 3);
        int compactorCount = random.Next(0, 3);
        double intensity = isDense ? _intensities[^1] : _intensities[random.Next(_intensities.Length)];
        var faults = new FaultPlan
        {
            Kill = 0.002 * intensity,
            Pause = 0.004 * intensity,
            PauseMax = TimeSpan.FromSeconds(120),
            Fail = 0.002 * intensity,
            Unknown = 0.03 * intensity,
            Slow = 0.3,
        };
        var lives = new Lives(
            world,
            (process, role) => Start(system, process, role, committerCount, keeperCount, compactorCount),
            static () => { },
            MayGiveUp,
            committerCount + keeperCount + compactorCount + 1)
        {
            FaultyMax = 6,
        };
        try
        {
            lives.Run(faults);
            system.Tally.Lives += lives.Count;
            Finish(system);
        }
        catch (Exception failure) when (world.Trace is not null)
        {
            string trace = string.Join("\n", world.Trace.Where(static t => !t.Contains('#', StringComparison.Ordinal)).TakeLast(TraceShown));
            throw new SimulationException(trace, failure);
        }

        return (system.Tally, world.TraceHash);
    }

    private static Task Start(
        ProtocolSystem system, SimulatedProcess process, int role, int committerCount, int keeperCount, int compactorCount)
    {
        var self = new TableProcess(system, process);
        if (role < committerCount)
        {
            // Kafka assigns, and assigns anew; who sleeps or is late may hold what others hold too.
            int shift = system.World.Random.Next(3);
            int[] partitions = [.. Enumerable.Range(0, system.PartitionCount).Where(p => (p + shift) % committerCount == role)];
            return RunAsync("worker", new CommitterLife(self, role, partitions).RunAsync);
        }

        role -= committerCount;
        return role < keeperCount ? RunAsync("keeper", new KeeperLife(self).RunAsync)
            : role < keeperCount + compactorCount ? RunAsync("compactor", new CompactorLife(self, runs: 4).RunAsync)
            : RunAsync("reader", new ReaderLife(self, readings: 4).RunAsync);

        Task RunAsync(string name, Func<Task> loop) => process.Scheduler.RunAsync(name, async () =>
        {
            await loop();
            self.IsOver = true;
        });
    }

    /// <summary>One worker reads what is left, a day passes, a clean runs: nothing may be left but the table.</summary>
    private static void Finish(ProtocolSystem system)
    {
        for (int again = 0; again < AgainMax && !IsComplete(system); again++)
        {
            RunAlone(system, FormattableString.Invariant($"last{again}"), self =>
                new CommitterLife(self, 0, [.. Enumerable.Range(0, system.PartitionCount)]).RunAsync());
        }

        RunAlone(system, "tidier", self => TidyAsync(system, self));
        RunAlone(system, "judge", self => ProtocolEnd.CheckAsync(system, self));
    }

    /// <summary>By what is decided: a restore whose owner died is not visible yet.</summary>
    private static bool IsComplete(ProtocolSystem system) => Enumerable.Range(0, system.PartitionCount).All(p =>
        system.Oracle.Newest?.State.Ledger.Entries.GetValueOrDefault(ProtocolSystem.Key(p))?.EndOffset == system.RecordCount);

    private static async Task TidyAsync(ProtocolSystem system, TableProcess self)
    {
        await Task.Delay(TimeSpan.FromDays(2), system.World.Time, CancellationToken.None);
        var options = self.Options with { NumberRetention = TimeSpan.Zero, Followers = [ProtocolSystem.Letters] };
        await new TableCommitter(await self.OpenAsync(), "tidier", self.Attempt, options, self.Time, self.Random)
            .RecoverAsync(CancellationToken.None);
        foreach (IObjectStore store in (IObjectStore[])[self.Store, self.LettersStore])
        {
            HudiTable table = (await HudiTable.OpenAsync(store, self.Time, self.Random, CancellationToken.None))!; // It was there before.
            await new TableUpkeep(table, options, self.Time, self.Random).CleanAsync(new CleanPolicy.KeepCommits(6), CancellationToken.None);
        }
    }

    private static void RunAlone(ProtocolSystem system, string name, Func<TableProcess, Task> work)
    {
        var process = new SimulatedProcess(system.World, name, FaultPlan.None);
        var self = new TableProcess(system, process);
        Task run = process.Scheduler.RunAsync("main", () => work(self));
        system.World.RunUntil(() => run.IsCompleted);
        if (run.IsFaulted)
        {
            throw run.Exception.InnerException is ProtocolOracleException wrong
                ? wrong
                : new SimulationException($"Seed {system.World.Seed}: {name} failed.", run.Exception.InnerException);
        }
    }

    /// <summary>What fails and passes: whoever operates the process starts it again.</summary>
    private static bool MayGiveUp(Exception failure) =>
        failure is ProtocolOracleException ? throw failure : failure is ObjectStoreException;
}
