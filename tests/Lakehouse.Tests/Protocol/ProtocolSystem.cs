using Lakehouse.Columns;
using Lakehouse.Hudi;
using Lakehouse.Storage;
using Lakehouse.Testing;
using Lakehouse.Tests.Hudi;

namespace Lakehouse.Tests.Protocol;

/// <summary>
/// A table, the table of its dead letters, and the log that both come from, in a simulated world: what outlives every process. How big
/// things are and how soon they are given up, pruned and forgotten is drawn from the seed.
/// </summary>
internal sealed class ProtocolSystem
{
    internal const string Letters = "letters";

    private static readonly TableConfig _config = new()
    {
        Name = "trips",
        Schema = new Schema([new Field("dt", TypeKind.String), new Field("value", TypeKind.Long)]),
        PartitionFields = ["dt"],
    };

    private readonly MemoryObjectStore _table;
    private readonly MemoryObjectStore _letters;

    internal ProtocolSystem(SimulatedWorld world, DroppedRule dropped, bool isDense)
    {
        (World, Dropped, ServicePause) = (world, dropped, isDense ? 1_000 : 2_500);
        (_table, _letters) = (new MemoryObjectStore("table", world.Time), new MemoryObjectStore(Letters, world.Time));
        Random random = world.Random;
        PartitionCount = random.Next(1, 4);
        RecordCount = random.Next(6, 30);
        HasLetters = random.Next(2) == 0;
        ServicesLeft = isDense ? random.Next(6, 16) : random.Next(0, 10);
        Options = new CommitterOptions
        {
            ClaimDeadline = TimeSpan.FromSeconds(random.Next(1, 6)),
            PollInterval = TimeSpan.FromMilliseconds(500),
            Courtesy = TimeSpan.FromSeconds(random.Next(1, 6)),
            ActiveInstantsKept = isDense ? random.Next(1, 4) : random.Next(1, 6),
            NumberRetention = TimeSpan.FromSeconds(isDense ? 0 : random.Next(3) * 10),
        };
        Oracle = new TableOracle(_table) { IsDead = IsDead, Draw = random };
        Table = new ObservedStore(_table, Observe);
        Create(_table, _config);
        Create(_letters, _config with { Name = Letters });
    }

    internal SimulatedWorld World { get; }

    internal DroppedRule Dropped { get; }

    internal CommitterOptions Options { get; }

    internal int PartitionCount { get; }

    /// <summary>Records in every partition of the log.</summary>
    internal int RecordCount { get; }

    internal bool HasLetters { get; }

    /// <summary>Milliseconds that pass between two services at most.</summary>
    internal int ServicePause { get; }

    /// <summary>Services that are still to be run.</summary>
    internal int ServicesLeft { get; set; }

    internal TableOracle Oracle { get; }

    internal ProtocolTally Tally { get; } = new();

    /// <summary>The table's store as it is, for those to whom nothing happens.</summary>
    internal IObjectStore Table { get; }

    internal IObjectStore LettersStore => _letters;

    /// <summary>What the workers' newest checkpoints hold, durable beside the table as a worker's own are.</summary>
    internal Dictionary<int, Committable> Checkpoints { get; } = [];

    /// <summary>Lives whose claim somebody has aborted.</summary>
    internal HashSet<string> Aborted { get; } = new(StringComparer.Ordinal);

    internal static LedgerKey Key(int partition) => new("trips", "cluster-1", "trips", partition);

    /// <summary>Every fifth record or so is bad.</summary>
    internal bool IsDead(int partition, long offset) => HasLetters && (offset + partition) % 5 == 2;

    private static void Create(MemoryObjectStore store, TableConfig config) =>
        store.PutAsync(TableProperties.Path, TableProperties.Write(config, default), CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>The oracle sees everything at the moment at which it happens.</summary>
    private void Observe(ObjectPath path)
    {
        try
        {
            if (Oracle.Changed(path) is { } outcome)
            {
                World.Record($"  {Text(outcome)}");
                Count(outcome);
            }

            if (HasLetters && path == SequenceFolder.ClaimPath((Oracle.Newest?.Number ?? 0) + 1))
            {
                // Whoever puts a claim has seen the number before it through, in the other table too.
                DeadLetters.CheckAsync(this, _letters, World.Time, new Random(0), Oracle.Newest?.State.Ledger ?? Ledger.Empty)
                    .GetAwaiter().GetResult();
            }
        }
        catch (Exception wrong)
        {
            World.Failure ??= new ProtocolOracleException(World.Seed, path, wrong);
        }
    }

    private static string Text(Outcome outcome) => FormattableString.Invariant(
        $"{outcome.Number} {(outcome.IsCommitted ? "committed" : "aborted")} {outcome.Action} {outcome.Instant}, ends ")
        + $"{string.Join(",", outcome.State.Ledger.Entries.Select(static e => $"{e.Key.Partition}:{e.Value.EndOffset}"))}, "
        + $"floor {outcome.Floor} {outcome.FloorInstant}, whole from {outcome.Upkeep.RetainedFrom}, "
        + $"savepoints {string.Join(",", outcome.Upkeep.Savepoints.Select(static s => s.Instant))}, {outcome.Service}";

    private void Count(Outcome outcome)
    {
        if (!outcome.IsCommitted)
        {
            Tally.Aborts++;
            Aborted.Add(outcome.Attempt);
            return;
        }

        Tally.Prunings += outcome.Floor == outcome.Number || outcome.Floor > _floor ? 1 : 0;
        _floor = Math.Max(_floor, outcome.Floor);
        switch (outcome.Service)
        {
            case ServiceWork.Clean:
                Tally.Cleans++;
                break;
            case ServiceWork.Restore:
                Tally.Restores++;
                break;
            case ServiceWork.CreateSavepoint:
                Tally.Savepoints++;
                break;
            case ServiceWork.DeleteSavepoint:
                Tally.Releases++;
                break;
            default:
                Tally.Merges += outcome.Merged.IsEmpty ? 0 : 1;
                Tally.Erasures += outcome.Action == TimelineFile.ReplaceCommit && outcome.Merged.IsEmpty ? 1 : 0;
                Tally.Commits += outcome.Action == TimelineFile.Commit ? 1 : 0;
                break;
        }
    }

    private long _floor = 1;
}

/// <summary>A reader would see, or might have seen, what is not there.</summary>
internal sealed class ProtocolOracleException(int seed, object where, Exception? wrong, string message = "") : Exception(
    FormattableString.Invariant($"Seed {seed}, at '{where}': {wrong?.Message}{message}"), wrong);
