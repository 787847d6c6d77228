namespace Lakehouse.Hudi;

/// <summary>What one replay made of the dead letters of one source partition.</summary>
/// <param name="Key">The source partition.</param>
/// <param name="Written">Dead letters that are rows of the table now.</param>
/// <param name="Filtered">Dead letters that a filter dropped.</param>
/// <param name="Routed">Dead letters that are rows of routes' tables now.</param>
public sealed record ReplayedCount(LedgerKey Key, long Written, long Filtered, long Routed)
{
    /// <summary>Dead letters that left their table.</summary>
    public long Total => Written + Filtered + Routed;
}
