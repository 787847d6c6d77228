using Lakehouse.Engine;
using Lakehouse.Hudi;
using Lakehouse.Ingest;
using Lakehouse.Kafka;
using Lakehouse.Storage;
using Lakehouse.Tests.Hudi;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Lakehouse.Tests.Ingest;

public sealed class StagingTidyTests
{
    private const string Mine = "20260101T000000-00000000000000aa";
    private const string Older = "20251231T235959-00000000000000ff";
    private const string Newer = "20260101T000001-0000000000000000";

    [Theory]
    [InlineData("trips-worker-0-" + Older + "-9", true)]
    [InlineData("trips-worker-0-" + Mine + "-4", true)]
    [InlineData("trips-worker-0-" + Mine + "-5", true)]
    [InlineData("trips-worker-0-" + Mine + "-6", false)]
    [InlineData("trips-worker-0-" + Newer + "-1", false)]
    [InlineData("trips-worker-1-" + Older + "-1", false)]
    [InlineData("trips-worker-0-b-" + Older + "-1", false)]
    [InlineData("12-00000000000000aa", false)]
    public void Only_what_earlier_lives_of_this_worker_staged_is_stale(string folder, bool isStale) =>
        Assert.Equal(isStale, StagingTidy.IsStale(folder, "trips", "worker-0", Mine, 5));

    [Theory]
    [InlineData(Older, 9, true)]
    [InlineData(Mine, 5, true)]
    [InlineData(Mine, 6, false)]
    [InlineData(Newer, 1, false)]
    public void What_a_newer_life_may_delete_is_never_recovered(string attempt, long checkpoint, bool isVoid) => Assert.Equal(
        isVoid,
        StagingTidy.IsVoid(
            new CheckpointReference("trips", "worker-0", checkpoint, $"trips/worker-0/{attempt}/{checkpoint}"),
            new CheckpointReference("trips", "worker-0", 5, $"trips/worker-0/{Mine}/5")));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_life_whose_checkpoint_another_has_committed_deletes_nothing_that_was_staged_since(bool wasAsleep)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var world = new ProtocolWorld();
        await world.CreateAsync();
        HudiCommitter mine = await CommitterAsync(Mine);
        var range = new OffsetRange(ProtocolWorld.Key, 0, 5, 1, null, 0, 0, 0, 0, 0, null, null);
        var nothing = new SinkPart([], [], new SplitCounts(), new SplitCounts(), new SplitCounts());
        var id = new CheckpointId(1);
        var checkpoint = new CompletedCheckpoint(
            id,
            CheckpointStore.PathOf("trips", "worker-0", Mine, id),
            [new SubtaskSnapshot(CheckpointParts.Source([range], 0, "trips", id), [], CheckpointParts.Sink(nothing, id))]);
        if (wasAsleep)
        {
            Assert.Equal(CommitOutcome.Committed, await (await CommitterAsync(Newer)).CommitAsync(checkpoint, cancellation));
        }

        ObjectPath staged = HudiTable.StagingFolder("trips", "worker-0", Older, 2) / "staged.parquet";
        await world.Shared.PutAsync(staged, new byte[1], cancellation);
        Assert.Equal(CommitOutcome.Committed, await mine.CommitAsync(checkpoint, cancellation));
        Assert.Equal(wasAsleep, await world.Shared.StatAsync(staged, cancellation) is not null);

        async Task<HudiCommitter> CommitterAsync(string attempt)
        {
            (_, TableCommitter table) = await world.ProcessAsync("worker-0", attempt);
            var committer = new HudiCommitter("trips", "worker-0", attempt, [world.Shared], table, NullLogger.Instance);
            await committer.ReadCommittedAsync(cancellation);
            return committer;
        }
    }

    [Fact]
    public async Task Files_of_a_life_that_died_are_gone_after_the_next_commit()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        var bench = new PipelineBench();
        bench.Log.CreateTopic("trips", 1);
        bench.Produce(new TopicPartition("trips", 0), 10);
        var died = new ObjectPath($".hoodie/.temp/trips-worker-0-20200101T000000-00000000000000aa-3/left.parquet");
        var living = new ObjectPath($".hoodie/.temp/trips-worker-1-20200101T000000-00000000000000aa-3/kept.parquet");
        foreach (string location in new[] { "lake/trips", "lake/dead" })
        {
            await bench.Store(location).PutAsync(died, new byte[1], cancellation);
            await bench.Store(location).PutAsync(living, new byte[1], cancellation);
        }

        await bench.RunAsync(PipelineBench.Trips, cancellation);

        foreach (string location in new[] { "lake/trips", "lake/dead" })
        {
            Assert.Null(await bench.Store(location).StatAsync(died, cancellation));
            Assert.NotNull(await bench.Store(location).StatAsync(living, cancellation));
        }
    }
}
