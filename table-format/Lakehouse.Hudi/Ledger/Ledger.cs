using System.Collections.Immutable;

namespace Lakehouse.Hudi;

/// <summary>Up to where one topic partition is in the table.</summary>
/// <param name="EndOffset">The next offset that is not in the table.</param>
/// <param name="LeaderEpoch">The leader epoch of the last record read, or -1 when unknown.</param>
/// <param name="TopicId">The topic's id, or null when the client could not tell.</param>
/// <param name="CheckpointPath">The checkpoint that moved it here, in the checkpoint storage.</param>
public sealed record LedgerEntry(long EndOffset, int LeaderEpoch, string? TopicId, string CheckpointPath);

/// <summary>
/// What the table holds of its sources: the one truth about progress. Every commit carries it whole, so the newest commit alone
/// says where to go on.
/// </summary>
/// <param name="HistoryEpoch">Raised by a restore: work begun in an older history does not fit any more.</param>
/// <param name="Entries">Per source partition, how far the table is.</param>
public sealed record Ledger(long HistoryEpoch, ImmutableSortedDictionary<LedgerKey, LedgerEntry> Entries)
{
    /// <summary>The ledger of a table that holds nothing.</summary>
    public static Ledger Empty { get; } = new(0, ImmutableSortedDictionary<LedgerKey, LedgerEntry>.Empty);

    /// <summary>
    /// Why work that read <paramref name="ranges"/> does not continue this ledger exactly, or null when it does. Continuity is the
    /// fence: of two workers that read the same offsets only the first fits.
    /// </summary>
    public string? WhyNotContinuedBy(ImmutableArray<OffsetRange> ranges, long historyEpoch)
    {
        if (historyEpoch != HistoryEpoch)
        {
            return $"the table is in history epoch {HistoryEpoch}, the work was done in {historyEpoch}";
        }

        foreach (OffsetRange range in ranges)
        {
            if (!Entries.TryGetValue(range.Key, out LedgerEntry? entry))
            {
                continue;
            }

            long continued = range.JumpedFrom ?? range.Start;
            if (continued != entry.EndOffset)
            {
                return $"{range.Key} was read from offset {continued}, but the table ends at {entry.EndOffset}";
            }

            if (range.JumpedFrom is null && entry.TopicId is not null && range.TopicId is not null && entry.TopicId != range.TopicId)
            {
                return $"{range.Key} was read from the topic with id {range.TopicId}, "
                    + $"but the table holds the topic with id {entry.TopicId}";
            }
        }

        return null;
    }

    /// <summary>This ledger after a commit of <paramref name="ranges"/> from a checkpoint. The ranges must continue it.</summary>
    public Ledger Advance(ImmutableArray<OffsetRange> ranges, string checkpointPath)
    {
        Invariant.Holds(WhyNotContinuedBy(ranges, HistoryEpoch) is null, "A ledger advances only by ranges that continue it.");
        ImmutableSortedDictionary<LedgerKey, LedgerEntry>.Builder entries = Entries.ToBuilder();
        foreach (OffsetRange range in ranges)
        {
            Invariant.Holds(range.End >= range.Start, "An offset range does not run backwards.");
            string? topicId = range.TopicId ?? entries.GetValueOrDefault(range.Key)?.TopicId;
            entries[range.Key] = new LedgerEntry(range.End, range.LeaderEpoch, topicId, checkpointPath);
        }

        return this with { Entries = entries.ToImmutable() };
    }
}
