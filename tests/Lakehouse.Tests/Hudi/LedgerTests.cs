using System.Collections.Immutable;
using Lakehouse.Hudi;
using Lakehouse.Parquet;
using Lakehouse.Storage;
using Xunit;
using static Lakehouse.Tests.Hudi.TestStop;

namespace Lakehouse.Tests.Hudi;

public class LedgerTests
{
    private static readonly LedgerKey s_key = new("p", "c", "t", 3);

    [Fact]
    public void Only_work_that_starts_where_the_ledger_ends_continues_it()
    {
        Ledger ledger = Ledger.Empty.Advance([Range(5, 9)], "cp/1");
        Assert.Null(ledger.WhyNotContinuedBy([Range(9, 12)], 0));
        Assert.Contains("ends at 9", ledger.WhyNotContinuedBy([Range(8, 12)], 0), StringComparison.Ordinal);
        Assert.Contains("ends at 9", ledger.WhyNotContinuedBy([Range(10, 12)], 0), StringComparison.Ordinal);
        Assert.Contains("epoch", ledger.WhyNotContinuedBy([Range(9, 12)], 1), StringComparison.Ordinal);
        Assert.Contains("another", ledger.WhyNotContinuedBy([Range(9, 12) with { TopicId = "another" }], 0), StringComparison.Ordinal);
        Assert.Null(ledger.WhyNotContinuedBy([Range(9, 12) with { TopicId = null }], 0));
        Assert.Null(ledger.WhyNotContinuedBy([Range(0, 2) with { Key = s_key with { Partition = 4 } }], 0));
    }

    [Fact]
    public void A_committable_comes_back_from_its_json()
    {
        var file = new StagedFile(
            "dt=1", "id-0", "0-0-0", new ObjectPath(".hoodie/.temp/x/f"), 7, 99, [new PatchPoint("c", PatchKind.PageCrc, 12, 5)], -1, null);
        var committable = new Committable(
            [file],
            [Range(0, 7) with { MinEventTimeMicros = 1, JumpedFrom = 4 }],
            new CheckpointReference("p", "w", 8, "p/w/a/8"),
            2,
            [new FollowerTable("elsewhere", [file])]);
        byte[] json = committable.ToJson();
        Committable back = Committable.FromJson(json);
        Assert.Equal(json, back.ToJson());
        Assert.Equal(committable.Ranges[0], back.Ranges[0]);
        Assert.Equal(file with { PatchPoints = default }, back.Files[0] with { PatchPoints = default });
        Assert.Equal(file.PatchPoints[0], back.Files[0].PatchPoints[0]);
        Assert.Throws<InvalidDataException>(() => Committable.FromJson("{}"u8.ToArray()));
    }

    [Fact]
    public async Task A_copy_of_a_table_without_its_sequence_still_knows_its_ledger()
    {
        var world = new ProtocolWorld();
        await world.CreateAsync();
        await world.CommitAsync("worker-1", "a", 1, 0, 5);
        List<ObjectPath> sequence = [];
        await foreach (ObjectStat stat in world.Shared.ListAsync(SequenceFolder.Folder, true, after: null, Stop))
        {
            sequence.Add(stat.Path);
        }

        Assert.Equal(2, sequence.Count);
        foreach (ObjectPath path in sequence)
        {
            await world.Shared.DeleteAsync(path, Stop);
        }

        Assert.IsType<CommitResult.Conflicted>(await world.CommitAsync("worker-2", "a", 1, 0, 3));
        Assert.IsType<CommitResult.Committed>(await world.CommitAsync("worker-2", "a", 2, 5, 8));
        Assert.Equal(8, await world.Oracle.CheckAsync());
    }

    [Fact]
    public async Task Every_commit_carries_schema_checkpoint_ledger_and_the_streamers_key()
    {
        var world = new ProtocolWorld();
        HudiTable table = await world.CreateAsync();
        await world.CommitAsync("worker-1", "a", 1, 0, 5);
        CommitMetadata commit = (await table.SnapshotAsync(null, Stop)).Timeline[^1].Metadata;
        Assert.Equal("INSERT", commit.OperationType);
        Assert.Equal(table.AvroSchema, commit.ExtraMetadata["schema"]);
        Assert.Equal("trips,0:5", commit.ExtraMetadata["deltastreamer.checkpoint.key"]);
        Assert.Equal(new CheckpointReference("trips", "worker-1", 1, "trips/worker-1/a/1"), commit.Checkpoint);
        Assert.Equal(5, commit.Ranges[0].Written);
        Assert.Equal(5, commit.Ledger!.Entries[ProtocolWorld.Key].EndOffset);
    }

    [Theory]
    [InlineData(1, 10, 5, 6)]
    [InlineData(1, 6, 5, 1)]
    [InlineData(1, 7, 5, 3)]
    [InlineData(290, 300, 300, 290)]
    [InlineData(1, 400, 300, 101)]
    public void The_floor_rises_only_when_enough_instants_lie_above_it(long floor, long number, int kept, long expected) =>
        Assert.Equal(expected, CommitDecision.Floor(floor, number, kept));

    private static OffsetRange Range(long start, long end) =>
        new(s_key, start, end, 1, "topic", end - start, end - start, 0, 0, 0, null, null);
}
