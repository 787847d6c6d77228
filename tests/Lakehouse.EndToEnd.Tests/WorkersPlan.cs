namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// How hard a run of several workers is. The suite runs <see cref="Smoke"/>; <c>LAKEHOUSE_WORKERS=full</c> asks for <see cref="Full"/>, and
/// <c>LAKEHOUSE_WORKERS_STORE=s3</c> for a table in an object store, from which workers are cut off too.
/// </summary>
/// <param name="Duration">How long something happens.</param>
/// <param name="Workers">How many worker ids there are.</param>
/// <param name="FaultsMin">How many faults there must have been for the run to mean anything.</param>
internal sealed record WorkersPlan(TimeSpan Duration, int Workers, int FaultsMin)
{
    public static readonly WorkersPlan Smoke = new(TimeSpan.FromSeconds(32), 3, 4) { OlderInstants = 2 };

    public static readonly WorkersPlan Full = new(TimeSpan.FromMinutes(15), 4, 100);

    public const int RecordsPerSecond = 1_500;

    /// <summary>After this long without a sign of life the group gives a worker's partitions to others.</summary>
    public static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(6);

    /// <summary>After this long without a poll librdkafka itself gives them up.</summary>
    public static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(8);

    /// <summary>After this long another committer aborts an undecided claim.</summary>
    public static readonly TimeSpan ClaimDeadline = TimeSpan.FromSeconds(8);

    /// <summary>From a moment to longer than every deadline, several after each other.</summary>
    public static readonly TimeSpan[] Lengths =
        [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), SessionTimeout + TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(20)];

    /// <summary>How many older instants the table is looked at at the end, besides the newest.</summary>
    public int OlderInstants { get; init; } = 5;

    public static bool UsesStore => Environment.GetEnvironmentVariable("LAKEHOUSE_WORKERS_STORE") == "s3";

    public static WorkersPlan FromEnvironment() => Environment.GetEnvironmentVariable("LAKEHOUSE_WORKERS") == "full" ? Full : Smoke;
}

/// <summary>What happens to a worker.</summary>
internal enum WorkerFault
{
    /// <summary>SIGKILL; it is started again at once or after a while.</summary>
    Killed,

    /// <summary>SIGTERM; it is started again at once or after a while.</summary>
    Stopped,

    /// <summary>SIGSTOP, and SIGCONT after a while.</summary>
    Paused,

    /// <summary>A second process begins under the same id.</summary>
    StartedTwice,

    /// <summary>Its connections to Kafka break and new ones are refused, for a while.</summary>
    CutOffFromKafka,

    /// <summary>The same to the store.</summary>
    CutOffFromStore,

    /// <summary>The same to both.</summary>
    CutOffFromBoth,
}
