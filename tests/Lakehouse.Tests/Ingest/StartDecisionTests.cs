using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class StartDecisionTests
{
    private static readonly TopicPartition P0 = new("trips", 0);
    private static readonly TopicPartition P1 = new("trips", 1);

    [Fact]
    public void Unknown_topic_begins_where_start_says()
    {
        SplitStarts starts = Decide(Ledger.Empty, "id", (P0, 10, 90, 42));

        Assert.Equal(new SplitStart(42, null, false), starts.Splits[P0]);
        Assert.Empty(starts.Losses);
    }

    [Fact]
    public void Known_partition_goes_on_at_the_ledgers_end_and_a_new_one_at_its_beginning()
    {
        SplitStarts starts = Decide(Known(P0, 50, "id"), "id", (P0, 10, 90, 0), (P1, 3, 7, 7));

        Assert.Equal(new SplitStart(50, null, true), starts.Splits[P0]);
        Assert.Equal(new SplitStart(3, null, false), starts.Splits[P1]);
        Assert.Empty(starts.Losses);
    }

    [Theory]
    [InlineData(50, 50, 90)]
    [InlineData(50, 10, 50)]
    public void Ledgers_end_at_the_edge_of_the_log_is_no_loss(long end, long low, long high) =>
        Assert.Empty(Decide(Known(P0, end, "id"), "id", (P0, low, high, 0)).Losses);

    [Theory]
    [InlineData(50, 51, 90, "id", "lost 1 offsets")]
    [InlineData(50, 0, 49, "id", "before the table's end 50")]
    [InlineData(50, 0, 90, "other", "recreated topic")]
    public void Log_that_does_not_continue_the_table_is_a_loss(long end, long low, long high, string topicId, string says)
    {
        SplitStarts starts = Decide(Known(P0, end, "id"), topicId, (P0, low, high, 0));

        Assert.Contains(says, Assert.Single(starts.Losses), StringComparison.Ordinal);
        Assert.Equal(new SplitStart(low, end, true), starts.Splits[P0]);
    }

    [Fact]
    public void Topic_ids_that_nobody_told_are_not_compared() =>
        Assert.Empty(Decide(Known(P0, 50, null), "id", (P0, 0, 90, 0)).Losses);

    [Fact]
    public void Other_cluster_is_a_loss_and_is_read_from_its_beginning()
    {
        Ledger ledger = Known(P0, 50, "id", cluster: "old");

        SplitStarts starts = Decide(ledger, "id", (P0, 5, 90, 90));

        Assert.Contains("cluster old", Assert.Single(starts.Losses), StringComparison.Ordinal);
        Assert.Equal(new SplitStart(5, null, false), starts.Splits[P0]);
    }

    [Fact]
    public void Vanished_partition_is_a_loss() =>
        Assert.Contains("trips-1", Assert.Single(Decide(Known(P1, 50, "id"), "id", (P0, 0, 90, 0)).Losses), StringComparison.Ordinal);

    [Fact]
    public void Positions_of_other_pipelines_do_not_count()
    {
        Ledger ledger = Known(P0, 50, "id", pipeline: "another");

        Assert.Equal(new SplitStart(42, null, false), Decide(ledger, "id", (P0, 10, 90, 42)).Splits[P0]);
    }

    private static Ledger Known(TopicPartition partition, long end, string? topicId, string cluster = "c", string pipeline = "p") => new(
        0, ImmutableSortedDictionary<LedgerKey, LedgerEntry>.Empty.Add(
            new LedgerKey(pipeline, cluster, partition.Topic, partition.Partition), new LedgerEntry(end, 0, topicId, "")));

    private static SplitStarts Decide(
        Ledger ledger, string topicId, params (TopicPartition Partition, long Low, long High, long Resolved)[] partitions) =>
        StartDecision.Decide(new StartFacts(
            "p",
            new ClusterDescription("c", [.. partitions.Select(p => p.Partition)], new Dictionary<string, string> { ["trips"] = topicId }),
            ledger,
            partitions.ToDictionary(p => p.Partition, p => new Watermarks(p.Low, p.High)),
            partitions.ToDictionary(p => p.Partition, p => p.Resolved)));
}
