using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Kafka;

namespace Lakehouse.Ingest;

/// <summary>
/// Where reading begins, decided from facts alone:
/// <list type="number">
/// <item>A partition that the ledger knows goes on at the ledger's end, if the log is still the same and holds that offset.</item>
/// <item>If not, that is a loss: it is named, and reading begins at what the partition holds first.</item>
/// <item>A partition that the ledger does not know, of a topic that it knows, appeared later: it is read from its beginning.</item>
/// <item>A topic that the ledger does not know begins where the pipeline's <c>start</c> says.</item>
/// </list>
/// </summary>
internal static class StartDecision
{
    internal static SplitStarts Decide(StartFacts facts)
    {
        var starts = ImmutableSortedDictionary.CreateBuilder<TopicPartition, SplitStart>();
        var losses = ImmutableArray.CreateBuilder<string>();
        ILookup<string, KeyValuePair<LedgerKey, LedgerEntry>> known = facts.Ledger.Entries
            .Where(e => e.Key.Pipeline == facts.Pipeline).ToLookup(e => e.Key.Topic, StringComparer.Ordinal);
        foreach (IGrouping<string, TopicPartition> topic in facts.Cluster.Partitions.GroupBy(p => p.Topic, StringComparer.Ordinal))
        {
            Dictionary<int, LedgerEntry> entries = known[topic.Key].Where(e => e.Key.Cluster == facts.Cluster.ClusterId)
                .ToDictionary(e => e.Key.Partition, e => e.Value);
            bool isOnOtherCluster = entries.Count == 0 && known[topic.Key].Any();
            if (isOnOtherCluster)
            {
                losses.Add($"topic {topic.Key} was read from cluster {known[topic.Key].First().Key.Cluster}, "
                    + $"and this is cluster {facts.Cluster.ClusterId}");
            }

            foreach (TopicPartition partition in topic)
            {
                starts[partition] = entries.TryGetValue(partition.Partition, out LedgerEntry? entry)
                    ? Continue(partition, entry, facts, losses)
                    : new SplitStart(
                        isOnOtherCluster || entries.Count > 0 ? facts.Watermarks[partition].Low : facts.Resolved[partition], null, false);
            }

            foreach (int gone in entries.Keys.Except(topic.Select(p => p.Partition)).Order())
            {
                losses.Add(FormattableString.Invariant($"partition {topic.Key}-{gone}, of which the table holds offsets, is gone"));
            }
        }

        return new SplitStarts(starts.ToImmutable(), losses.ToImmutable());
    }

    private static SplitStart Continue(
        TopicPartition partition, LedgerEntry entry, StartFacts facts, ImmutableArray<string>.Builder losses)
    {
        (long low, long high) = (facts.Watermarks[partition].Low, facts.Watermarks[partition].High);
        string? loss = null;
        if (entry.TopicId is { } was && facts.Cluster.TopicIds.GetValueOrDefault(partition.Topic) is { } now && was != now)
        {
            loss = $"{partition} belongs to a recreated topic (its id was {was} and is {now}); "
                + $"the table ends at offset {entry.EndOffset} of the old one";
        }
        else if (entry.EndOffset < low)
        {
            loss = $"{partition} has lost {low - entry.EndOffset} offsets: the table ends at {entry.EndOffset}, the log begins at {low}";
        }
        else if (entry.EndOffset > high)
        {
            loss = $"{partition} ends at {high} before the table's end {entry.EndOffset}: the topic was recreated or its tail was lost";
        }

        if (loss is null)
        {
            return new SplitStart(entry.EndOffset, null, true);
        }

        losses.Add(loss);
        return new SplitStart(low, entry.EndOffset, true);
    }
}

/// <summary>What is known before reading begins.</summary>
/// <param name="Pipeline">The pipeline's name.</param>
/// <param name="Cluster">What the brokers say.</param>
/// <param name="Ledger">What the table says.</param>
/// <param name="Watermarks">What each partition holds.</param>
/// <param name="Resolved">What <c>start</c> means for each partition.</param>
internal sealed record StartFacts(
    string Pipeline,
    ClusterDescription Cluster,
    Ledger Ledger,
    IReadOnlyDictionary<TopicPartition, Watermarks> Watermarks,
    IReadOnlyDictionary<TopicPartition, long> Resolved);

/// <summary>Where each partition begins, and what is lost by that.</summary>
internal sealed record SplitStarts(ImmutableSortedDictionary<TopicPartition, SplitStart> Splits, ImmutableArray<string> Losses);

/// <summary>Where one partition begins.</summary>
/// <param name="Position">The offset to read first.</param>
/// <param name="JumpedFrom">The ledger's end when it is not continued there.</param>
/// <param name="IsInLedger">Whether the ledger knows the partition.</param>
internal sealed record SplitStart(long Position, long? JumpedFrom, bool IsInLedger);
