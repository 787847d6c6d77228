using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;

namespace Lakehouse.Tests.Protocol;

/// <summary>One process as it stands to the tables: its stores, behind which calls are slow, fail, or never end, and its clock.</summary>
internal sealed class TableProcess
{
    private static readonly TimeSpan[] _skews = [TimeSpan.Zero, TimeSpan.FromSeconds(-7), TimeSpan.FromSeconds(7), TimeSpan.FromHours(1)];
    private readonly SimulatedProcess _process;
    private (long Prunings, long Cleans, long Restores, bool Aborted) _before;

    internal TableProcess(ProtocolSystem system, SimulatedProcess process)
    {
        (System, _process) = (system, process);
        Random = system.World.Random;
        Time = new SkewedTime(system.World.Time, _skews[Random.Next(_skews.Length)]);
        Attempt = FormattableString.Invariant($"{Time.GetUtcNow():yyyyMMdd'T'HHmmss}-{Random.NextInt64():x16}");
        Store = Of(system.Table);
        LettersStore = Of(system.LettersStore);
        process.Paused += () => _before = Facts;
        process.Woken += CountZombie;
    }

    internal ProtocolSystem System { get; }

    internal Random Random { get; }

    internal TimeProvider Time { get; }

    /// <summary>This life's own name, in the form that workers have.</summary>
    internal string Attempt { get; }

    internal IObjectStore Store { get; }

    internal IObjectStore LettersStore { get; }

    internal CommitterOptions Options => System.Options with
    {
        OpenFollower = async (_, stop) => await OpenAsync(LettersStore),
    };

    /// <summary>Set when its work is over: what happens to it does not count any more.</summary>
    internal bool IsOver { get; set; }

    internal Task<HudiTable> OpenAsync() => OpenAsync(Store);

    internal Task WaitAsync(int millisecondsMax) =>
        Task.Delay(TimeSpan.FromMilliseconds(Random.Next(millisecondsMax)), System.World.Time, CancellationToken.None);

    private (long Prunings, long Cleans, long Restores, bool Aborted) Facts =>
        (System.Tally.Prunings, System.Tally.Cleans, System.Tally.Restores, System.Aborted.Contains(Attempt));

    private async Task<HudiTable> OpenAsync(IObjectStore store) =>
        await HudiTable.OpenAsync(store, Time, Random, CancellationToken.None)
        ?? throw new InvalidOperationException($"There is no table in {store.Root}.");

    private IObjectStore Of(IObjectStore durable) =>
        System.Dropped.Wrap(new RetryingObjectStore(new CrashingObjectStore(durable, _process), System.World.Time, Random));

    private void CountZombie()
    {
        if (!IsOver)
        {
            (long prunings, long cleans, long restores, bool aborted) = Facts;
            System.Tally.WokenAfterAbort += aborted && !_before.Aborted ? 1 : 0;
            System.Tally.WokenAfterPruning += prunings > _before.Prunings ? 1 : 0;
            System.Tally.WokenAfterClean += cleans > _before.Cleans ? 1 : 0;
            System.Tally.WokenAfterRestore += restores > _before.Restores ? 1 : 0;
        }
    }
}
