namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// How hard a chaos run is. The suite runs the smokes; <c>LAKEHOUSE_CHAOS=full</c> asks for the full ones.
/// </summary>
/// <param name="Duration">How long records are produced; longer, up to three times, while commits or steps of the protocol are missing.</param>
/// <param name="WorkerKills">Kills of the worker at random moments.</param>
/// <param name="BrokerKills">Kills of the broker, each followed by a boot.</param>
/// <param name="CommitsMin">Commits that the table must have at the end.</param>
/// <param name="EveryStep">Whether kills go on until every step of every table's commit was hit at least once.</param>
internal sealed record ChaosPlan(TimeSpan Duration, int WorkerKills, int BrokerKills, int CommitsMin, bool EveryStep)
{
    /// <summary>Records that are produced.</summary>
    public const int RecordsPerSecond = 2_000;

    /// <summary>One table, shortly.</summary>
    public static readonly ChaosPlan Smoke = new(TimeSpan.FromSeconds(40), 4, 1, 5, EveryStep: false) { OlderInstants = 2 };

    /// <summary>One table.</summary>
    public static readonly ChaosPlan Full = new(TimeSpan.FromMinutes(16), 25, 5, 100, EveryStep: true) { RandomShare = 0.8 };

    /// <summary>Three tables, shortly.</summary>
    public static readonly ChaosPlan TablesSmoke = new(TimeSpan.FromSeconds(12), 1, 0, 3, EveryStep: false) { Aims = 3, OlderInstants = 0 };

    /// <summary>Three tables.</summary>
    public static readonly ChaosPlan TablesFull = new(TimeSpan.FromMinutes(8), 10, 2, 50, EveryStep: true) { RandomShare = 0.3 };

    /// <summary>The share of the time in which kills are random; the rest is for steps that were not hit yet.</summary>
    public double RandomShare { get; init; } = 1;

    /// <summary>How often a step that was not hit yet is aimed at, where not every one must be hit.</summary>
    public int Aims { get; init; }

    /// <summary>How many older instants the tables are looked at at the end, besides the newest.</summary>
    public int OlderInstants { get; init; } = 5;

    /// <summary>Whether the environment asks for the full runs.</summary>
    public static bool IsFull => Environment.GetEnvironmentVariable("LAKEHOUSE_CHAOS") == "full";
}
