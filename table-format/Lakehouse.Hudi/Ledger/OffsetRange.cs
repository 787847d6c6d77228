namespace Lakehouse.Hudi;

/// <summary>
/// What one commit took from one source partition. Read = Written + Filtered + Deduplicated + DeadLettered + Routed; Read may be
/// less than End - Start, because transaction markers and log compaction leave holes.
/// </summary>
/// <param name="Key">The source partition.</param>
/// <param name="Start">First offset.</param>
/// <param name="End">The offset after the last.</param>
/// <param name="LeaderEpoch">The leader epoch of the last record, or -1 when unknown.</param>
/// <param name="TopicId">The topic's id, or null when the client could not tell.</param>
/// <param name="Read">Records read.</param>
/// <param name="Written">Records that are rows of this table in this commit.</param>
/// <param name="Filtered">Records that a filter dropped.</param>
/// <param name="Deduplicated">Records dropped as doubles.</param>
/// <param name="DeadLettered">Records that went to the dead letters.</param>
/// <param name="MinEventTimeMicros">Earliest event time, or null.</param>
/// <param name="MaxEventTimeMicros">Latest event time, or null.</param>
public sealed record OffsetRange(
    LedgerKey Key,
    long Start,
    long End,
    int LeaderEpoch,
    string? TopicId,
    long Read,
    long Written,
    long Filtered,
    long Deduplicated,
    long DeadLettered,
    long? MinEventTimeMicros,
    long? MaxEventTimeMicros)
{
    /// <summary>
    /// The ledger's end that this range continues although it does not start there: records in between are lost, or the topic is another
    /// one, and the pipeline chose to go on (<c>on_data_loss</c>). Null: it starts where the ledger ends.
    /// </summary>
    public long? JumpedFrom { get; init; }

    /// <summary>Records that are rows of the tables of routes in this commit.</summary>
    public long Routed { get; init; }
}
