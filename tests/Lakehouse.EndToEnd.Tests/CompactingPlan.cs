namespace Lakehouse.EndToEnd.Tests;

/// <summary>
/// How hard a run of ingest, compaction and clean together is. The suite runs <see cref="Smoke"/>; <c>LAKEHOUSE_COMPACTION=full</c> asks for
/// <see cref="Full"/>.
/// </summary>
/// <param name="Duration">How long it goes on.</param>
/// <param name="KillsMin">How many processes must have been killed for the run to mean anything.</param>
/// <param name="MergesMin">How many merges there must have been.</param>
/// <param name="ReadingsMin">How often each reader must have read the table.</param>
/// <param name="CommitsKept">What cleans keep: a reading must not take longer than so many commits do.</param>
internal sealed record CompactingPlan(TimeSpan Duration, int KillsMin, int MergesMin, int ReadingsMin, int CommitsKept)
{
    public static readonly CompactingPlan Smoke = new(TimeSpan.FromSeconds(9), 1, 1, 1, 60);

    public static readonly CompactingPlan Full = new(TimeSpan.FromMinutes(30), 200, 60, 10, 200);

    public const int RecordsPerSecond = 400;

    public static CompactingPlan FromEnvironment() => Environment.GetEnvironmentVariable("LAKEHOUSE_COMPACTION") == "full" ? Full : Smoke;
}
