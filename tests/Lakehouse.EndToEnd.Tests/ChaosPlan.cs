namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// How hard a chaos run is. The suite runs <see cref="Smoke"/>; <c>LAKEHOUSE_CHAOS=full</c> asks for <see cref="Full"/>.
/// </summary>
/// <param name="Duration">How long records are produced, and longer if some step of the protocol was not hit yet.</param>
/// <param name="WorkerKills">Kills of the worker at random moments.</param>
/// <param name="BrokerKills">Kills of the broker, each followed by a boot.</param>
/// <param name="CommitsMin">Commits that the table must have at the end.</param>
/// <param name="EveryStep">Whether kills go on until every step of the protocol was hit at least once.</param>
internal sealed record ChaosPlan(TimeSpan Duration, int WorkerKills, int BrokerKills, int CommitsMin, bool EveryStep)
{
    public static readonly ChaosPlan Smoke = new(TimeSpan.FromSeconds(40), 4, 1, 5, EveryStep: false);

    public static readonly ChaosPlan Full = new(TimeSpan.FromMinutes(16), 25, 5, 100, EveryStep: true);

    public const int RecordsPerSecond = 2_000;

    public static ChaosPlan FromEnvironment() => Environment.GetEnvironmentVariable("LAKEHOUSE_CHAOS") == "full" ? Full : Smoke;
}
