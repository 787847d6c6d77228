namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// How hard a run against a real object store is. The suite runs <see cref="Smoke"/>; <c>LAKEHOUSE_CHAOS=full</c> asks for <see cref="Full"/>.
/// </summary>
/// <param name="Kills">Kills of the worker at random moments; one more falls while the store is down.</param>
/// <param name="PhaseDuration">How long each phase takes: healthy, slow and throttled, with resets, healthy again.</param>
/// <param name="Outage">How long the store itself is down, between the phases.</param>
/// <param name="RecordsPerSecond">How much is produced.</param>
/// <param name="NoteBytes">The size of each record: large ones make files that are uploaded and copied in parts.</param>
/// <param name="Interval">The checkpoint interval.</param>
/// <param name="EveryStep">Whether kills go on until every step of the protocol was hit.</param>
internal sealed record S3ChaosPlan(
    int Kills, TimeSpan PhaseDuration, TimeSpan Outage, int RecordsPerSecond, int NoteBytes, string Interval, bool EveryStep)
{
    public static readonly S3ChaosPlan Smoke = new(2, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4), 600, 6_000, "2s", EveryStep: false)
    {
        OlderInstants = 2,
    };

    public static readonly S3ChaosPlan Full = new(10, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2), 600, 4_000, "10s", EveryStep: true);

    /// <summary>How many older instants the table is looked at at the end, besides the newest.</summary>
    public int OlderInstants { get; init; } = 5;

    public static S3ChaosPlan FromEnvironment() => Environment.GetEnvironmentVariable("LAKEHOUSE_CHAOS") == "full" ? Full : Smoke;
}
